"""Making courses, changing them, and letting them be seen."""

from collections.abc import Mapping
from contextlib import suppress
from typing import Any
from uuid import UUID

from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course
from courses.models.catalogue import edits_courses
from courses.services.changes import apply_changes
from courses.services.finding import UnknownCourse, lock_course
from courses.services.thumbnails import discard_file
from courses.slugs import free_slug, reads_as_id, stem_of
from titanobova.errors import DomainError, FieldError, TemporarilyUnavailable
from users.models import User

TRIES = 20  # of as many people who name a course alike at the same moment


class CourseInUse(DomainError):
    """People take part, or took part."""

    code, status, message = "course_in_use", 409, "People are enrolled in this course. Take it out of the catalogue."


class SeatsTaken(DomainError):
    """Seats that people have cannot be taken away by a smaller number."""

    code, status, message = "seats_taken", 409, "More seats of this course are taken than that."


class CourseNotReady(DomainError):
    """Something is missing that a published course needs; `missing` says what."""

    code, status, message = "course_not_ready", 409, "A course needs a title, a slug and a price that can be paid."


class SlugIsPublic(DomainError):
    """The address is out in the world: in search engines, mails and bookmarks."""

    code, status = "slug_is_public", 409
    message = "The slug of a published course stays. Take the course out of the catalogue to change it."


def create_course(user: User, fields: Mapping[str, Any], *, by: Actor) -> Course:
    """Make a draft of the person's own; staff may name another instructor.

    :raises FieldError: on `slug` when it is taken, and for whatever else makes no sense.
    """
    course = Course(**{"instructor_id": user.pk, **fields})
    _require_sense(course, fields)
    with transaction.atomic():
        if course.slug:
            _save(course, force_insert=True)
        else:
            _insert_with_free_slug(course)
        record("create", "courses.course.created", by=by, on=course, details={"fields": sorted(fields)})
    return course


@transaction.atomic
def change_course(course: Course, changes: Mapping[str, Any], *, by: Actor) -> Course:
    """Store what changed, and return the course; without a difference nothing is written.

    The course's lock is the one that seats are given out under, so the capacity cannot fall below them meanwhile.

    :raises UnknownCourse: when it was deleted meanwhile.
    :raises SeatsTaken: for a capacity that is smaller than the seats taken.
    :raises SlugIsPublic: for another slug of a published course.
    :raises FieldError: for whatever makes no sense.
    """
    locked = lock_course(course)
    differences = apply_changes(locked, changes)
    if not differences:
        return locked
    if "slug" in differences and locked.is_published:
        raise SlugIsPublic
    _require_sense(locked, differences)
    if "capacity" in differences:
        require_seats_for_all(locked)
    _save(locked, update_fields=[*differences, "updated_at"])
    record("update", "courses.course.changed", by=by, on=locked, details={"fields": differences})
    return locked


@transaction.atomic
def delete_course(course: Course, *, by: Actor) -> None:
    """Delete a course that nobody was ever enrolled in, with its lessons and its picture.

    The full lock holds off who enrols at this moment: they wait, and find no course.

    :raises UnknownCourse: when it was deleted meanwhile.
    :raises CourseInUse: when somebody is enrolled or was.
    """
    locked = Course.objects.select_for_update().filter(pk=course.pk).first()
    if locked is None:
        raise UnknownCourse
    if locked.enrollments.exists():
        raise CourseInUse
    record("delete", "courses.course.deleted", by=by, on=locked, details={"was": locked.title, "slug": locked.slug})
    discard_file(locked.thumbnail.name)
    locked.delete()


@transaction.atomic
def publish_course(course: Course, *, by: Actor) -> Course:
    """Put the course into the catalogue; one that is there stays.

    :raises UnknownCourse: when it was deleted meanwhile.
    :raises CourseNotReady: when something is missing.
    """
    locked = lock_course(course)
    needed = {
        "title": bool(locked.title.strip()),
        "slug": bool(locked.slug) and not reads_as_id(locked.slug),
        "price": not locked.why_unpayable,
    }
    if missing := [name for name, is_there in needed.items() if not is_there]:
        raise CourseNotReady(details={"missing": missing})
    return _show(locked, True, "courses.course.published", by=by)


@transaction.atomic
def unpublish_course(course: Course, *, by: Actor) -> Course:
    """Take the course out of the catalogue; who takes part keeps it.

    :raises UnknownCourse: when it was deleted meanwhile.
    """
    return _show(lock_course(course), False, "courses.course.unpublished", by=by)


def require_seats_for_all(course: Course) -> None:
    """Return if the capacity holds everyone who has a seat; the caller holds the course's row locked.

    :raises SeatsTaken: otherwise.
    """
    if course.capacity is not None and course.enrollments.taking_a_seat().count() > course.capacity:
        raise SeatsTaken


def _show(locked: Course, is_published: bool, event: str, *, by: Actor) -> Course:
    if differences := apply_changes(locked, {"is_published": is_published}):
        locked.save(update_fields=["is_published", "updated_at"])
        record("update", event, by=by, on=locked, details={"fields": differences})
    return locked


def _require_sense(course: Course, changed: Mapping[str, Any]) -> None:
    """Look at what was changed alone: who mends a title is not told of an old price."""
    priced = next((name for name in ("price", "currency") if name in changed), "")
    if priced and (reason := course.why_unpayable):
        raise FieldError(priced, reason, "invalid_price")
    if "slug" in changed and reads_as_id(course.slug):
        raise FieldError("slug", "A slug must not look like an id.", "invalid")
    if "instructor_id" in changed and course.instructor_id is not None:
        _require_teacher(course.instructor_id)


def _require_teacher(user_id: UUID) -> None:
    person = User.objects.filter(pk=user_id, is_active=True).first()
    if person is None or not edits_courses(person):
        raise FieldError("instructor", "Nobody who may teach has this id.", "does_not_exist")


def _insert_with_free_slug(course: Course) -> None:
    """Insert the course under a slug made from its title; of parallel ones each finds the next number."""
    stem = stem_of(course.title)
    for _ in range(TRIES):
        taken = set(Course.objects.filter(slug__startswith=stem).values_list("slug", flat=True))
        course.slug = free_slug(stem, taken)
        with suppress(FieldError):
            _save(course, force_insert=True)
            return
    raise TemporarilyUnavailable


def _save(course: Course, **options: Any) -> None:
    """Save; the one constraint that a checked course can still break is that of its slug."""
    try:
        with transaction.atomic():
            course.save(**options)
    except IntegrityError:
        raise FieldError("slug", "Another course has this slug.", "unique") from None
