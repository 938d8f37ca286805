"""What a payment opens: given, taken and, where no seat is left, paid back."""

from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment, EnrollmentGrant
from courses.services.grants import Kind as Ground
from courses.services.grants import grant_access, withdraw_access
from courses.services.seats import CourseFull
from courses.states import Status as EnrollmentStatus
from payments.ledger import Fact, Kind, Position
from payments.models import Payment
from payments.services.holding import flag, record_facts
from payments.services.reserving import reserve_refund
from payments.states import ARRIVED
from users.erased import is_erased_email

Known = dict[tuple[str, str], Fact]


def adjust_access(held: Payment, position: Position, known: Known, *, by: Actor) -> None:
    """Give or take the ground on which the payment holds the enrolment open; both may be repeated.

    Where no seat is left, or nobody is left who could take it, the buyer gets all of it back; but not a second time,
    after a refund has failed, nor while a bank has it: that is for people to decide.
    """
    if held.enrollment is None or position.status not in ARRIVED:
        return
    if not position.opens_access:
        waits_for_refund = (Kind.SEAT_LOST, "") in known and position.balance > 0
        _take_away(held, held.enrollment, ends_place=not waits_for_refund, by=by)
        return
    if is_erased_email(held.user.email) and not _was_given(held):
        _lose_seat(held, position, known, reason="The account was erased before the money came.", by=by)
    elif not _give(held, held.enrollment, by=by):
        _lose_seat(held, position, known, reason="No seat was left.", by=by)


def _give(held: Payment, enrollment: Enrollment, *, by: Actor) -> bool:
    """Give the ground; false where no seat is left."""
    was_open = _is_open_otherwise(held)
    try:
        grant_access(enrollment, kind=Ground.PAYMENT, reference=str(held.pk), by=by)
    except CourseFull:
        return False
    if was_open:
        flag(held, {"open_already"}, by=by)
    return True


def _take_away(held: Payment, enrollment: Enrollment, *, ends_place: bool, by: Actor) -> None:
    """Withdraw the ground, and end a place that never opened because its money went back before it was known to come.

    So every order of events ends alike. A place that the buyer is paying for again is left to that payment.
    """
    ended_as = EnrollmentStatus.REFUNDED
    withdraw_access(enrollment, kind=Ground.PAYMENT, reference=str(held.pk), ended_as=ended_as, by=by)
    is_paid_again = Payment.objects.open().filter(enrollment=enrollment).exists()
    never_opened = Enrollment.objects.filter(pk=enrollment.pk, status=EnrollmentStatus.PENDING)
    if ends_place and not is_paid_again and never_opened.move(ended_as):
        record("update", "courses.enrollment.refunded", by=by, on=enrollment)


def _is_open_otherwise(held: Payment) -> bool:
    """Whether the buyer had the course already when this payment first asked for it."""
    assert held.enrollment is not None  # noqa: S101 - the caller asked
    if _was_given(held):
        return False
    place = held.enrollment
    return Enrollment.objects.seated().filter(user=place.user_id, course=place.course_id).exists()


def _was_given(held: Payment) -> bool:
    """Whether this payment has opened the course already."""
    return EnrollmentGrant.objects.filter(kind=Ground.PAYMENT, reference=str(held.pk)).exists()


def _lose_seat(held: Payment, position: Position, known: Known, *, reason: str, by: Actor) -> None:
    lost = Fact(Kind.SEAT_LOST)
    record_facts(held, [lost])
    known[lost.key] = lost
    record("update", "payments.payment.seat_lost", by=by, on=held, outcome="failure")
    if position.disputed or any(kind == Kind.REFUND_FAILED for kind, _ in known):
        flag(held, {"seat_lost"}, by=by)
    else:
        reserve_refund(held, position.balance, reason=reason, by=by)


def release_seat(held: Payment) -> None:
    """Give the seat back that is held for a payment that will not come."""
    if held.enrollment is not None:
        pending = Enrollment.objects.filter(pk=held.enrollment.pk, status=EnrollmentStatus.PENDING)
        pending.update(seat_held_until=None, updated_at=timezone.now())
