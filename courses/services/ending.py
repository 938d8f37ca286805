"""Giving a place up."""

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Enrollment, EnrollmentGrant
from courses.services.grants import Kind, hold_course, withdraw_access
from courses.states import Status
from titanobova.errors import DomainError


class PaidEnrollment(DomainError):
    """Money comes back by a refund alone."""

    code, status, message = "paid_enrollment", 409, "This enrolment was paid for. Ask for a refund to give it up."


class GivenEnrollment(DomainError):
    """Who gave the place takes it back."""

    code, status, message = "given_enrollment", 409, "This enrolment was given to you. Write to us to give it up."


class NothingToCancel(DomainError):
    """What is completed stays so, and what has ended cannot end again."""

    code, status, message = "nothing_to_cancel", 409, "This enrolment has been completed or has ended already."


@transaction.atomic
def cancel_enrollment(enrollment: Enrollment, *, by: Actor) -> Enrollment:
    """Give up a place that waits for its payment, or a free one; a payment that arrives later opens it again.

    :raises PaidEnrollment: when it was paid for.
    :raises GivenEnrollment: when the staff or the import gave it.
    :raises NothingToCancel: when it is completed or has ended.
    """
    hold_course(enrollment.course_id)
    held = Enrollment.objects.select_for_update(no_key=True).select_related("course").get(pk=enrollment.pk)
    if held.status == Status.PENDING:
        pending = Enrollment.objects.filter(pk=held.pk, status=Status.PENDING)
        pending.move(Status.CANCELLED, seat_held_until=held.seat_held_until)  # for a new hold ends with this one
        record("update", "courses.enrollment.cancelled", by=by, on=held)
        held.refresh_from_db(fields=["status", "seat_held_until", "updated_at"])
    elif held.status == Status.ACTIVE:
        _refuse_unless_free(held)
        withdraw_access(held, kind=Kind.FREE, ended_as=Status.CANCELLED, by=by)
    else:
        raise NothingToCancel
    return held


def _refuse_unless_free(enrollment: Enrollment) -> None:
    kinds = set(EnrollmentGrant.objects.standing().filter(enrollment=enrollment).values_list("kind", flat=True))
    if Kind.PAYMENT in kinds:
        raise PaidEnrollment
    if kinds != {Kind.FREE}:
        raise GivenEnrollment
