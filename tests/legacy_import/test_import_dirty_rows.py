"""Rows that no clean database would hold: each becomes something documented, or is rejected with its reason."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from django.contrib.auth.hashers import is_password_usable

from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentRequest
from legacy_import.models import ImportedRecord
from legacy_import.report import Report
from tests.legacy_import.conftest import MakeSqlite
from tests.legacy_import.imports import counted, import_from, noted
from users.models import User

pytestmark = pytest.mark.django_db

USERS = "CREATE TABLE users (id, email, password, name, userType, createdAt);"
ENROLLMENTS = "CREATE TABLE enrollments (id, userId, courseTitle, status, createdAt);"
CONTACTS = "CREATE TABLE contacts (id, name, email, phone, subject, message, createdAt);"
REGISTRATIONS = "CREATE TABLE registrations (id, name, email, course, price, paid, paid_at, created_at);"
BCRYPT = "$2b$10$qLieUXy7ZTv/Ra2MKdxF7OhPLGSgV5Z4HCHz/Y058a5icos7l.FqG"


def user(
    number: int | str, email: str, *, name: str = "A Person", password: str = BCRYPT, created: str = "'2023-01-01'"
) -> str:
    """Return the SQL of an account."""
    return f"INSERT INTO users VALUES ({number}, '{email}', '{password}', '{name}', 'student', {created});"


def enrollment(number: int, user_id: int, status: str, *, title: str = "Course") -> str:
    """Return the SQL of an enrolment."""
    return f"INSERT INTO enrollments VALUES ({number}, {user_id}, '{title}', '{status}', '2023-01-0{number}');"


def contact(number: int, email: str, *, phone: str = "") -> str:
    """Return the SQL of a message."""
    return f"INSERT INTO contacts VALUES ({number}, 'Name', '{email}', '{phone}', '', 'Hello', '2023-01-01');"


def rejected_lines(report: Report) -> list[dict[str, object]]:
    """Return what is in the file of rejected rows."""
    return [json.loads(line) for line in Path(report.rejects_file).read_text().splitlines()]


def test_addresses_that_differ_by_case_are_one_account_with_all_that_hangs_on_them(make_sqlite: MakeSqlite) -> None:
    people = user(1, "Ada@Example.com", name="First Row") + user(2, " ada@example.COM", name="Second Row")
    messages = contact(1, "ADA@example.com") + contact(2, "ada@example.com")
    old = make_sqlite(
        USERS
        + CONTACTS
        + ENROLLMENTS
        + people
        + messages
        + enrollment(1, 1, "active")
        + enrollment(2, 2, "active", title="B")
    )

    report = import_from(old)

    account = User.objects.get()
    assert (account.email, account.first_name) == ("Ada@Example.com", "First")
    assert counted(report, "users") == {"created": 1, "merged": 1}
    assert report.tables[0].merges == [["2", str(account.pk)]]
    assert Contact.objects.filter(user=account).count() == 2
    assert set(Enrollment.objects.filter(user=account).values_list("course__title", flat=True)) == {"Course", "B"}
    assert counted(import_from(old), "users") == {"unchanged": 2}


def test_rows_of_two_batches_merge_as_those_of_one(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + user(1, "ada@example.com") + user(2, "b@example.com") + user(3, "ADA@example.com"))

    report = import_from(old, batch_size=1)

    assert counted(report, "users") == {"created": 2, "merged": 1}


def test_a_row_is_merged_into_the_account_that_is_here_and_overwrites_nothing(
    make_sqlite: MakeSqlite, student: User
) -> None:
    User.objects.filter(pk=student.pk).update(email_verified=True)
    old = make_sqlite(
        USERS
        + ENROLLMENTS
        + CONTACTS
        + user(1, "STUDENT@example.com", name="Old Name")
        + enrollment(1, 1, "active")
        + contact(1, "student@example.com")
    )

    report = import_from(old)

    before = student.password
    student.refresh_from_db()
    assert counted(report, "users") == {"merged": 1}
    assert (student.first_name, student.password) == ("Ada", before)
    assert (Enrollment.objects.filter(user=student).count(), Contact.objects.filter(user=student).count()) == (1, 1)


def test_an_account_that_has_not_confirmed_its_address_inherits_nothing(make_sqlite: MakeSqlite, student: User) -> None:
    old = make_sqlite(
        USERS
        + ENROLLMENTS
        + CONTACTS
        + user(1, "student@example.com")
        + enrollment(1, 1, "active")
        + contact(1, "student@example.com")
    )

    report = import_from(old)

    assert counted(report, "users") == counted(report, "enrollments") == {"rejected": 1}
    assert "has not confirmed it" in str(rejected_lines(report)[0]["reason"])
    assert (Enrollment.objects.filter(user=student).count(), Contact.objects.filter(user=student).count()) == (0, 0)
    User.objects.filter(pk=student.pk).update(email_verified=True)
    assert counted(import_from(old), "enrollments") == {"created": 1}


def test_an_orphan_is_rejected_with_the_row_to_be_fed_back(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com") + enrollment(5, 99, "active"))

    report = import_from(old)

    assert rejected_lines(report) == [
        {
            "kind": "enrollments",
            "table": "enrollments",
            "key": "id",
            "legacy_id": "5",
            "reason": "its user 99 was not imported",
            "row": {"id": 5, "userId": 99, "courseTitle": "Course", "status": "active", "createdAt": "2023-01-05"},
        }
    ]
    assert report.balances
    assert not Course.objects.exists()


def test_the_file_of_rejected_rows_is_private_and_holds_no_password(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + user(1, "", password="plain-secret"))

    report = import_from(old)

    assert report.balances
    file = Path(report.rejects_file)
    assert file.stat().st_mode & 0o777 == 0o600
    assert "plain-secret" not in file.read_text()
    assert "password" not in rejected_lines(report)[0]["row"]  # type: ignore[operator]  # it is the row's object


def test_a_plain_password_is_hashed_before_it_is_stored_and_shown_nowhere(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + user(1, "a@example.com", password="hunter2") + user(2, "b@example.com", password=""))

    report = import_from(old)

    hashes = User.objects.order_by("email").values_list("password", flat=True)
    assert hashes[0].startswith("argon2$argon2id$")
    assert not is_password_usable(hashes[1])
    assert not User.objects.filter(password__contains="hunter2").exists()
    assert "hunter2" not in json.dumps(report.as_json())


def test_a_row_without_date_gets_a_date_that_is_plainly_none_and_never_now(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        USERS + user(1, "a@example.com", created="NULL") + user(2, "b@example.com", created="'yesterday'")
    )

    report = import_from(old)

    assert set(User.objects.values_list("created_at", flat=True)) == {datetime(1970, 1, 1, tzinfo=UTC)}
    assert noted(report, "users")["date_unknown_set_to_1970"] == 2


def test_of_several_live_enrolments_in_a_course_the_furthest_state_wins(make_sqlite: MakeSqlite) -> None:
    states = ["pending", "completed", "active", "cancelled"]
    rows = "".join(enrollment(number, 1, state) for number, state in enumerate(states, start=1))
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com") + rows)

    report = import_from(old)

    assert counted(report, "enrollments") == {"created": 2, "merged": 2}
    assert sorted(Enrollment.objects.values_list("status", flat=True)) == ["cancelled", "completed"]
    assert Enrollment.objects.get(status="completed").created_at == datetime(2023, 1, 1, tzinfo=UTC)
    assert counted(import_from(old), "enrollments") == {"unchanged": 4}


def test_an_enrolment_made_here_stays_as_it_is(make_sqlite: MakeSqlite) -> None:
    account = User.objects.create(email="a@example.com", email_verified=True)
    course = Course.objects.create(title="Course", slug="course")
    here = Enrollment.objects.create(user=account, course=course, status="pending")
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com") + enrollment(1, 1, "completed"))

    report = import_from(old)

    assert counted(report, "enrollments") == {"merged": 1}
    here.refresh_from_db()
    assert here.status == "pending"


def test_a_second_row_with_the_same_id_is_rejected_and_a_mere_repetition_is_not(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + user(1, "a@example.com") + user(1, "a@example.com") + user(1, "b@example.com"))

    report = import_from(old)

    assert counted(report, "users") == {"created": 1, "unchanged": 1, "rejected": 1}
    assert report.tables[0].refusals == [["1", "the id 1 occurs more than once, and this is not the first row"]]


def test_a_text_that_does_not_fit_is_rejected_and_never_cut(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        CONTACTS + contact(1, "a@example.com", phone="0" * 51) + contact(2, "a@example.com", phone="0" * 50)
    )

    report = import_from(old)

    assert report.tables[0].refusals == [["1", "phone is 51 characters long, at most 50 fit"]]
    assert Contact.objects.get().phone == "0" * 50


def test_a_payment_date_without_payment_does_not_pay(make_sqlite: MakeSqlite) -> None:
    rows = "INSERT INTO registrations VALUES (1, 'A B', 'a@example.com', 'Course', 100, 0, '2023-02-02', '2023-01-01')"
    old = make_sqlite(REGISTRATIONS + rows)

    report = import_from(old)

    request = EnrollmentRequest.objects.get()
    assert (request.is_paid, request.paid_at) == (False, None)
    assert noted(report, "registrations")["date_without_payment"] == 1


def test_titles_too_long_or_too_strange_for_an_address_still_become_courses(make_sqlite: MakeSqlite) -> None:
    titles = ["王" * 200, "!!!", "C++", "C"]
    rows = "".join(enrollment(number, 1, "active", title=title) for number, title in enumerate(titles, start=1))
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com") + rows)

    report = import_from(old)

    assert report.courses_created == titles
    assert set(Course.objects.values_list("slug", flat=True)) == {"course", "course-2", "c", "c-2"}
    assert counted(import_from(old), "enrollments") == {"unchanged": 4}


def test_a_merged_row_that_becomes_a_person_of_its_own_gets_an_account(make_sqlite: MakeSqlite) -> None:
    first = make_sqlite(USERS + user(1, "a@example.com") + user(2, "A@example.com"))
    import_from(first)
    later = make_sqlite(USERS + user(1, "a@example.com") + user(2, "own@example.com"), name="later.sqlite3")

    report = import_from(later)

    assert counted(report, "users") == {"unchanged": 1, "created": 1}
    record = ImportedRecord.objects.get(kind="users", legacy_id="2")
    assert (record.object_id, record.is_merged) == (User.objects.get(email="own@example.com").pk, False)


def test_an_enrolment_of_an_account_deleted_here_is_rejected(make_sqlite: MakeSqlite) -> None:
    import_from(make_sqlite(USERS + user(1, "a@example.com")))
    User.objects.all().delete()
    old = make_sqlite(USERS + ENROLLMENTS + user(1, "a@example.com") + enrollment(1, 1, "active"), name="later.sqlite3")

    report = import_from(old)

    assert counted(report, "users") == {"unchanged": 1}
    assert report.tables[1].refusals == [["1", "its user 1 has been deleted here"]]
