"""Taking a seat."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import Min
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Enrollment
from courses.services.finding import UnknownCourse
from courses.services.grants import Kind, grant_access
from courses.services.seats import require_a_free_seat
from titanobova.errors import DomainError
from users.models import User

SEAT_HOLD = timedelta(minutes=15)


class AlreadyEnrolled(DomainError):
    """The person has the course."""

    code, status, message = "already_enrolled", 409, "You are enrolled in this course already."


@transaction.atomic
def enroll(user: User, course: Course, *, by: Actor) -> Enrollment:
    """Give `user` a seat: at once in a free course, for the time to pay (SEAT_HOLD) in a priced one.

    The lock on the course's row puts parallel buyers of its last seats in a row, and is waited for 3 seconds at most
    (DB_HOST's lock_timeout; then the answer is 503). Who asks again while paying keeps the seat for what is left of the
    time, even if they gave it up in between: asking for ever must not keep a seat from those who would pay. Once the
    hold has lapsed, they ask anew, for a seat that is free.

    :raises UnknownCourse: when the course was withdrawn meanwhile.
    :raises AlreadyEnrolled: when the person has the course.
    :raises CourseFull: when no seat is left.
    """
    locked = Course.objects.published().select_for_update(no_key=True).filter(pk=course.pk).first()
    if locked is None:
        raise UnknownCourse
    mine = Enrollment.objects.live().filter(user=user, course=locked).first()
    if mine is None or not mine.holds_a_seat:
        require_a_free_seat(locked)
    if mine is None:
        mine = begin_enrollment(user, locked, seat_held_until=_end_of_hold(user, locked), by=by)
    elif not mine.holds_a_seat:
        _resume(mine, by=by)
    elif mine.status != Enrollment.Status.PENDING:
        raise AlreadyEnrolled
    return grant_access(mine, kind=Kind.FREE, by=by) if locked.is_free else mine


def _end_of_hold(user: User, course: Course) -> datetime:
    """Return until when a new seat is held: no longer than one that the person gave up while they held it."""
    now = timezone.now()
    given_up = Enrollment.objects.filter(user=user, course=course, status=Enrollment.Status.CANCELLED)
    end: datetime | None = given_up.filter(seat_held_until__gt=now).aggregate(end=Min("seat_held_until"))["end"]
    return end or now + SEAT_HOLD


def begin_enrollment(user: User, course: Course, *, by: Actor, seat_held_until: datetime | None = None) -> Enrollment:
    """Make a pending enrolment, which opens nothing yet, in the caller's transaction; the caller holds the course."""
    begun = Enrollment.objects.create(user=user, course=course, seat_held_until=seat_held_until)
    record("create", "courses.enrolled", by=by, on=begun)
    return begun


def _resume(mine: Enrollment, *, by: Actor) -> None:
    """Hold a seat again for a pending enrolment whose hold lapsed; a payment that arrives at the same moment wins."""
    pending = Enrollment.objects.filter(pk=mine.pk, status=Enrollment.Status.PENDING)
    if not pending.update(seat_held_until=timezone.now() + SEAT_HOLD, updated_at=timezone.now()):
        raise AlreadyEnrolled
    mine.refresh_from_db()
    record("update", "courses.enrollment.resumed", by=by, on=mine)
