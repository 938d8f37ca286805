"""The lessons of a course: written, changed and put in order.

Whoever adds, removes or moves one holds the course's row locked, so the lessons of a course change one after the other.
"""

from collections.abc import Mapping, Sequence
from itertools import count, islice
from typing import Any
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Lesson
from courses.services.changes import apply_changes
from courses.services.completing import complete_all_who_are_through
from courses.services.finding import UnknownCourse, lock_course, require_access
from titanobova.errors import DomainError, FieldError
from users.models import User

MAX_LESSONS = 500  # of a course


class UnknownLesson(DomainError):
    """There is no such lesson for who asks."""

    code, status, message = "not_found", 404, "There is no such lesson."


class TooManyLessons(DomainError):
    """Nobody goes through so many."""

    code, status, message = "too_many_lessons", 409, f"A course has at most {MAX_LESSONS} lessons."


def get_visible_lesson(person: User | AnonymousUser, lesson_id: UUID) -> Lesson:
    """Return the lesson, its course loaded, if the person may know of the course.

    :raises UnknownLesson: otherwise.
    """
    lesson = Lesson.objects.select_related("course").filter(pk=lesson_id).first()
    if lesson is None or not (lesson.course.is_published or lesson.course.is_edited_by(person)):
        raise UnknownLesson
    return lesson


def get_lesson_to_study(person: User, lesson_id: UUID) -> Lesson:
    """Return the lesson, its course loaded, for who has a seat in the course or may change it.

    :raises UnknownLesson: for others, when the course is not published.
    :raises NotEnrolled: for others, when it is.
    """
    lesson = Lesson.objects.select_related("course").filter(pk=lesson_id).first()
    if lesson is None:
        raise UnknownLesson
    try:
        require_access(person, lesson.course)
    except UnknownCourse:
        raise UnknownLesson from None
    return lesson


@transaction.atomic
def add_lesson(course: Course, fields: Mapping[str, Any], *, by: Actor) -> Lesson:
    """Write a lesson behind all others of the course.

    :raises UnknownCourse: when the course was deleted meanwhile.
    :raises TooManyLessons: when it has MAX_LESSONS.
    """
    locked = lock_course(course)
    others = _lessons_of(locked)
    if len(others) >= MAX_LESSONS:
        raise TooManyLessons
    _close_gaps(others)
    lesson = Lesson.objects.create(course=locked, position=len(others) + 1, **fields)
    record("create", "courses.lesson.created", by=by, on=lesson, details={"fields": sorted(fields)})
    return lesson


@transaction.atomic
def change_lesson(lesson: Lesson, changes: Mapping[str, Any], *, by: Actor) -> Lesson:
    """Store what changed, and return the lesson; without a difference nothing is written.

    :raises UnknownLesson: when it was deleted meanwhile.
    """
    locked = _lock_lesson(lesson)
    if differences := apply_changes(locked, changes):
        locked.save(update_fields=list(differences))
        record("update", "courses.lesson.changed", by=by, on=locked, details={"fields": differences})
    return locked


def remove_lesson(lesson: Lesson, *, by: Actor) -> None:
    """Delete a lesson, and with it how far people were in it; those behind it move up.

    For whom it was the last one to be done, the course is completed, each in a transaction of its own: whoever is
    studying at this moment holds their enrolment before a lesson, and would wait in a ring.

    :raises UnknownLesson: when it was deleted meanwhile.
    """
    with transaction.atomic():
        course = lock_course(lesson.course)
        locked = _lock_lesson(lesson, to_delete=True)
        record("delete", "courses.lesson.deleted", by=by, on=locked, details={"was": locked.title})
        locked.delete()
        _close_gaps(_lessons_of(course))
    complete_all_who_are_through(course, by=by)


@transaction.atomic
def order_lessons(course: Course, ids: Sequence[UUID], *, by: Actor) -> list[Lesson]:
    """Put the lessons of the course in the order of `ids`, the first one at position 1, and return them.

    :raises UnknownCourse: when the course was deleted meanwhile.
    :raises FieldError: on `lessons`, unless each lesson of the course is there once.
    """
    locked = lock_course(course)
    lessons = {lesson.pk: lesson for lesson in _lessons_of(locked)}
    if sorted(ids) != sorted(lessons):
        raise FieldError("lessons", "Name each lesson of the course once.", "not_the_lessons")
    ordered = [lessons[lesson_id] for lesson_id in ids]
    _place(ordered)
    record("update", "courses.lessons.ordered", by=by, on=locked, details={"fields": ["lessons"]})
    return ordered


def _lessons_of(course: Course) -> list[Lesson]:
    return list(course.lessons.only("course_id", "position", "title").order_by("position"))


def _lock_lesson(lesson: Lesson, *, to_delete: bool = False) -> Lesson:
    """Hold a lesson; one that is `to_delete` also from whoever begins it, or their row would point at nothing."""
    locked = Lesson.objects.select_for_update(no_key=not to_delete).filter(pk=lesson.pk).first()
    if locked is None:
        raise UnknownLesson
    return locked


def _close_gaps(lessons: list[Lesson]) -> None:
    if [lesson.position for lesson in lessons] != list(range(1, len(lessons) + 1)):
        _place(lessons)


def _place(lessons: list[Lesson]) -> None:
    """Give the lessons, all of a course, the positions from 1 on.

    A database looks for a second lesson on a position after each row, not after the last one; so all of them first move
    to positions that none of them has or will have.
    """
    taken = {lesson.position for lesson in lessons}
    spare = islice((position for position in count(len(lessons) + 1) if position not in taken), len(lessons))
    for positions in (list(spare), range(1, len(lessons) + 1)):
        for lesson, position in zip(lessons, positions, strict=True):
            lesson.position = position
        Lesson.objects.bulk_update(lessons, ["position"])
