"""What happens to courses and enrolments."""

from datetime import timedelta

from django.db import transaction
from django.db.models import Prefetch, prefetch_related_objects
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Enrollment, EnrollmentRequest, Lesson
from titanobova.errors import DomainError, FieldError
from users.models import User

SEAT_HOLD = timedelta(minutes=15)


class UnknownCourse(DomainError):
    """There is no published course of this name: a draft answers like one that never was."""

    code, status, message = "not_found", 404, "There is no such course."


class CourseIsFree(DomainError):
    """Nothing is to be paid."""

    code, status, message = "course_is_free", 409, "This course is free: enrol without a payment."


class CourseFull(DomainError):
    """Every seat is taken or held."""

    code, status, message = "course_full", 409, "Every seat of this course is taken."


class AlreadyEnrolled(DomainError):
    """The person has the course."""

    code, status, message = "already_enrolled", 409, "You are enrolled in this course already."


def get_published_course(slug_or_id: str) -> Course:
    """Return the published course with this slug or id, its instructor loaded.

    :raises UnknownCourse: when there is none.
    """
    found = Course.objects.published().named(slug_or_id).select_related("instructor").first()
    if found is None:
        raise UnknownCourse
    return found


def get_course_with_outline(slug_or_id: str) -> Course:
    """Return the published course with this slug or id, and with it its lessons' titles in order.

    :raises UnknownCourse: when there is none.
    """
    course = get_published_course(slug_or_id)
    outline = Lesson.objects.only("course_id", "position", "title").order_by("position")
    prefetch_related_objects([course], Prefetch("lessons", outline))
    return course


def get_priced_course(slug_or_id: str) -> Course:
    """Return the published course with this slug or id, for somebody who wants to pay for it.

    :raises UnknownCourse: when there is none.
    :raises CourseIsFree: when it costs nothing.
    """
    course = get_published_course(slug_or_id)
    if course.is_free:
        raise CourseIsFree
    return course


def ask_for_a_place(
    *, email: str, first_name: str, by: Actor, course: str = "", course_title: str = "", **fields: str
) -> EnrollmentRequest:
    """Store that somebody without an account asks for a place.

    `course` is a slug or id; where it is given, the course's own title and price are what is asked for.

    :raises FieldError: on `course`, when there is no such course.
    """
    request = EnrollmentRequest(email=email, first_name=first_name, course_title=course_title, **fields)
    if course:
        request.course = wanted = _requested_course(course)
        request.course_title, request.price, request.currency = wanted.title, wanted.price, wanted.currency
    with transaction.atomic():
        request.save(force_insert=True)
        record("create", "courses.place_requested", by=by, on=request, details={"course": str(request.course_id)})
    return request


def _requested_course(slug_or_id: str) -> Course:
    try:
        return get_published_course(slug_or_id)
    except UnknownCourse as error:
        raise FieldError("course", error.message, "does_not_exist") from None


@transaction.atomic
def enroll(user: User, course: Course, *, by: Actor) -> Enrollment:
    """Give `user` a seat: at once in a free course, for the time to pay (SEAT_HOLD) in a priced one.

    The lock on the course's row puts parallel buyers of its last seats in a row, and is waited for 3 seconds at most
    (DB_HOST's lock_timeout; then the answer is 503). Who asks again while paying keeps the seat they hold.

    :raises UnknownCourse: when the course was withdrawn meanwhile.
    :raises AlreadyEnrolled: when the person has the course.
    :raises CourseFull: when no seat is left.
    """
    locked = Course.objects.published().select_for_update(no_key=True).filter(pk=course.pk).first()
    if locked is None:
        raise UnknownCourse
    mine = Enrollment.objects.live().filter(user=user, course=locked).first()
    if mine is None or not mine.holds_a_seat:
        _require_a_free_seat(locked)
    if mine is not None:
        return _resume(mine, locked, by=by)
    enrollment = Enrollment.objects.create(user=user, course=locked, **_first_state(locked))
    record("create", "courses.enrolled", by=by, on=enrollment, details={"status": enrollment.status})
    return enrollment


def activate_enrollment(enrollment: Enrollment, *, by: Actor) -> bool:
    """Open a pending enrolment, once it is paid for; false when it was not pending.

    One conditional UPDATE in the caller's transaction: of parallel calls exactly one returns true.
    """
    with transaction.atomic():
        if not Enrollment.objects.filter(pk=enrollment.pk).activate():
            return False
        record("update", "courses.enrollment.activated", by=by, on=enrollment)
    enrollment.refresh_from_db(fields=["status", "seat_held_until", "updated_at"])
    return True


def _require_a_free_seat(course: Course) -> None:
    if course.capacity is None:
        return
    if course.enrollments.taking_a_seat().count() >= course.capacity:
        raise CourseFull


def _first_state(course: Course) -> dict[str, object]:
    if course.is_free:
        return {"status": Enrollment.Status.ACTIVE}
    return {"status": Enrollment.Status.PENDING, "seat_held_until": timezone.now() + SEAT_HOLD}


def _resume(mine: Enrollment, course: Course, *, by: Actor) -> Enrollment:
    """Renew the hold of a pending enrolment; a payment that arrives at the same moment wins."""
    pending = Enrollment.objects.filter(pk=mine.pk, status=Enrollment.Status.PENDING)
    if not pending.update(**_first_state(course), updated_at=timezone.now()):
        raise AlreadyEnrolled
    mine.refresh_from_db()
    record("update", "courses.enrollment.resumed", by=by, on=mine, details={"status": mine.status})
    return mine
