"""What people change about themselves."""

from collections.abc import Mapping
from functools import partial
from typing import Any

from django.core.files.storage import default_storage
from django.db import transaction

from audit.actor import Actor
from audit.services import record
from users.models import User
from users.pictures import stored_picture
from users.tokens import InvalidToken

FOLDER = "profile_pictures"
PICTURE = "profile_picture"


def update_profile(user: User, changes: Mapping[str, Any], *, by: Actor) -> User:
    """Store what a person changed about themselves; `profile_picture` is an uploaded file, or None to remove it.

    :raises FieldError: on `profile_picture`, when the file is no picture.
    :raises InvalidToken: when the account was closed at this very moment.
    """
    if PICTURE not in changes:
        return _store(user, changes, by=by)
    with stored_picture(changes[PICTURE], folder=FOLDER, field=PICTURE) as name:
        return _store(user, {**changes, PICTURE: name}, by=by)


@transaction.atomic
def _store(user: User, changes: Mapping[str, Any], *, by: Actor) -> User:
    """Write under a lock: of parallel uploads each finds the one before it and removes its file."""
    person = User.objects.select_for_update(no_key=True).filter(pk=user.pk, is_active=True).first()
    if person is None:
        raise InvalidToken
    if PICTURE in changes:
        discard_picture(person)
    for name, new in changes.items():
        setattr(person, name, new)
    person.save(update_fields=[*changes, "updated_at"])
    record("update", "users.profile.updated", by=by, on=person, details={"fields": sorted(changes)})
    return person


def discard_picture(user: User) -> None:
    """Delete the file of the stored picture when the caller's transaction commits."""
    if old := user.profile_picture.name:
        transaction.on_commit(partial(default_storage.delete, old), robust=True)
