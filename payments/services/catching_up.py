"""What waits for Stripe: refunds to be sent, payments to be asked about, and rows of which nobody heard again."""

import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from typing import TypeVar

from django.db import transaction
from django.db.models import Count, F, Q, QuerySet
from django.utils import timezone

from audit.actor import Actor
from courses.models import Enrollment
from payments import gateway
from payments.ledger import Kind
from payments.models import LedgerEntry, Payment, Refund
from payments.services.access import release_seat
from payments.services.card_testing import DECLINES
from payments.services.holding import hold_intent, hold_payment
from payments.services.naming import record_of
from payments.services.recording import record_dispute, record_intent, record_refund
from payments.services.refunding import KEY_LIVES, RefundRefused, send_refund
from payments.services.starting import close_payment, create_intent_of, learn_intent_of
from payments.stripe_lists import disputes_of, refunds_of
from payments.stripe_objects import Json, kind_now
from titanobova.errors import FieldError
from users.erased import DOMAIN as ERASED_DOMAIN

logger = logging.getLogger("titanobova.payments")

AT_MOST = 200  # rows of a kind in one run; the next run goes on
ABANDONED_AFTER = timedelta(minutes=15)
LAPSED_AFTER = timedelta(hours=1)  # for which who comes late still pays the price that they saw
DECLINES_WITHIN = timedelta(days=1)
Row = TypeVar("Row", Payment, Refund)


def catch_up(*, by: Actor) -> None:
    """Send the refunds that wait, and ask Stripe about the payments of which something was told that we do not know.

    :raises GatewayUnavailable: when Stripe does not answer; what is left waits for the next run.
    """
    waiting = Refund.objects.waiting(timezone.now()).select_related("payment").order_by("pk")
    _each(waiting[:AT_MOST], lambda refund: _send(refund, by=by))
    unsure = Payment.objects.filter(sync_wanted_at__isnull=False).order_by("sync_wanted_at")
    _each(unsure[:AT_MOST], lambda payment: _ask_about(payment, by=by))


def sweep(*, by: Actor) -> None:
    """Catch up, and close payments of which nobody heard again, or that nobody is to pay any more.

    :raises GatewayUnavailable: as `catch_up`.
    """
    catch_up(by=by)
    _each(abandoned()[:AT_MOST], lambda payment: close_abandoned(payment, by=by))
    _each(card_tested()[:AT_MOST], lambda payment: cancel_payment(payment, reason="declines", by=by))
    _each(of_erased()[:AT_MOST], lambda payment: cancel_payment(payment, reason="erased", by=by))
    _each(outdated()[:AT_MOST], lambda payment: close_outdated(payment, by=by))


def abandoned() -> "QuerySet[Payment]":
    """Return the payments whose request to Stripe came to no end, once nobody holds a seat for them any more."""
    now = timezone.now()
    held = Q(enrollment__status="pending", enrollment__seat_held_until__gt=now)
    old = Payment.objects.filter(status=Payment.Status.CREATED, intent_id="", created_at__lt=now - ABANDONED_AFTER)
    return old.exclude(held).order_by("pk")


def card_tested() -> "QuerySet[Payment]":
    """Return the open payments with more declined cards than a buyer has."""
    lately = LedgerEntry.objects.filter(kind=Kind.FAILED, recorded_at__gte=timezone.now() - DECLINES_WITHIN)
    many = lately.values("payment").annotate(declines=Count("pk")).filter(declines__gte=DECLINES)
    return Payment.objects.open().filter(pk__in=many.values("payment")).order_by("pk")


def of_erased() -> "QuerySet[Payment]":
    """Return the open payments of erased accounts: a page that is still open somewhere must not take their money."""
    return Payment.objects.open().filter(user__email__endswith=f"@{ERASED_DOMAIN}").order_by("pk")


def outdated() -> "QuerySet[Payment]":
    """Return the open payments of places that are not to be had in this way any more.

    An intent can be paid for ever, so one that is left open would keep an old price for its buyer, or sell a course
    that was withdrawn. It ends once its hold has lapsed for LAPSED_AFTER, its place waits for no payment (given up, or
    open already), the course has another price, or left the catalogue. Who was sent to their bank by then, and holds
    the seat, may finish; money that is on its way is never stopped. A payment without an intent is `abandoned`.

    They come in the order of their enrolments, which is that of the index of one_open_payment_per_enrollment: so only
    rows that are open are read, which are few.
    """
    now = timezone.now()
    waiting = Payment.objects.open().exclude(status=Payment.Status.PROCESSING).exclude(intent_id="")
    lapsed = Q(enrollment__seat_held_until__lt=now - LAPSED_AFTER)
    lapsed |= Q(enrollment__seat_held_until=None, created_at__lt=now - LAPSED_AFTER)
    as_offered = Q(
        enrollment__course__price=F("amount"),
        enrollment__course__currency=F("currency"),
        enrollment__course__is_published=True,
    )
    at_the_bank = Q(status=Payment.Status.REQUIRES_ACTION, enrollment__seat_held_until__gt=now)
    ended = ~Q(enrollment__status=Enrollment.Status.PENDING) | lapsed | ~(as_offered | at_the_bank)
    return waiting.filter(ended, enrollment__isnull=False).order_by("enrollment_id")


