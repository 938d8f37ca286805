"""The next import of the old site does not bring an erased person back."""

import shutil
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from audit.actor import Actor
from contacts.models import Contact
from courses.models import EnrollmentRequest
from legacy_import.models import ImportRun
from tests.conftest import PASSWORD, make_user
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


def test_new_rows_of_the_person_are_refused_with_the_reason(erased: User, old_site: Path) -> None:
    before = everything_of(erased)
    with closing(sqlite3.connect(old_site)) as old:
        old.execute(
            "INSERT INTO users SELECT 900, upper(email), password, name, userType, createdAt FROM users LIMIT 1"
        )
        old.execute("UPDATE users SET email = ? WHERE id = 900", ["Person01@Example.com"])
        old.execute("INSERT INTO contacts (id, name, email, message) VALUES (900, 'Bjørn', ?, 'Again')", [EMAIL])
        old.execute("INSERT INTO registrations (id, name, email, course, price) VALUES (900, 'B', ?, 'X', 1)", [EMAIL])
        old.execute("INSERT INTO enrollments VALUES (900, 2, 'UI/UX Design', 'active', '2023-05-01 00:00:00')")
        old.commit()

    report = import_from(old_site)

    rejected = {table.table: table.rejected for table in report.tables}
    assert rejected == {"users": 1, "contacts": 1, "registrations": 1, "enrollments": 1}
    assert everything_of(erased) == before
    assert EMAIL not in dump().lower()


def test_a_first_import_after_the_erasure_brings_nobody_back(db: None, old_site: Path, actor: Actor) -> None:
    user = make_user(EMAIL, email_verified=True)
    erase_account(user, password=PASSWORD, by=actor.as_user(user))

    report = import_from(old_site)

    assert next(table.rejected for table in report.tables if table.table == "users") == 1
    assert EMAIL not in dump()


def test_who_never_proved_the_address_cannot_keep_its_rows_out(db: None, old_site: Path, actor: Actor) -> None:
    attacker = make_user(EMAIL)
    erase_account(attacker, password=PASSWORD, by=actor.as_user(attacker))

    import_from(old_site)

    assert User.objects.filter(email=EMAIL).exists()


def test_stored_reports_keep_their_counts_and_lose_their_samples(erased: User) -> None:
    coerced = [one for table in ImportRun.objects.get().report["tables"] for one in table["coerced"]]

    assert sum(one["count"] for one in coerced) > 0
    assert {one["sample"] for one in coerced} == {""}
