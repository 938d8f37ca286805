"""Requests for a place become enrolments, once the address that they came from is proved to be somebody's."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Enrollment, EnrollmentRequest
from courses.services.enrolling import begin_enrollment, enroll
from courses.services.grants import Kind, grant_access
from courses.services.seats import CourseFull
from courses.titles import same_title
from users import extension_points
from users.models import User


def take_part() -> None:
    """Be told whenever somebody has proved their address."""
    extension_points.on_email_verified.append(redeem_requests)


def redeem_requests(person: User, by: Actor) -> None:
    """Turn what the person asked for without an account into enrolments, now that the address is proved theirs."""
    redeem_requests_of([person], by=by)


@transaction.atomic
def redeem_requests_of(people: Sequence[User], *, by: Actor) -> None:
    """Turn what people with proved addresses asked for into enrolments; what cannot be turned waits for the staff.

    What was paid for is open, with or without a free seat: it was sold. What is free is open if there is a seat. What
    is to be paid waits for the payment and holds no seat. A course that is unknown, unpublished or full stays a
    request. A repetition finds what is left. The courses are locked in one order, so that nobody waits in a ring.

    A request that has led to an enrolment stays with its owner, whatever address they have by now, and whoever has the
    address that it came from.
    """
    by_email = {person.email_canonical: person for person in people}
    unanswered = EnrollmentRequest.objects.unanswered()
    new = unanswered.filter(enrollment__isnull=True, email_canonical__in=by_email)
    theirs = unanswered.filter(is_paid=True, enrollment__user__in=people)
    found = [*new.values_list("pk", flat=True), *theirs.values_list("pk", flat=True)]
    # Held first and looked at afterwards: whoever redeemed them meanwhile has made grants that the lock does not see.
    list(EnrollmentRequest.objects.select_for_update(no_key=True).filter(pk__in=found).order_by("pk").values_list("pk"))
    waiting = unanswered.filter(pk__in=found).select_related("enrollment__user")
    # The paid ones first: what they open is what the others of the same course led to.
    requests = list(waiting.order_by("-is_paid", "pk"))
    _name_courses([request for request in requests if request.course_id is None])
    wanted = {request.course_id for request in requests if request.course_id}
    courses = Course.objects.select_for_update(no_key=True).filter(pk__in=wanted).order_by("pk").in_bulk()
    for request in requests:
        person = request.enrollment.user if request.enrollment else by_email[request.email_canonical]
        course = request.course_id and courses.get(request.course_id)
        if course and (enrollment := _enrollment_for(request, person, course, by=by)):
            _answer(request, enrollment, by=by)


def _name_courses(requests: Sequence[EnrollmentRequest]) -> None:
    """Find the published courses that are meant by their titles alone; a title of two courses means neither."""
    if not requests:
        return
    by_title: dict[str, set[UUID]] = {}
    for pk, title in Course.objects.published().values_list("pk", "title"):
        by_title.setdefault(same_title(title), set()).add(pk)
    for request in requests:
        meant = by_title.get(same_title(request.course_title), set())
        request.course_id = next(iter(meant)) if len(meant) == 1 else None


def _enrollment_for(request: EnrollmentRequest, person: User, course: Course, *, by: Actor) -> Enrollment | None:
    live = Enrollment.objects.live().filter(user=person, course=course).first()
    if request.is_paid:
        enrollment = live or begin_enrollment(person, course, by=by)
        return grant_access(enrollment, kind=Kind.IMPORT, reference=str(request.pk), by=by)
    if live is not None or not course.is_published:
        return live
    if not course.is_free:
        return begin_enrollment(person, course, by=by)
    try:
        return enroll(person, course, by=by)
    except CourseFull:
        return None


def _answer(request: EnrollmentRequest, enrollment: Enrollment, *, by: Actor) -> None:
    EnrollmentRequest.objects.filter(pk=request.pk).update(enrollment=enrollment, course=request.course_id)
    record("update", "courses.request.redeemed", by=by, on=request, details={"enrollment": enrollment.pk})
