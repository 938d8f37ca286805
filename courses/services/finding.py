"""Which course somebody means, and whether it is there for them."""

from django.contrib.auth.models import AnonymousUser
from django.db.models import Prefetch, QuerySet, prefetch_related_objects

from courses.models import Course, Lesson
from titanobova.errors import DomainError
from users.models import User


class UnknownCourse(DomainError):
    """There is no such course for who asks: a foreign draft answers like one that never was."""

    code, status, message = "not_found", 404, "There is no such course."


class CourseIsFree(DomainError):
    """Nothing is to be paid."""

    code, status, message = "course_is_free", 409, "This course is free: enrol without a payment."


class NotEnrolled(DomainError):
    """What is inside a course is for who takes part in it."""

    code, status, message = "not_enrolled", 403, "Enrol in this course first."


def get_published_course(slug_or_id: str) -> Course:
    """Return the published course with this slug or id, its instructor loaded.

    :raises UnknownCourse: when there is none.
    """
    return _only(Course.objects.published().named(slug_or_id))


def get_visible_course(person: User | AnonymousUser, slug_or_id: str) -> Course:
    """Return the course with this slug or id, its instructor loaded, if it is published or the person may change it.

    :raises UnknownCourse: otherwise.
    """
    return _only(Course.objects.visible_to(person).named(slug_or_id))


def get_course_with_outline(person: User | AnonymousUser, slug_or_id: str) -> Course:
    """Return the course that the person may see, and with it its lessons' titles in order.

    :raises UnknownCourse: when there is none.
    """
    course = get_visible_course(person, slug_or_id)
    outline = Lesson.objects.only("course_id", "position", "title").order_by("position")
    prefetch_related_objects([course], Prefetch("lessons", outline))
    return course


def get_course_to_study(person: User, slug_or_id: str) -> Course:
    """Return the course with this slug or id, for who has a seat in it or may change it.

    Who takes part keeps what is inside when the course leaves the catalogue.

    :raises UnknownCourse: for others, when it is not published.
    :raises NotEnrolled: for others, when it is.
    """
    course = _only(Course.objects.named(slug_or_id))
    require_access(person, course)
    return course


def require_access(person: User, course: Course) -> None:
    """Return if what is inside the course is for this person.

    :raises UnknownCourse: when they may not even know of it.
    :raises NotEnrolled: when they have no seat in it.
    """
    if course.is_edited_by(person) or course.enrollments.seated().filter(user=person).exists():
        return
    raise NotEnrolled if course.is_published else UnknownCourse


def get_priced_course(slug_or_id: str) -> Course:
    """Return the published course with this slug or id, for somebody who wants to pay for it.

    :raises UnknownCourse: when there is none.
    :raises CourseIsFree: when it costs nothing.
    """
    course = get_published_course(slug_or_id)
    if course.is_free:
        raise CourseIsFree
    return course


def lock_course(course: Course) -> Course:
    """Return the course as it is now, its instructor loaded, its row locked until the caller's transaction ends.

    :raises UnknownCourse: when it was deleted meanwhile.
    """
    return _only(Course.objects.select_for_update(no_key=True, of=("self",)).filter(pk=course.pk))


def _only(courses: QuerySet[Course]) -> Course:
    found = courses.select_related("instructor").first()
    if found is None:
        raise UnknownCourse
    return found
