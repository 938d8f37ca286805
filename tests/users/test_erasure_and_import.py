"""The next import of the old site does not bring an erased person back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.actor import Actor
from contacts.models import Contact
from courses.models import EnrollmentRequest
from tests.legacy_import.conftest import EXAMPLES
from tests.legacy_import.imports import import_from, noted
from tests.users.lives import dump
from users.models import User
from users.services.privacy import erase_account

EMAIL = "person01@example.com"


@pytest.fixture
def old_site(tmp_path: Path) -> Path:
    """A copy of the sample, to be changed."""
    return Path(shutil.copy(EXAMPLES / "titanobova.sqlite3", tmp_path / "old.sqlite3"))


@pytest.fixture
def erased(db: None, old_site: Path, actor: Actor) -> User:
    """Somebody of the sample, imported and erased; the row that is left."""
    import_from(old_site)
    user = User.objects.get(email=EMAIL)
    user.email_verified = True
    user.save()
    erase_account(user, password="Legacy-pass-01", by=actor.as_user(user))
    user.refresh_from_db()
    return user


def everything_of(user: User) -> list[object]:
    account = User.objects.values().get(pk=user.pk)
    return [account, *Contact.objects.order_by("pk").values(), *EnrollmentRequest.objects.order_by("pk").values()]


def test_nothing_of_an_imported_person_is_left(erased: User) -> None:
    assert EMAIL not in dump()
    assert erased.email == f"erased-{erased.pk}@erased.invalid"


def test_a_rerun_changes_nothing(erased: User, old_site: Path) -> None:
    before = everything_of(erased)

    import_from(old_site)

    assert everything_of(erased) == before
    assert EMAIL not in dump()


def test_what_the_old_site_changed_since_stays_there(erased: User, old_site: Path) -> None:
    before = everything_of(erased)
    with closing(sqlite3.connect(old_site)) as old:
        old.execute("UPDATE users SET name = 'Somebody Else', password = 'x' WHERE email = ?", [EMAIL])
        old.execute("UPDATE contacts SET message = 'Changed' WHERE email = ?", [EMAIL])
        old.commit()

    report = import_from(old_site)

    assert everything_of(erased) == before
    assert (noted(report, "users")["local_change_kept"], noted(report, "contacts")["local_change_kept"]) == (1, 1)
    assert EMAIL not in dump()
