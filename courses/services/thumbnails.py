"""The pictures of courses, drawn anew as those of people are."""

from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.core.files.uploadedfile import UploadedFile
from django.db import transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course
from courses.services.changes import apply_changes
from courses.services.finding import lock_course
from users.pictures import stored_picture

FOLDER = "course_thumbnails"


def set_thumbnail(course: Course, upload: "UploadedFile[Any] | None", *, by: Actor) -> Course:
    """Store a course's picture, or take it away with None, and return the course.

    :raises UnknownCourse: when it was deleted meanwhile; no file is left behind.
    :raises FieldError: on `thumbnail`, when the file is no picture.
    """
    with stored_picture(upload, folder=FOLDER, field="thumbnail") as name:
        return _store(course, name, by=by)


def discard_file(name: str | None) -> None:
    """Delete the file of a picture when the caller's transaction commits; a course without one has no name for it."""
    if name:
        transaction.on_commit(partial(default_storage.delete, name), robust=True)


@transaction.atomic
def _store(course: Course, name: str, *, by: Actor) -> Course:
    """Write under the lock: of parallel uploads each finds the one before it and removes its file."""
    locked = lock_course(course)
    discard_file(locked.thumbnail.name)
    if differences := apply_changes(locked, {"thumbnail": name}):
        locked.save(update_fields=["thumbnail", "updated_at"])
        record("update", "courses.course.changed", by=by, on=locked, details={"fields": differences})
    return locked
