"""What Stripe's objects have in common: an id, a time, metadata, and being found by their id."""

import secrets
import time
from collections.abc import Callable

from examples.stripe_sandbox.answers import ApiError, Json, invalid
from examples.stripe_sandbox.forms import text

Publish = Callable[[str, Json, Json], None]  # the type of the event, its subject, and its cause
OUTSIDE: Json = {"id": None, "idempotency_key": None}  # the cause of what no API request has caused


def new_id(prefix: str) -> str:
    """Return an id that no other object has."""
    return f"{prefix}_{secrets.token_hex(12)}"


def now() -> int:
    """Return the time as Stripe writes it, in whole seconds since 1970."""
    return int(time.time())


def find(rows: dict[str, Json], object_id: str, kind: str, param: str = "id") -> Json:
    """Return the object with this id.

    :raises ApiError: 404 if there is none
    """
    if object_id not in rows:
        message = f"No such {kind}: '{object_id}'"
        raise ApiError(404, "invalid_request_error", message, code="resource_missing", param=param)
    return rows[object_id]


def read_metadata(params: Json) -> dict[str, str]:
    """Return the metadata within the limits of https://docs.stripe.com/metadata: 50 keys, values of 500.

    :raises ApiError: beyond them
    """
    given = params.get("metadata") or {}
    if not isinstance(given, dict) or len(given) > 50 or any(len(name) > 40 for name in given):
        raise invalid("Metadata is a hash of at most 50 keys of at most 40 characters", param="metadata")
    return {name: value for name in given if (value := text(given, name, longest=500))}
