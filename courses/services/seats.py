"""Whether a course has a seat left."""

from courses.models import Course
from titanobova.errors import DomainError


class CourseFull(DomainError):
    """Every seat is taken or held."""

    code, status, message = "course_full", 409, "Every seat of this course is taken."


def require_a_free_seat(course: Course) -> None:
    """Return if another person fits into `course`, whose row the caller holds locked: only so the count stays true.

    :raises CourseFull: otherwise.
    """
    if course.capacity is not None and course.enrollments.taking_a_seat().count() >= course.capacity:
        raise CourseFull
