"""An old id that the old site gave to somebody else, after what it stood for was deleted there."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from django.contrib.auth.hashers import check_password

from courses.models import Enrollment
from legacy_import.comparing import verify
from legacy_import.loading.moments import is_another_moment
from legacy_import.mapping import ImportOptions
from legacy_import.models import OldPayment
from legacy_import.pipeline import Order
from legacy_import.undoing import undo
from tests.legacy_import.conftest import Change, MakeSqlite
from tests.legacy_import.imports import counted, import_from, noted
from users.models import User

pytestmark = pytest.mark.django_db
OLD = """
    CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, password TEXT, name TEXT, createdAt TEXT);
    CREATE TABLE courses (id INTEGER PRIMARY KEY, title TEXT, price INT);
    CREATE TABLE contacts (id INTEGER PRIMARY KEY, name TEXT, email TEXT, message TEXT, createdAt TEXT);
    CREATE TABLE enrollments (id INTEGER PRIMARY KEY, userId INT, courseId INT, status TEXT, createdAt TEXT);
    CREATE TABLE payments (id INTEGER PRIMARY KEY, userId INT, courseId INT, amount INT, status TEXT, createdAt TEXT);
    INSERT INTO users VALUES (1, 'first@example.com', 'pw-first', 'First', '2020-01-01 08:00:00');
    INSERT INTO users VALUES (2, 'victim@example.com', 'pw-victim', 'Victim', '2020-01-02 08:00:00');
    INSERT INTO courses VALUES (3, 'Physics', 20);
    INSERT INTO contacts VALUES (5, 'Victim', 'victim@example.com', 'A secret', '2020-01-03 08:00:00');
    INSERT INTO enrollments VALUES (7, 2, 3, 'active', '2020-01-03 08:00:00');
    INSERT INTO payments VALUES (9, 2, 3, 20, 'paid', '2020-01-03 08:00:00');
"""
GIVEN_ANEW = """
    DELETE FROM users WHERE id = 2; DELETE FROM contacts; DELETE FROM enrollments; DELETE FROM payments;
    INSERT INTO users VALUES (2, 'stranger@example.com', 'pw-stranger', 'Stranger', '2020-03-02 09:10:11');
    INSERT INTO contacts VALUES (5, 'Stranger', 'stranger@example.com', 'Hello', '2020-03-02 09:20:11');
    INSERT INTO enrollments VALUES (7, 2, 3, 'pending', '2020-03-02 09:30:11');
    INSERT INTO payments VALUES (9, 2, 3, 30, 'failed', '2020-03-02 09:40:11');
"""


@pytest.fixture
def old(make_sqlite: MakeSqlite) -> Path:
    return make_sqlite(OLD, name="old-site.sqlite3")


def test_a_stranger_gets_an_account_of_their_own(old: Path, change: Change) -> None:
    import_from(old)
    change(GIVEN_ANEW)

    report = import_from(old)

    assert counted(report, "users") == {"created": 1, "unchanged": 1}
    assert noted(report, "users")["id_given_to_something_else_made_new"] == 1
    victim, stranger = (User.objects.get(email=f"{name}@example.com") for name in ("victim", "stranger"))
    assert check_password("pw-victim", victim.password)
    assert [one.message for one in victim.contacts.all()] == ["A secret"]
    assert [one.message for one in stranger.contacts.all()] == ["Hello"]
    assert sorted(OldPayment.objects.values_list("user__email", "amount")) == [
        ("stranger@example.com", Decimal(30)),
        ("victim@example.com", Decimal(20)),
    ]
    assert [one.status for one in stranger.enrollments.all()] == ["pending"]
    kept = victim.enrollments.get()
    assert (kept.status, kept.grants.standing().count()) == ("active", 2)  # by the row and by the payment
    assert counted(import_from(old), "users") == {"unchanged": 2}


def test_a_payments_id_alone_takes_nothing_from_who_had_it(old: Path, change: Change) -> None:
    change("UPDATE enrollments SET status = 'pending'")
    import_from(old)
    change("UPDATE payments SET userId = 1, status = 'failed', createdAt = '2020-03-02 09:40:11'")

    import_from(old)

    kept = Enrollment.objects.get(user__email="victim@example.com")
    assert (kept.status, kept.grants.standing().count()) == ("active", 1)


def test_an_account_whose_day_was_not_known_is_no_other_with_another_address(old: Path, change: Change) -> None:
    change("UPDATE users SET createdAt = NULL")
    import_from(old)
    change("UPDATE users SET email = 'new@example.com', createdAt = '2020-05-05 05:05:05' WHERE id = 2")

    assert counted(import_from(old), "users") == {"updated": 1, "unchanged": 1}


def test_the_stranger_does_not_get_an_account_that_is_in_use(old: Path, change: Change) -> None:
    import_from(old)
    User.objects.filter(email="victim@example.com").update(last_login="2026-01-01T00:00:00Z")
    change(GIVEN_ANEW)

    import_from(old)

    assert Enrollment.objects.get(status="pending").user.email == "stranger@example.com"


def test_a_comparison_says_that_the_first_one_is_gone(old: Path, change: Change) -> None:
    import_from(old)
    change(GIVEN_ANEW)
    import_from(old)
    named: list[str] = []

    verify(Order(str(old), ImportOptions()), lambda difference: named.append(str(difference)))

    assert [one.split()[0] for one in named] == ["users", "contacts", "enrollments", "payments"]
    assert all("is gone from the old database" in one for one in named)


def test_each_run_is_undone_with_what_it_brought(old: Path, change: Change) -> None:
    change("DELETE FROM enrollments; DELETE FROM payments")
    first = import_from(old)
    change(GIVEN_ANEW)
    second = import_from(old)

    undo(second.run)
    assert set(User.objects.values_list("email", flat=True)) == {"first@example.com", "victim@example.com"}

    undo(first.run)
    assert not User.objects.exists()


@pytest.mark.parametrize(
    "edit",
    [
        "UPDATE users SET email = 'new@example.com' WHERE id = 2",
        "UPDATE users SET email = 'new@example.com', createdAt = '2020-01-02' WHERE id = 2",  # a column of days now
        "UPDATE users SET email = 'new@example.com', createdAt = '2020-01-02 13:30:00' WHERE id = 2",  # another zone
        "UPDATE users SET createdAt = '2023-05-05 05:05:05' WHERE id = 2",
        "UPDATE users SET email = 'new@example.com', createdAt = NULL WHERE id = 2",
    ],
)
def test_a_change_of_one_person_is_no_other_person(old: Path, change: Change, edit: str) -> None:
    import_from(old)
    change(edit)

    assert counted(import_from(old), "users") == {"updated": 1, "unchanged": 1}
    assert User.objects.count() == 2


def test_moments_are_the_same_when_they_were_read_otherwise() -> None:
    at = datetime(2020, 1, 2, 8, tzinfo=UTC)
    same = [timedelta(0), timedelta(seconds=59), timedelta(hours=5, minutes=45), -timedelta(hours=12)]
    other = [timedelta(minutes=1), timedelta(hours=5, minutes=44), timedelta(days=2), -timedelta(days=400)]

    assert [is_another_moment(at + apart, at) for apart in same] == [False] * 4
    assert [is_another_moment(at + apart, at) for apart in other] == [True] * 4
