"""Reading what claims to be events of SendGrid (https://www.twilio.com/docs/sendgrid/for-developers/tracking-events)."""

import base64
import binascii
import re
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.conf import settings
from rest_framework.exceptions import ParseError

from titanobova.crypto import has_signed
from titanobova.errors import DomainError
from titanobova.http import parse_json
from titanobova.mail.answers import plain
from titanobova.models import Delivery

# SendGrid repeats a delivery for 24 hours and does not say that it signs it anew; a repetition changes nothing here.
OLDEST, FUTURE = 25 * 3600, 300  # seconds
LONGEST_SIGNATURE = 200  # characters; one of P-256 has 96
TIMESTAMP = re.compile(r"[0-9]{1,12}")
EVENT_ID = re.compile(r"[\x21-\x7e]{1,100}")
SENDING = re.compile(r"[0-9]{1,4}")
KINDS = {
    "processed": Delivery.PROCESSED,
    "deferred": Delivery.DEFERRED,
    "delivered": Delivery.DELIVERED,
    "dropped": Delivery.DROPPED,
    "bounce": Delivery.BOUNCED,
    "spamreport": Delivery.SPAM_REPORT,
}


class MailEventsNotConfigured(DomainError):
    """There is no key to check a signature with."""

    code, status = "webhook_not_configured", 503
    message = "Events cannot be checked here: SENDGRID_WEBHOOK_PUBLIC_KEY is missing."


class BadMailSignature(DomainError):
    """The events are not from SendGrid, or are no longer fresh."""

    code, status, message = "bad_signature", 400, "The signature is missing, wrong or too old."


class BadMailEvents(DomainError):
    """The body is signed, but something in it is no event."""

    code, status, message = "bad_event", 400, "The body is not a list of SendGrid's events."


@dataclass(frozen=True)
class Told:
    """One event about a mail of ours: what happened to which sending of it, when, and why."""

    id: str
    mail_id: UUID
    sending: int
    kind: Delivery
    occurred_at: datetime
    reason: str


@dataclass(frozen=True)
class Events:
    """What a body holds: events about our mails, and how many entries have a shape that no event has."""

    told: list[Told]
    odd: int


def read_events(body: bytes, signature: str, timestamp: str) -> Events:
    """Return the events in `body`, once its signature is verified; those that are of no use here are left out.

    :raises MailEventsNotConfigured: without SENDGRID_WEBHOOK_PUBLIC_KEY.
    :raises BadMailSignature: when SendGrid did not sign it, or too long ago.
    :raises BadMailEvents: when what it signed is no list of events.
    """
    verify_signature(body, signature, timestamp)
    try:
        entries = parse_json(body)
    except ParseError as error:
        raise BadMailEvents(str(error.detail)) from None
    if not isinstance(entries, list):
        raise BadMailEvents
    read = [event_of(entry) for entry in entries]
    return Events([event for event in read if isinstance(event, Told)], sum(event is False for event in read))


def verify_signature(body: bytes, signature: str, timestamp: str) -> None:
    """Return if the owner of a key of SENDGRID_WEBHOOK_PUBLIC_KEY signed time and body, at a time that counts.

    Whoever knows the address can post here, so nothing of the body is read before this. Without the private key, which
    SendGrid alone has, nobody signs another body or another time.

    :raises MailEventsNotConfigured: without a key.
    :raises BadMailSignature: otherwise.
    """
    keys = settings.SENDGRID_WEBHOOK_PUBLIC_KEYS
    if not keys:
        raise MailEventsNotConfigured
    if not TIMESTAMP.fullmatch(timestamp) or not -OLDEST <= int(timestamp) - time.time() <= FUTURE:
        raise BadMailSignature
    try:
        signed = base64.b64decode(signature[:LONGEST_SIGNATURE], validate=True)
    except (binascii.Error, ValueError):
        raise BadMailSignature from None
    if not any(has_signed(key, signed, timestamp.encode() + body) for key in keys):
        raise BadMailSignature


def event_of(entry: Any) -> Told | bool:
    """Return the event; True for one that is of no use here, False for what is none.

    Of no use are other kinds (a mail was opened), and mails that another program sends by the same account: ours carry
    their id (`custom_args` in titanobova/mail/sendgrid.py).
    """
    match entry:
        case {"event": str(name)}:
            if name not in KINDS or "mail" not in entry or "sending" not in entry:
                return True
            return _told(entry, KINDS[name]) or False
    return False


def _told(entry: dict[str, Any], kind: Delivery) -> Told | None:
    match entry:
        case {"sg_event_id": str(key), "timestamp": int(seconds), "mail": str(mail), "sending": str(sending)}:
            try:
                occurred_at = datetime.fromtimestamp(seconds, UTC)
                mail_id = UUID(mail)
            except (ValueError, OverflowError, OSError):
                return None
            if EVENT_ID.fullmatch(key) and SENDING.fullmatch(sending):
                reason = plain(str(entry.get("reason") or entry.get("response") or ""))
                return Told(key, mail_id, int(sending), kind, occurred_at, reason)
    return None
