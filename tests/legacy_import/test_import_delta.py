"""Importing again, after the old site or this one went on."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest
from django.utils import timezone

from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentRequest
from legacy_import.models import ImportedRecord, ImportRun
from legacy_import.source.sqlite import SqliteSource
from tests.legacy_import.conftest import Change, MakeSqlite
from tests.legacy_import.imports import Written, counted, everything_stored, import_from, noted
from users.models import User

pytestmark = pytest.mark.django_db


def test_only_rows_that_changed_are_updated(old: Path, change: Change) -> None:
    import_from(old)
    before = {row["id"]: row for row in everything_stored()["contacts.Contact"]}
    change("UPDATE contacts SET message = 'I&#x27;ve found it' WHERE id IN (3, 8)")

    report = import_from(old)

    assert counted(report, "contacts") == {"updated": 2, "unchanged": 58}
    after = {row["id"]: row for row in everything_stored()["contacts.Contact"]}
    changed = {pk: after[pk]["message"] for pk in after if after[pk] != before[pk]}
    assert list(changed.values()) == ["I've found it"] * 2
    assert counted(import_from(old), "contacts") == {"unchanged": 60}


def test_whoever_is_banned_on_the_old_site_meanwhile_is_off_with_the_next_run(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id, email, is_active, status, is_deleted, deleted_at);"
        "INSERT INTO users VALUES (1, 'a@example.com', 1, 'ok', 0, NULL), (2, 'b@example.com', 1, 'ok', 0, NULL)"
    )
    import_from(old)
    make_sqlite(
        "UPDATE users SET status = 'banned' WHERE id = 1; UPDATE users SET deleted_at = 1704067200 WHERE id = 2"
    )

    assert counted(import_from(old), "users") == {"updated": 2}
    assert not User.objects.filter(is_active=True).exists()


def test_new_rows_are_added_with_what_they_refer_to(old: Path, change: Change) -> None:
    import_from(old)
    change(
        "INSERT INTO users VALUES (77, 'new@example.com', 'x', 'New One', 'student', '2024-01-01 00:00:00');"
        "INSERT INTO enrollments VALUES (900, 77, 'UI/UX Design', 'active', '2024-01-02 00:00:00')"
    )

    report = import_from(old)

    assert counted(report, "users") == {"created": 1, "unchanged": 40}
    assert counted(report, "enrollments") == {"created": 1, "unchanged": 49}
    assert report.courses_created == []
    assert Enrollment.objects.get(user__email="new@example.com").course.title == "UI/UX Design"


def test_a_change_made_here_since_wins_and_is_reported(old: Path, change: Change) -> None:
    import_from(old)
    User.objects.filter(email="person05@example.com").update(last_name="Corrected")
    change("UPDATE users SET name = 'From the old site'")

    report = import_from(old)

    assert counted(report, "users") == {"updated": 39, "unchanged": 1}
    assert noted(report, "users")["local_change_kept"] == 1
    assert User.objects.get(email="person05@example.com").last_name == "Corrected"


def test_a_password_changed_here_survives_a_password_changed_there(old: Path, change: Change) -> None:
    import_from(old)
    account = User.objects.get(email="person01@example.com")
    account.set_password("chosen-here-9")
    account.save()
    change("UPDATE users SET password = (SELECT password FROM users WHERE id = 9) WHERE id = 2")

    import_from(old)

    account.refresh_from_db()
    assert account.check_password("chosen-here-9")


def test_an_account_that_logged_in_here_is_never_overwritten(old: Path, change: Change) -> None:
    import_from(old)
    User.objects.filter(email="person01@example.com").update(last_login=timezone.now())
    change("UPDATE users SET name = 'Somebody Else', email = 'else@example.com', userType = 'admin' WHERE id = 2")

    report = import_from(old, trust_roles=True)

    assert noted(report, "users")["account_in_use_kept"] == 1
    account = User.objects.get(email="person01@example.com")
    assert (account.first_name, account.user_type, account.is_staff) == ("Bjørn", "student", False)


def test_an_account_whose_owner_confirmed_the_address_here_is_never_overwritten(old: Path, change: Change) -> None:
    import_from(old)
    User.objects.filter(email="person01@example.com").update(email_verified=True)
    change("UPDATE users SET email = 'else@example.com' WHERE id = 2")

    report = import_from(old)

    assert noted(report, "users")["account_in_use_kept"] == 1
    assert not User.objects.filter(email="else@example.com").exists()


def test_what_was_deleted_here_does_not_come_back(old: Path, change: Change) -> None:
    import_from(old)
    Contact.objects.filter(pk=ImportedRecord.objects.get(kind="contacts", legacy_id="3").object_id).delete()
    change("UPDATE contacts SET message = 'again' WHERE id = 3")

    report = import_from(old)

    assert counted(report, "contacts") == {"unchanged": 60}
    assert noted(report, "contacts")["deleted_here_kept_so"] == 1
    assert Contact.objects.count() == 59


def test_a_course_that_staff_renamed_is_still_found(old: Path, change: Change) -> None:
    import_from(old)
    Course.objects.filter(title="UI/UX Design").update(title="Design from Zero", is_published=True)
    change("INSERT INTO enrollments VALUES (900, 1, 'UI/UX Design', 'active', '2024-01-02 00:00:00')")

    report = import_from(old)

    assert report.courses_created == []
    assert counted(report, "enrollments")["unchanged"] == 49
    assert Enrollment.objects.filter(user__email="person00@example.com", course__title="Design from Zero").exists()


def test_an_enrolment_follows_the_old_site_until_somebody_here_decides(old: Path, change: Change) -> None:
    import_from(old)
    change("UPDATE enrollments SET status = 'active' WHERE id IN (1, 2)")
    import_from(old)
    first, second = (ImportedRecord.objects.get(kind="enrollments", legacy_id=n).object_id for n in "12")
    Enrollment.objects.filter(pk=second).update(status="refunded")
    change("UPDATE enrollments SET status = 'completed' WHERE id IN (1, 2)")

    import_from(old)

    assert Enrollment.objects.get(pk=first).status == "completed"
    assert Enrollment.objects.get(pk=second).status == "refunded"


def test_an_address_given_up_by_one_person_is_free_for_the_next(old: Path, change: Change) -> None:
    import_from(old)
    first = User.objects.get(email="person03@example.com").pk
    change(
        "UPDATE users SET email = 'moved@example.com' WHERE id = 4;"
        "INSERT INTO users VALUES (77, 'Person03@example.com', 'x', 'Next', 'student', '2024-01-01 00:00:00')"
    )

    report = import_from(old)

    assert counted(report, "users") == {"created": 1, "updated": 1, "unchanged": 39}
    assert User.objects.get(email="moved@example.com").pk == first
    assert User.objects.get(email="Person03@example.com").first_name == "Next"


def test_an_address_that_another_account_holds_is_refused(old: Path, change: Change) -> None:
    import_from(old)
    User.objects.create(email="taken@example.com", email_verified=True)
    change("UPDATE users SET email = 'taken@example.com' WHERE id = 4")

    report = import_from(old)

    assert counted(report, "users") == {"unchanged": 39, "rejected": 1}
    assert "now means the same as" in report.tables[0].refusals[0][1]
    assert User.objects.filter(email="person03@example.com").exists()


def test_staff_rights_once_granted_are_not_taken_away_by_a_run_without_the_flag(old: Path) -> None:
    import_from(old, trust_roles=True)

    import_from(old)

    assert User.objects.get(email="person00@example.com").is_staff


def test_an_unusable_password_is_not_replaced_by_another_unusable_one(old: Path, change: Change) -> None:
    change("UPDATE users SET password = '$6$unknown$text' WHERE id = 2")
    import_from(old)
    before = User.objects.get(email="person01@example.com")
    change("UPDATE users SET password = '$6$unknown$other', name = 'Renamed' WHERE id = 2")

    with Written() as tables:
        import_from(old)

    after = User.objects.get(email="person01@example.com")
    assert "users_user" in tables
    assert (after.first_name, after.password) == ("Renamed", before.password)
    assert not after.has_usable_password()


def test_a_registration_paid_since_is_marked_as_paid(old: Path, change: Change) -> None:
    import_from(old)
    change("UPDATE registrations SET paid = 1 WHERE id = 2")

    report = import_from(old)

    assert counted(report, "registrations") == {"updated": 1, "unchanged": 34}
    assert EnrollmentRequest.objects.filter(is_paid=True).count() == 7


def test_a_course_deleted_here_is_made_again_when_somebody_new_takes_part(old: Path, change: Change) -> None:
    import_from(old)
    Enrollment.objects.all().delete()
    Course.objects.all().delete()
    change("INSERT INTO enrollments VALUES (900, 1, 'UI/UX Design', 'active', '2024-01-02 00:00:00')")

    report = import_from(old)

    assert report.courses_created == ["UI/UX Design"]
    assert Enrollment.objects.get().course.title == "UI/UX Design"


def test_a_run_whose_rows_do_not_add_up_fails(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(SqliteSource, "count", lambda self, table: 41)

    report = import_from(old)

    assert report.failure == "the rows read are not all accounted for"
    assert ImportRun.objects.get().outcome == ImportRun.Outcome.FAILED


# Columns that are read row by row: where no row of a batch is to be read, nothing is written into their fields.
ROW_BY_ROW = {
    "soft deletes": "deletedAt",
    "dates of birth": "dob",
    "states": "is_active",
    "JSON": "meta",
}


@pytest.mark.parametrize("column", ROW_BY_ROW.values(), ids=ROW_BY_ROW)
def test_a_table_in_which_nothing_changed_lets_the_next_one_in(make_sqlite: MakeSqlite, column: str) -> None:
    value = json.dumps({"phone": "+49 30 1", "name": "Ada B"}) if column == "meta" else "1990-02-03"
    tables = "".join(
        f"CREATE TABLE {name} (id INTEGER PRIMARY KEY, name, email, message, createdAt, {column});"
        f"INSERT INTO {name} VALUES (1, 'A B', 'a@example.com', 'Hi', '2023-01-01', '{value}');"
        for name in ("users", "contacts")
    )
    old = make_sqlite(tables)
    import_from(old)
    with closing(sqlite3.connect(old)) as database:
        database.execute("INSERT INTO contacts SELECT 2, name, email, 'Again', createdAt, NULL FROM contacts")
        database.commit()

    report = import_from(old)

    assert report.failure == ""
    assert (counted(report, "users"), counted(report, "contacts")) == (
        {"unchanged": 1},
        {"created": 1, "unchanged": 1},
    )


def test_a_table_of_which_every_row_is_refused_lets_the_next_one_in(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, email, dob, meta, createdAt);"
        "INSERT INTO users VALUES (1, NULL, '1990-02-03', '{}', '2023-01-01');"
        "CREATE TABLE contacts (id INTEGER PRIMARY KEY, name, email, message, createdAt);"
        "INSERT INTO contacts VALUES (1, 'A B', 'a@example.com', 'Hi', '2023-01-01');"
    )

    report = import_from(old)

    assert (report.failure, counted(report, "users"), counted(report, "contacts")) == (
        "",
        {"rejected": 1},
        {"created": 1},
    )
