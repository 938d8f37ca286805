"""Rows that come over before what they name: however many runs it takes, the end is that of a single one."""

import json
from pathlib import Path
from typing import Any

import pytest
from django.utils import timezone

from audit.actor import Actor
from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentGrant, EnrollmentRequest
from legacy_import.comparing import verify
from legacy_import.mapping import ImportOptions
from legacy_import.models import OldPayment
from legacy_import.pipeline import Order, run_import
from tests.conftest import PASSWORD, make_user
from tests.legacy_import.conftest import Change, MakeSqlite
from tests.legacy_import.imports import Written, counted, dump, forget_everything, import_from
from users.models import User
from users.services.privacy import erase_account

pytestmark = pytest.mark.django_db
TABLES = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT, name TEXT, emailVerified INT,
        createdAt TEXT);
    CREATE TABLE courses (id INTEGER PRIMARY KEY, title TEXT, price INT, instructorId INT);
    CREATE TABLE contacts (id INTEGER PRIMARY KEY, userId INT, name TEXT, email TEXT, message TEXT, createdAt TEXT);
    CREATE TABLE enrollments (id INTEGER PRIMARY KEY, userId INT, courseId INT, status TEXT, createdAt TEXT);
    CREATE TABLE registrations (id INTEGER PRIMARY KEY, firstName TEXT, email TEXT, course TEXT, createdAt TEXT);
    CREATE TABLE payments (id INTEGER PRIMARY KEY, userId INT, email TEXT, courseId INT, amount INT, status TEXT,
        createdAt TEXT);
"""
CHILDREN = """
    INSERT INTO courses VALUES (3, 'Physics', 20, 2);
    INSERT INTO contacts VALUES (1, NULL, 'Ann', 'ann@example.com', 'By my address', '2020-01-01');
    INSERT INTO contacts VALUES (2, 2, 'Ann', 'work@example.com', 'By my account', '2020-01-02');
    INSERT INTO payments VALUES (1, NULL, 'ann@example.com', 3, 20, 'paid', '2020-01-03');
    INSERT INTO payments VALUES (2, 2, NULL, 3, 20, 'failed', '2020-01-03');
    INSERT INTO registrations VALUES (1, 'Ann', 'ann@example.com', 'Chemistry', '2020-01-04');
"""
PARENTS = """
    INSERT INTO users VALUES (2, 'ann@example.com', 'x', 'Ann', 1, '2020-02-01');
    INSERT INTO enrollments VALUES (1, 2, 3, 'pending', '2020-02-02');