def close_abandoned(payment: Payment, *, by: Actor) -> None:
    """End a payment whose intent may or may not be at Stripe: nobody has its secret, so nobody can have paid it.

    While Stripe knows the idempotency key, the same request names the intent. Later, or where Stripe failed, it is the
    reconciliation that finds an intent by its metadata, and cancels it.
    """
    if not abandoned().filter(pk=payment.pk).exists():
        return  # the buyer came back meanwhile
    try:
        if timezone.now() - payment.created_at < KEY_LIVES:
            learn_intent_of(payment, create_intent_of(payment).id, by=by)
    except (gateway.GatewayFailed, gateway.GatewayRefused, FieldError) as refusal:
        close_payment(payment, by=by, reason=refusal.code)
        return
    payment.refresh_from_db()
    cancel_payment(payment, reason="abandoned", by=by)


def close_outdated(payment: Payment, *, by: Actor) -> None:
    """End a payment that is still outdated; whoever holds the seat keeps it, to pay what it costs now."""
    found = outdated().select_related("enrollment").filter(pk=payment.pk).first()
    if found is not None and not _is_being_paid(found):
        cancel_payment(found, reason="outdated", by=by, keeps_seat=True)


def _is_being_paid(payment: Payment) -> bool:
    """Whether money is on its way at Stripe, or the buyer, who holds the seat, was sent to their bank.

    Stripe is asked: after a declined card our status stays `failed`, whatever becomes of the next card.

    :raises GatewayUnavailable: when Stripe does not answer.
    """
    status, place = gateway.fetch_intent(payment.intent_id).status, payment.enrollment
    waits_for_it = place is not None and place.status == Enrollment.Status.PENDING and place.holds_a_seat
    return status == "processing" or (status == "requires_action" and waits_for_it)


def cancel_payment(payment: Payment, *, reason: str, by: Actor, keeps_seat: bool = False) -> None:
    """End a payment at Stripe first, then here, and give its seat back; one that was paid meanwhile is recorded."""
    try:
        if payment.intent_id:
            with suppress(gateway.UnknownIntent):  # nobody can pay what Stripe does not know
                gateway.cancel_intent(payment.intent_id)
    except gateway.GatewayRefused:
        sync_payment(payment, by=by)
        return
    with transaction.atomic():
        close_payment(payment, by=by, reason=reason)
        if not keeps_seat:
            release_seat(hold_payment(payment.pk))


def sync_payment(payment: Payment, *, by: Actor) -> None:
    """Ask Stripe how a payment stands, outside any transaction, and record all of it."""
    intent_id = payment.intent_id
    intent, refunds, disputes = gateway.describe_intent(intent_id), refunds_of(intent_id), disputes_of(intent_id)
    with transaction.atomic():
        hold_intent(intent_id)
        record_of(payment, intent_id, lambda held: _record_all(held, intent, refunds, disputes, by=by), by=by)


def _record_all(held: Payment, intent: Json, refunds: list[Json], disputes: list[Json], *, by: Actor) -> bool:
    kind = kind_now(intent)
    changed = [record_intent(held, intent, kind, by=by)] if kind else []
    changed += [record_refund(held, refund, by=by) for refund in refunds]
    changed += [record_dispute(held, dispute, by=by) for dispute in disputes]
    return any(changed)


def _send(refund: Refund, *, by: Actor) -> None:
    with suppress(RefundRefused):
        send_refund(refund, by=by)


def _ask_about(payment: Payment, *, by: Actor) -> None:
    if payment.intent_id:
        with suppress(gateway.UnknownIntent):
            sync_payment(payment, by=by)
    asked = Payment.objects.filter(pk=payment.pk, sync_wanted_at=payment.sync_wanted_at)
    asked.update(sync_wanted_at=None)


def _each(rows: Iterable[Row], work: Callable[[Row], None]) -> None:
    """Work on each row; one that cannot be worked on keeps none of the others waiting."""
    for row in rows:
        try:
            work(row)
        except gateway.GatewayFailed:
            logger.warning("Stripe failed with %s %s; the next run tries again", type(row).__name__, row.pk)
        except gateway.GatewayUnavailable:
            raise
        except Exception:
            logger.exception("The sweep of payments cannot do its work on %s %s", type(row).__name__, row.pk)
