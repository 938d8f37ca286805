"""Requests that may be sent again: what the first one made is found, and nothing is made twice.

A client names its attempt (the header Idempotency-Key) and repeats it as often as it likes. One row a name, claimed by
one INSERT that no second request can also make, stands for the object of the first. The answer is not kept, it is
rendered again from the object: what a client may not see any more does not come out of a table of old answers.
"""

import hashlib
import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.db import connection, transaction
from django.db.models import Model, QuerySet
from django.http import QueryDict
from django.utils import timezone
from rest_framework.request import Request

from titanobova.errors import DomainError
from titanobova.http import client_address
from titanobova.models import IdempotencyKey
from titanobova.prepared import insert_of, insert_together, mark_as_stored
from titanobova.throttling import network_of

KEPT_FOR = timedelta(hours=24)
UNDER_WAY_FOR = timedelta(minutes=1)  # then a request that never came back counts as lost, and may be sent again
SANE_KEY = re.compile(r"[\x21-\x7e]{1,255}")
CLAIM = """
INSERT INTO titanobova_idempotencykey (key, body_digest, status, object_id, expires_at) VALUES (%s, %s, %s, %s, %s)
ON CONFLICT (key) DO UPDATE SET body_digest = excluded.body_digest, status = excluded.status,
    object_id = excluded.object_id, expires_at = excluded.expires_at
WHERE titanobova_idempotencykey.expires_at <= %s
RETURNING key
"""


class BadIdempotencyKey(DomainError):
    """The header is empty, too long or not plain."""

    code, status = "bad_idempotency_key", 400
    message = "An Idempotency-Key is 1 to 255 printable ASCII characters without spaces."


class IdempotencyKeyReused(DomainError):
    """The name stands for another request: carrying out either would surprise the client."""

    code, status = "idempotency_key_reused", 422
    message = "This Idempotency-Key was used for a request with another body."


class RequestUnderWay(DomainError):
    """The first request of this name has not ended yet."""

    code, status = "request_under_way", 409
    message = "The first request with this Idempotency-Key is still under way."

    def __init__(self) -> None:
        super().__init__(retry_after=2)


@dataclass(frozen=True)
class Attempt:
    """A request under a name of the client's choosing; `key` is a digest, for a name may be anything."""

    key: str
    body_digest: str


def attempt_of(request: Request, route: str, *, beside: Collection[str] = ()) -> Attempt | None:
    """Return the attempt that the request names, or None without the header.

    Members of the body that tell of the sending itself, and so differ when it is repeated, are named in `beside`.

    The same name of another person, from another address or at another route is another attempt: nobody can learn of,
    or stand in the way of, somebody else's.

    :raises BadIdempotencyKey: for a header that is no name.
    """
    name = request.headers.get("Idempotency-Key")
    if name is None:
        return None
    if not SANE_KEY.fullmatch(name):
        raise BadIdempotencyKey
    user = request.user
    who = f"user {user.pk}" if user.is_authenticated else f"address {network_of(client_address(request))}"
    return Attempt(digest(route, who, name), digest(_without(_plain(request.data), beside)))


def attempt_of_form(route: str, user: Any, name: str, *content: Any) -> Attempt | None:
    """Return the attempt of a form of the admin, which carries a random name: a second click is the same attempt.

    Other content under the same name is another attempt, for a form that was refused is mended and sent again.
    """
    key = digest(route, str(user.pk), name, *content)
    return Attempt(key, key) if name else None


