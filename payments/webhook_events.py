"""Reading what claims to be an event of Stripe."""

import hashlib
import hmac
import re
import time
from dataclasses import dataclass, field
from typing import Any

from django.conf import settings
from rest_framework.exceptions import ParseError

from titanobova.errors import DomainError
from titanobova.http import parse_json

TOLERANCE = 300  # seconds between Stripe's clock and ours, in both directions
TIMESTAMP = re.compile(r"t=([0-9]{1,12})")
SIGNATURE = re.compile(r"v1=([0-9a-f]{64})")
NAME = re.compile(r"[A-Za-z0-9_.]{1,100}")
STRIPE_ID = re.compile(r"[A-Za-z0-9_]{1,255}")


class WebhookNotConfigured(DomainError):
    """There is no secret to check a signature with."""

    code, status = "webhook_not_configured", 503
    message = "Events cannot be checked here: STRIPE_WEBHOOK_SECRET is missing."


class BadSignature(DomainError):
    """The event is not from Stripe, or is no longer fresh."""

    code, status, message = "bad_signature", 400, "The signature is missing, wrong or too old."


class BadEvent(DomainError):
    """The body is signed, but it is no event."""

    code, status, message = "bad_event", 400, "The body is not an event of Stripe."


@dataclass(frozen=True)
class Event:
    """An event that Stripe signed: what happened (`type`), to what (`subject`), with real money or not.

    `account` is the connected account that it happened in (https://docs.stripe.com/connect/webhooks); empty for ours.
    `created` is when it happened, in Unix time; 0 where the event does not say.
    """

    id: str
    type: str
    livemode: bool
    account: str
    subject: dict[str, Any] = field(repr=False)
    payload: dict[str, Any] = field(repr=False)
    created: int = 0


def read_event(body: bytes, header: str) -> Event:
    """Return the event in `body`, once its `Stripe-Signature` header is verified.

    :raises WebhookNotConfigured: without STRIPE_WEBHOOK_SECRET.
    :raises BadSignature: when Stripe did not sign it, or not within TOLERANCE.
    :raises BadEvent: when what it signed is no event.
    """
    verify_signature(body, header)
    try:
        payload = parse_json(body)
    except ParseError as error:
        raise BadEvent(str(error.detail)) from None
    return event_of(payload)


def verify_signature(body: bytes, header: str) -> None:
    """Return if Stripe signed `body` within TOLERANCE (https://docs.stripe.com/webhooks#verify-manually).

    Whoever knows the address can post here, so nothing of the body is read before this. Without the secret nobody
    computes the HMAC over the raw bytes; a recorded delivery cannot be replayed later, for its time is signed with it,
    nor can one be made ahead (the library lets any future time pass); comparing takes the same time whatever is
    wrong. While a secret is being rotated, each of STRIPE_WEBHOOK_SECRET counts.

    :raises WebhookNotConfigured: without STRIPE_WEBHOOK_SECRET.
    :raises BadSignature: otherwise.
    """
    if not settings.STRIPE_WEBHOOK_SECRETS:
        raise WebhookNotConfigured
    parts = [part.strip() for part in header.split(",")]
    times = [found[1] for part in parts if (found := TIMESTAMP.fullmatch(part))]
    if len(times) != 1 or abs(time.time() - int(times[0])) > TOLERANCE:
        raise BadSignature
    signed = f"{times[0]}.".encode() + body
    expected = [hmac.new(key.encode(), signed, hashlib.sha256).hexdigest() for key in settings.STRIPE_WEBHOOK_SECRETS]
    given = [found[1] for part in parts if (found := SIGNATURE.fullmatch(part))]
    if not any(hmac.compare_digest(ours, theirs) for ours in expected for theirs in given):
        raise BadSignature


def event_of(payload: Any) -> Event:
    """Return the event, of which every member that is used later has the type that it should have.

    :raises BadEvent: for anything that is none.
    """
    match payload:
        case {"id": str(key), "type": str(kind), "livemode": bool(live), "data": {"object": dict(subject)}}:
            if STRIPE_ID.fullmatch(key) and NAME.fullmatch(kind):
                account = str(payload.get("account") or "")
                created = payload.get("created")
                at = created if isinstance(created, int) else 0
                return Event(key, kind, live, account, subject, _without_secrets(payload), at)
    raise BadEvent


def _without_secrets(value: Any) -> Any:
    """Return `value` without client secrets: a stored one would let whoever reads our database pay or cancel."""
    if isinstance(value, dict):
        return {name: _without_secrets(inner) for name, inner in value.items() if name != "client_secret"}
    return [_without_secrets(inner) for inner in value] if isinstance(value, list) else value
