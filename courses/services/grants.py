"""The grounds on which an enrolment is open: given, withdrawn and given back.

Access ends only when the last ground goes. Who gives one (a payment, the staff, the import) says so by its kind and
reference; nothing here knows of money. All of it happens under the lock on the course's row, and locks are taken in
this order everywhere: the course, the enrolment, what belongs to the enrolment. So nobody waits in a ring.
"""

from uuid import UUID

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Certificate, Course, Enrollment, EnrollmentGrant
from courses.services.seats import require_a_free_seat
from courses.states import Status

Kind = EnrollmentGrant.Kind


@transaction.atomic
def grant_access(enrollment: Enrollment, *, kind: str, reference: str = "", by: Actor) -> Enrollment:
    """Open an enrolment on this ground and return the one that is open now; a repetition changes nothing.

    An ended enrolment opens again; where the person has another live one in the course by then, the ground holds that
    one up. Seats are counted for every ground but the import's, which brings over what happened long ago.

    :raises CourseFull: when it holds no seat and none is left; nothing is written then.
    """
    course = hold_course(enrollment.course_id)
    target = _to_be_opened(enrollment)
    if target.status in Enrollment.SEATED and _stands(target, kind, reference):
        return target
    if kind != Kind.IMPORT and not target.holds_a_seat:
        require_a_free_seat(course)
    _store(EnrollmentGrant(enrollment=target, kind=kind, reference=reference))
    if target.status not in Enrollment.SEATED:
        _open(target)
    record("update", "courses.access.granted", by=by, on=target, details={"kind": kind, "reference": reference})
    return target


@transaction.atomic
def withdraw_access(enrollment: Enrollment, *, kind: str, reference: str = "", ended_as: Status, by: Actor) -> bool:
    """Take a ground away, and end the enrolment as `ended_as` if it was the last; false when it was gone already.

    The ground is found where it stands: it may hold up another enrolment of the person in the course by now.

    :raises ValueError: when an enrolment cannot end as that.
    """
    if ended_as not in {Status.CANCELLED, Status.REFUNDED}:
        raise ValueError(ended_as)
    hold_course(enrollment.course_id)
    grants = EnrollmentGrant.objects.standing()
    of_the_person = grants.filter(enrollment__user=enrollment.user_id, enrollment__course=enrollment.course_id)
    grant = of_the_person.filter(kind=kind, reference=reference).first()
    if grant is None:
        return False
    held = Enrollment.objects.select_for_update(no_key=True).get(pk=grant.enrollment_id)
    grants.filter(pk=grant.pk).update(withdrawn_at=timezone.now())
    is_last = not held.grants.standing().exists()
    if is_last and Enrollment.objects.filter(pk=held.pk).move(ended_as):
        Certificate.objects.filter(enrollment=held).update(revoked_at=timezone.now())
    facts: dict[str, object] = {"kind": kind, "reference": reference, "access_ended": is_last}
    record("update", "courses.access.withdrawn", by=by, on=held, details=facts)
    enrollment.refresh_from_db()
    return True


def hold_course(course_id: UUID) -> Course:
    """Return the course, its row locked until the caller's transaction ends; parallel callers stand in a row.

    On PostgreSQL they wait for 3 seconds at most (lock_timeout); then the answer is 503.
    """
    return Course.objects.select_for_update(no_key=True).get(pk=course_id)


def _to_be_opened(enrollment: Enrollment) -> Enrollment:
    """Return the row that the ground will hold up, locked: the person's live one in the course if there is one."""
    rows = Enrollment.objects.select_for_update(no_key=True)
    live = rows.live().filter(user_id=enrollment.user_id, course_id=enrollment.course_id).first()
    return live or rows.get(pk=enrollment.pk)


def _stands(enrollment: Enrollment, kind: str, reference: str) -> bool:
    return enrollment.grants.standing().filter(kind=kind, reference=reference).exists()


def _store(grant: EnrollmentGrant) -> None:
    """Write the grant, or let the one that was withdrawn stand again."""
    ground = ["enrollment", "kind", "reference"]
    EnrollmentGrant.objects.bulk_create(
        [grant], update_conflicts=True, unique_fields=ground, update_fields=["withdrawn_at"]
    )


def _open(enrollment: Enrollment) -> None:
    was_completed = enrollment.completed_at is not None
    Enrollment.objects.filter(pk=enrollment.pk).move(Status.COMPLETED if was_completed else Status.ACTIVE)
    if was_completed:
        Certificate.objects.filter(enrollment=enrollment).update(revoked_at=None)
    enrollment.refresh_from_db()
