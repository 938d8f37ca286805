"""Asking for a place without an account."""

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course, EnrollmentRequest
from courses.services.finding import UnknownCourse, get_published_course
from titanobova.errors import FieldError


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