"""


@pytest.fixture
def old(make_sqlite: MakeSqlite) -> Path:
    """An old database in which nobody has an account yet."""
    return make_sqlite(TABLES + CHILDREN, name="old-site.sqlite3")


def state() -> dict[str, Any]:
    """Return who has what."""
    return {
        "contacts": sorted(Contact.objects.values_list("message", "user__email"), key=str),
        "payments": sorted(OldPayment.objects.values_list("status", "user__email", "enrollment__status"), key=str),
        "courses": sorted(Course.objects.values_list("title", "instructor__email"), key=str),
        "enrollments": sorted(Enrollment.objects.values_list("course__title", "status"), key=str),
        "grounds": sorted(EnrollmentGrant.objects.filter(withdrawn_at=None).values_list("kind", "reference"), key=str),
        "requests": sorted(EnrollmentRequest.objects.values_list("email", "enrollment__user__email"), key=str),
    }


def differences(old: Path) -> list[str]:
    found: list[str] = []
    verify(Order(str(old), ImportOptions()), lambda difference: found.append(str(difference)))
    return found


def test_two_runs_end_where_one_does(old: Path, change: Change) -> None:
    import_from(old)
    change(PARENTS)
    import_from(old)
    in_two = state()
    forget_everything()
    OldPayment.objects.all().delete()

    import_from(old)

    assert in_two == state()
    assert in_two["contacts"] == [("By my account", "ann@example.com"), ("By my address", "ann@example.com")]
    assert ("succeeded", "ann@example.com", "active") in in_two["payments"]
    assert ("Physics", "active") in in_two["enrollments"]
    assert ("import", "payment:1") in in_two["grounds"]
    assert ("Physics", "ann@example.com") in in_two["courses"]
    assert differences(old) == []


def test_what_is_found_is_an_update_and_the_next_run_changes_nothing(old: Path, change: Change) -> None:
    import_from(old)
    change(PARENTS)

    report = import_from(old)

    assert counted(report, "payments") == {"updated": 2}
    assert counted(report, "courses") == {"updated": 1}
    assert counted(report, "contacts") == {"updated": 1, "unchanged": 1}  # the account fetched the other one
    with Written() as tables:
        import_from(old)
    assert tables.isdisjoint({"contacts_contact", "courses_course", "legacy_import_oldpayment", "users_user"})


def test_what_is_still_missing_writes_nothing(old: Path) -> None:
    import_from(old)

    with Written() as tables:
        report = import_from(old)

    assert counted(report, "payments") == {"unchanged": 2}
    assert tables <= {"legacy_import_importrun", "audit_auditlog", "titanobova_sharedversion"}
    assert differences(old) == []


@pytest.mark.parametrize("first", ["contacts", "payments,courses", "contacts,courses,payments,registrations"])
def test_tables_may_come_one_after_the_other(old: Path, change: Change, first: str) -> None:
    change(PARENTS)
    import_from(old)
    at_once = state()
    forget_everything()
    OldPayment.objects.all().delete()

    for tables in (frozenset(first.split(",")), frozenset()):
        run_import(Order(str(old), ImportOptions(), tables=tables, rejects=old.with_name(f"{tables}.jsonl")))

    assert state() == at_once


def test_a_comparison_names_the_links_that_would_be_found(old: Path, change: Change) -> None:
    import_from(old)
    change(PARENTS)
    run_import(Order(str(old), ImportOptions(), tables=frozenset({"users"}), rejects=old.with_name("r.jsonl")))

    named = [one for one in differences(old) if "user_id" in one or "instructor_id" in one]

    assert sorted(one.split()[0] for one in named) == ["contacts", "courses", "payments", "payments"]


def test_a_message_that_was_answered_here_finds_its_account_and_keeps_the_answer(old: Path, change: Change) -> None:
    import_from(old)
    Contact.objects.update(status="closed", internal_notes="Called back")
    change(PARENTS)

    import_from(old)

    assert set(Contact.objects.values_list("user__email", "status")) == {("ann@example.com", "closed")}
    change("UPDATE contacts SET message = 'Changed there'")
    assert counted(import_from(old), "contacts") == {"unchanged": 2}  # as it was changed here
    assert not Contact.objects.filter(message="Changed there").exists()


def test_a_course_that_the_staff_changed_here_gets_no_teacher_from_there(old: Path, change: Change) -> None:
    import_from(old)
    Course.objects.filter(title="Physics").update(price=30, updated_at=timezone.now())
    change(PARENTS)

    import_from(old)

    assert Course.objects.get(title="Physics").instructor is None


def test_a_message_that_a_visitor_wrote_here_waits_until_the_address_is_proved(old: Path, change: Change) -> None:
    here = Contact.objects.create(name="Ann", email="ann@example.com", message="Written here")
    change(PARENTS)

    import_from(old)

    here.refresh_from_db()
    assert here.user is None


def test_a_repaired_account_fetches_what_waited_for_it(old: Path, change: Change) -> None:
    change(PARENTS + "UPDATE users SET email = 'no address'")
    rejects = old.with_name("rejects.jsonl")
    run_import(Order(str(old), ImportOptions(), rejects=rejects))
    lines = [json.loads(line) for line in rejects.read_text().splitlines()]
    repaired = old.with_name("repaired.jsonl")
    with repaired.open("w") as file:
        for line in lines:
            row = {**line["row"], "email": "ann@example.com"} if line["table"] == "users" else line["row"]
            file.write(json.dumps({**line, "row": row}) + "\n")

    run_import(Order(str(old), ImportOptions(), rejects=old.with_name("2.jsonl"), retry=repaired))
    change("UPDATE users SET email = 'ann@example.com'")
    import_from(old)

    assert {email for _, email in state()["contacts"]} == {"ann@example.com"}
    assert {email for _, email, _ in state()["payments"]} == {"ann@example.com"}
    assert ("Physics", "active") in state()["enrollments"]


@pytest.mark.parametrize("status", ["active", "completed", "pending"])
def test_a_request_does_not_come_before_the_place_that_its_sender_had(old: Path, change: Change, status: str) -> None:
    change(
        "DELETE FROM payments; ALTER TABLE courses ADD COLUMN isPublished INT; UPDATE courses SET isPublished = 1;"
        "INSERT INTO registrations VALUES (2, 'Ann', 'ann@example.com', 'Physics', '2020-01-04')"
    )
    import_from(old, timezone="UTC")
    change(PARENTS + f"UPDATE enrollments SET status = '{status}'")
    import_from(old, timezone="UTC")
    in_two = state()
    forget_everything()
    OldPayment.objects.all().delete()

    import_from(old, timezone="UTC")

    assert {name: in_two[name] for name in ("enrollments", "grounds", "requests")} == {
        name: state()[name] for name in ("enrollments", "grounds", "requests")
    }
    assert ("Physics", status) in in_two["enrollments"]
    assert ("ann@example.com", "ann@example.com") in in_two["requests"]


def test_a_message_of_somebody_who_was_erased_waits_in_silence(old: Path, change: Change) -> None:
    change("INSERT INTO contacts VALUES (9, 99, 'Gone', 'gone@example.com', 'Forget me', '2020-01-01')")
    import_from(old)
    gone = make_user("gone@example.com", email_verified=True)
    erase_account(gone, password=PASSWORD, by=Actor(user=gone))

    assert counted(import_from(old), "contacts") == {"unchanged": 3}


def test_somebody_who_registered_here_and_proved_the_address_is_found_too(old: Path) -> None:
    import_from(old)
    make_user("ann@example.com", email_verified=True)

    import_from(old)

    assert ("succeeded", "ann@example.com", None) in state()["payments"]


def test_the_batch_size_does_not_matter(old: Path, change: Change) -> None:
    more = "".join(
        f"INSERT INTO contacts VALUES ({number}, NULL, 'V', 'v{number % 7}@example.com', 'Hello', '2020-01-01');"
        for number in range(10, 60)
    )
    people = "".join(
        f"INSERT INTO users VALUES ({number}, 'v{number}@example.com', 'x', 'V', 0, '2020-02-01');"
        for number in range(3, 7)
    )
    change(more)
    import_from(old)
    change(PARENTS + people)
    import_from(old, batch_size=3)
    small = dump()
    forget_everything()
    OldPayment.objects.all().delete()

    import_from(old)

    assert small["contacts"] == dump()["contacts"]
    assert User.objects.get(email="v3@example.com").contacts.count() == 8
