"""Which course somebody means."""

from django.db.models import Prefetch, prefetch_related_objects

from courses.models import Course, Lesson
from titanobova.errors import DomainError


class UnknownCourse(DomainError):
    """There is no published course of this name: a draft answers like one that never was."""

    code, status, message = "not_found", 404, "There is no such course."


class CourseIsFree(DomainError):
    """Nothing is to be paid."""

    code, status, message = "course_is_free", 409, "This course is free: enrol without a payment."


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