def digest(*parts: Any) -> str:
    """Return the SHA-256 of JSON values, in hexadecimal."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()


def claim(
    attempt: Attempt, object_id: UUID, *, status: int | None = None, lifetime: timedelta | None = None
) -> UUID | None:
    """Let `attempt` stand for `object_id`; return None, or the object that it stands for already.

    One INSERT decides, in the caller's transaction: a parallel request waits until that ends, and then finds the row or
    may go on. `status` is left out where the work goes on after the transaction; `settle` or `release` ends that.

    :raises IdempotencyKeyReused: when the first request had another body.
    :raises RequestUnderWay: when the first request has not ended.
    """
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, _claimed(attempt, object_id, status, lifetime))
        if cursor.fetchone():
            return None
    return _standing(attempt)


def insert_once(attempt: Attempt, *rows: Model, status: int, lifetime: timedelta | None = None) -> UUID | None:
    """Claim `attempt` for the first of these new rows and store all of them, or nothing if it was claimed before.

    Returns what `claim` returns. On PostgreSQL it is one statement and so one transaction in one message, where nobody
    has opened another; the rows of the first request are all there, or none, however the second one comes in between.

    :raises IdempotencyKeyReused: as `claim` does.
    """
    if connection.vendor == "postgresql":
        inserts = [insert_of(row, "SELECT {} FROM claimed") for row in rows]
        steps = [f"row{number} AS ({insert})" for number, (insert, _) in enumerate(inserts)]
        values = [value for _, values in inserts for value in values]
        with connection.cursor() as cursor:
            cursor.execute(
                f"WITH claimed AS ({CLAIM}), {', '.join(steps)} SELECT count(*) FROM claimed",  # noqa: S608 - ours alone
                [*_claimed(attempt, rows[0].pk, status, lifetime), *values],
            )
            is_first = cursor.fetchone()[0]
        if is_first:
            mark_as_stored(*rows)
        return None if is_first else _standing(attempt)
    with transaction.atomic():
        first = claim(attempt, rows[0].pk, status=status, lifetime=lifetime)
        if first is None:
            insert_together(*rows)
    return first


def _claimed(attempt: Attempt, object_id: UUID, status: int | None, lifetime: timedelta | None) -> list[Any]:
    """Return the values of CLAIM."""
    now = timezone.now()
    expires_at = now + (lifetime or (KEPT_FOR if status else UNDER_WAY_FOR))
    adapt = connection.ops.adapt_datetimefield_value
    identifier = IdempotencyKey._meta.get_field("object_id").get_db_prep_value(object_id, connection)
    return [attempt.key, attempt.body_digest, status, identifier, adapt(expires_at), adapt(now)]


def settle(attempt: Attempt, *, status: int, object_id: UUID | None = None) -> None:
    """Note that the work of a claimed attempt is done: from now on it answers with its object, for KEPT_FOR.

    `object_id` is given where it stands for another object than it was claimed for.
    """
    changes = {"object_id": object_id} if object_id else {}
    claimed = IdempotencyKey.objects.filter(pk=attempt.key)
    claimed.update(status=status, expires_at=timezone.now() + KEPT_FOR, **changes)


def release(attempt: Attempt) -> None:
    """Give a claimed attempt up that came to nothing (409, 429, 503): the same name may be used again at once."""
    IdempotencyKey.objects.filter(pk=attempt.key, status=None).delete()


def give_up(attempt: Attempt, *, object_id: UUID) -> None:
    """Let an attempt stand for an object no longer that is gone; where it stands for another one by now, it stays."""
    IdempotencyKey.objects.filter(pk=attempt.key, object_id=object_id).delete()


def expired_attempts() -> QuerySet[IdempotencyKey]:
    """Return the names that count no more; one that is claimed anew is none of them."""
    return IdempotencyKey.objects.filter(expires_at__lte=timezone.now())


def _standing(attempt: Attempt) -> UUID | None:
    earlier = IdempotencyKey.objects.get(pk=attempt.key)
    if earlier.body_digest != attempt.body_digest:
        raise IdempotencyKeyReused
    if earlier.status is None:
        raise RequestUnderWay
    return earlier.object_id


def _without(body: Any, members: Collection[str]) -> Any:
    pairs = body.items() if isinstance(body, dict) else body
    return sorted(pair for pair in pairs if pair[0] not in members) if members else body


def _plain(body: Any) -> Any:
    """Return a body in a form that is the same for the same members, however a multipart form draws its boundaries."""
    if isinstance(body, QueryDict):
        return sorted((name, [_plain(value) for value in values]) for name, values in body.lists())
    if isinstance(body, Mapping):
        return {str(name): _plain(value) for name, value in body.items()}
    return str(body.name) if hasattr(body, "read") else body
