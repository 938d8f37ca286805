"""Stopping those who try stolen cards: they need many declines, a buyer has few."""

from datetime import timedelta

from django.db.models import Q
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from payments.ledger import Kind
from payments.models import LedgerEntry
from titanobova.crypto import keyed_digest
from titanobova.errors import DomainError
from titanobova.throttling import network_of
from users.models import User

DECLINES = 10
WITHIN = timedelta(hours=1)


class TooManyDeclines(DomainError):
    """So many cards of this person, or from this network, were declined that nobody pays this way."""

    code, status = "too_many_declines", 429
    message = "Too many cards were declined. Try again later."


def network_digest(by: Actor) -> str:
    """Return what tells one network from another, and does not say which it is."""
    return keyed_digest(network_of(by.ip_address), "payment network") if by.ip_address else ""


def refuse_card_testing(user: User, *, by: Actor) -> None:
    """Let the caller go on unless DECLINES cards of `user`, or from the same network, were declined WITHIN an hour.

    A thief who takes a new account for each card is stopped by the network, one who takes a new network by the account.
    Each decline needs a payment of its own or another try at one; the sweep cancels those with DECLINES tries.

    :raises TooManyDeclines: otherwise, until the tenth last decline is an hour ago.
    """
    now = timezone.now()
    theirs = Q(payment__user=user)
    if digest := network_digest(by):
        theirs |= Q(payment__network_digest=digest)
    declines = LedgerEntry.objects.filter(theirs, kind=Kind.FAILED, recorded_at__gt=now - WITHIN)
    tenth_last = (
        declines.order_by("-recorded_at").values_list("recorded_at", flat=True)[DECLINES - 1 : DECLINES].first()
    )
    if tenth_last is None:
        return
    record("create", "payments.declines.blocked", by=by, outcome="failure")
    seconds = (tenth_last + WITHIN - now).total_seconds()
    raise TooManyDeclines(retry_after=max(1, int(seconds)))
