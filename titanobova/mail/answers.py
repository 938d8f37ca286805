"""What a mail service answers, in the few kinds that the delivery tells apart. Pure: no clock, no network."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from titanobova.logging import redact
from titanobova.models import MailTry

Outcome = MailTry.Outcome

# The key is wrong or may not send (401, 403), or the address is none of SendGrid's (404, 405): no mail can change that.
OUR_MISTAKES = frozenset({401, 403, 404, 405})
PASSING = frozenset({408, 425})
LOST_ON_THE_WAY = frozenset({502, 504})  # of a gateway: what is behind it may have taken the mail
SHORTEST_WAIT, LONGEST_WAIT = timedelta(seconds=1), timedelta(hours=1)


@dataclass(frozen=True)
class Answer:
    """What became of one try. `wait` is how long the service asked us to wait."""

    outcome: Outcome
    reason: str = ""
    wait: timedelta | None = None


ACCEPTED = Answer(Outcome.ACCEPTED)


def answer_of(status: int, headers: Mapping[str, str], body: bytes, *, now: datetime) -> Answer:
    """Return what an HTTP answer of SendGrid says (https://www.twilio.com/docs/sendgrid/api-reference/mail-send)."""
    outcome = outcome_of(status)
    if outcome == Outcome.ACCEPTED:
        return ACCEPTED
    words = _words_of(body) if status < 500 else ""
    said = f"SendGrid {'refused it' if outcome == Outcome.REFUSED else 'answered'} with status {status}"
    return Answer(outcome, plain(f"{said}: {words}" if words else said), wait_of(headers, now=now))


def outcome_of(status: int) -> Outcome:
    """Return what a status means for the mail: 202 alone says that SendGrid has it."""
    if status == 202:
        return Outcome.ACCEPTED
    if status == 429:
        return Outcome.BUSY
    if status < 400 or status in OUR_MISTAKES:
        return Outcome.MISCONFIGURED
    if status in LOST_ON_THE_WAY:
        return Outcome.UNKNOWN
    return Outcome.DOWN if status >= 500 or status in PASSING else Outcome.REFUSED


def wait_of(headers: Mapping[str, str], *, now: datetime) -> timedelta | None:
    """Return how long an answer asks us to wait, within reason; None when it does not.

    `Retry-After` is a number of seconds or a date (RFC 9110 section 10.2.3). Where SendGrid limits requests it tells
    `X-RateLimit-Reset`, a Unix time.
    """
    asked = _after(headers.get("Retry-After", ""), now) or _at(headers.get("X-RateLimit-Reset", ""), now)
    return None if asked is None else min(max(asked, SHORTEST_WAIT), LONGEST_WAIT)


def _after(text: str, now: datetime) -> timedelta | None:
    if text.isascii() and text.isdigit():
        return timedelta(seconds=min(int(text[:9]), 10**6))
    try:
        date = parsedate_to_datetime(text)
    except (ValueError, TypeError):
        return None
    return (date if date.tzinfo else date.replace(tzinfo=UTC)) - now


def _at(text: str, now: datetime) -> timedelta | None:
    if not (text.isascii() and text.isdigit()):
        return None
    return timedelta(seconds=min(int(text[:12]) - now.timestamp(), 10**6))


def _words_of(body: bytes) -> str:
    """Return the first of SendGrid's reasons: `{"errors": [{"message": ..., "field": ...}]}`."""
    try:
        match json.loads(body):
            case {"errors": [{"message": str(message)}, *_]}:
                return message
    except (ValueError, RecursionError):
        pass
    return ""


def plain(text: str) -> str:
    """Return a foreign text as one line of at most 300 characters, without secrets."""
    printable = "".join(char if char.isprintable() else " " for char in text[:2000])
    return str(redact(" ".join(printable.split())))[:300]
