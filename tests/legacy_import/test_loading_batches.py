"""Loading batches: how many queries, what the database refuses, and that batches do not matter."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from courses.models import Course, Enrollment, EnrollmentGrant, EnrollmentRequest
from legacy_import.aliases import Kind
from legacy_import.loading import BatchCounts, load_batch
from legacy_import.loading.loader import LOOK_UP, look_up
from legacy_import.mapping import ImportOptions, Mapped
from legacy_import.messages import Question
from legacy_import.models import ImportedRecord, ImportRun
from tests.legacy_import.imports import dump
from users.models import User

pytestmark = pytest.mark.django_db
DAY = datetime(2023, 1, 1, tzinfo=UTC)


@pytest.fixture(autouse=True)
def _run(db: None) -> ImportRun:
    return ImportRun.objects.create()


def load(kind: Kind, rows: Sequence[Mapped], *, size: int = 500) -> BatchCounts:
    """Load rows in batches of a size."""
    run = ImportRun.objects.get()
    batches = [rows[start : start + size] for start in range(0, len(rows), size)]
    return BatchCounts.sum(load_batch(kind, batch, run=run, options=ImportOptions()) for batch in batches)


def account(number: int, email: str = "", **fields: Any) -> Mapped:
    """Return a mapped account."""
    known = {"email": email or f"p{number}@example.com", "password": None, "first_name": "P", "last_name": str(number)}
    unknown = {"phone_number": "", "bio": "", "email_verified": False, "is_active": True, "date_of_birth": None}
    return Mapped(str(number), known | unknown | {"user_type": "student", "created_at": DAY} | fields, [])


def enrollment(number: int, person: int, title: str, status: str) -> Mapped:
    """Return a mapped enrolment."""
    owner = {"legacy_user_id": str(person), "email": "", "legacy_course_id": None, "course_title": title}
    owner |= {"progress": None, "completed_at": None}
    return Mapped(str(number), owner | {"status": status, "created_at": DAY + timedelta(days=number)}, [])


def registration(number: int, price: Decimal) -> Mapped:
    """Return a mapped request for a place."""
    texts = dict.fromkeys(("last_name", "phone", "level", "notes", "experience"), "")
    course = {"course_title": "A Course", "price": price, "currency": "usd", "is_paid": False, "paid_at": None}
    person = {"first_name": "P", "email": "p@example.com", "created_at": DAY}
    return Mapped(str(number), texts | course | person, [])


def statements(kind: Kind, rows: Sequence[Mapped]) -> tuple[int, int]:
    """Return how many statements read and how many write while one batch is loaded."""
    with CaptureQueriesContext(
        connection,
    ) as captured:
        load(kind, rows)
    words = [query["sql"].split()[0] for query in captured.captured_queries]
    return words.count("SELECT"), sum(words.count(word) for word in ("INSERT", "UPDATE", "DELETE"))


def test_the_number_of_queries_does_not_depend_on_the_rows() -> None:
    few = statements(Kind.USERS, [account(number) for number in range(10)])
    many = statements(Kind.USERS, [account(number) for number in range(100, 400)])
    parts = [
        statements(
            Kind.ENROLLMENTS, [enrollment(number, number, f"Course {number % 5}", "active") for number in numbers]
        )
        for numbers in (range(10), range(100, 400))
    ]

    assert many[0] == few[0] <= 6  # two of them ask whether anything waits for the accounts
    assert parts[1][0] <= parts[0][0] <= 10
    if connection.vendor == "postgresql":  # SQLite takes few parameters at once, so Django writes in several parts
        assert many[1] == few[1] == 2
        assert parts[1][1] <= parts[0][1] <= 7


def test_an_unchanged_batch_costs_one_query() -> None:
    rows = [account(number) for number in range(300)]
    load(Kind.USERS, rows)

    reads, writes = statements(Kind.USERS, rows)

    assert (reads, writes) == (2, 0)  # one of them finds the run


def test_a_changed_batch_is_written_at_once() -> None:
    load(Kind.USERS, [account(number) for number in range(50)])

    with CaptureQueriesContext(connection) as captured:
        counts = load(Kind.USERS, [account(number, first_name="New") for number in range(50)])

    assert counts.updated == 50
    assert len(captured) <= 16  # however many rows there are
    assert User.objects.filter(first_name="New").count() == 50


def test_a_row_that_the_database_refuses_is_rejected_alone() -> None:
    prices = [Decimal(1), Decimal(2), Decimal(-1), Decimal(4), Decimal(5)]

    counts = load(Kind.REGISTRATIONS, [registration(number, price) for number, price in enumerate(prices)])

    assert (counts.created, len(counts.rejected)) == (4, 1)
    assert counts.rejected[0].row.legacy_id == "2"
    assert "requested_price_is_not_negative" in counts.rejected[0].reason
    assert counts.courses_created == ["A Course"]
    assert set(EnrollmentRequest.objects.values_list("price", flat=True)) == {1, 2, 4, 5}


def test_a_refused_batch_leaves_no_trace_of_its_first_try() -> None:
    load(Kind.REGISTRATIONS, [registration(1, Decimal(-1))])

    assert not ImportedRecord.objects.filter(kind="registrations").exists()
    assert not EnrollmentRequest.objects.exists()


def test_a_row_merged_in_a_later_batch_does_not_look_like_a_change_made_here() -> None:
    load(Kind.USERS, [account(1)])
    load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "pending"), enrollment(2, 1, "C", "active")], size=1)

    counts = load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "completed")])

    assert (counts.updated, Enrollment.objects.get().status) == (1, "completed")


def test_a_row_does_not_take_back_what_another_row_of_the_same_enrolment_reached() -> None:
    load(Kind.USERS, [account(1)])
    load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "pending"), enrollment(2, 1, "C", "active")])

    load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "cancelled")])

    assert Enrollment.objects.get().status == "active"


def test_who_cancelled_can_take_part_again_in_the_same_batch() -> None:
    load(Kind.USERS, [account(1)])
    load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "active")])

    counts = load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "cancelled"), enrollment(2, 1, "C", "active")])

    assert (counts.updated, counts.created) == (1, 1)
    assert sorted(Enrollment.objects.values_list("status", flat=True)) == ["active", "cancelled"]


def test_of_courses_with_one_title_the_published_one_is_meant() -> None:
    Course.objects.create(title="C", slug="draft")
    published = Course.objects.create(title="c", slug="c", is_published=True)
    load(Kind.USERS, [account(1)])

    load(Kind.ENROLLMENTS, [enrollment(1, 1, "C", "active")])

    assert Enrollment.objects.get().course == published


def test_a_text_that_no_column_can_hold_is_refused_on_both_databases() -> None:
    counts = load(Kind.USERS, [account(1, first_name="N" * 151), account(2, first_name="N" * 150)])

    assert [one.reason for one in counts.rejected] == ["first_name is 151 characters long, at most 150 fit"]
    assert counts.created == 1


def test_a_row_older_than_unix_time_keeps_its_date() -> None:
    load(Kind.USERS, [account(1, created_at=datetime(1955, 11, 5, tzinfo=UTC))])

    assert User.objects.get().created_at.year == 1955


emails = st.sampled_from(["a@x.co", "A@x.co", " a@X.co", "b@x.co", "\N{KELVIN SIGN}@x.co", "k@x.co"])
accounts = st.lists(emails, max_size=8).map(lambda found: [account(n, email) for n, email in enumerate(found)])
choices = st.tuples(
    st.integers(0, 9),
    st.sampled_from(["One", "one ", "Two"]),
    st.sampled_from(["pending", "active", "completed", "cancelled", "refunded"]),
)
enrollments = st.lists(choices, max_size=10).map(lambda found: [enrollment(n, *one) for n, one in enumerate(found)])


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(people=accounts, courses=enrollments, size=st.integers(1, 4))
def test_any_rows_in_any_batches_give_the_same_and_a_rerun_changes_nothing(
    people: list[Mapped], courses: list[Mapped], size: int
) -> None:
    ends = []
    for batch in (500, size):
        with transaction.atomic():
            for kind, rows in ((Kind.USERS, people), (Kind.ENROLLMENTS, courses)):
                counts = load(kind, rows, size=batch)
                assert counts.created + counts.merged + len(counts.rejected) == len(rows)
            ends.append(dump())
            again = [load(kind, rows) for kind, rows in ((Kind.USERS, people), (Kind.ENROLLMENTS, courses))]
            assert [one.created + one.updated + one.merged for one in again] == [0, 0]
            assert dump() == ends[0]
            live = Enrollment.objects.live().values_list("user", "course")
            assert len(set(live)) == len(live)
            held_open = EnrollmentGrant.objects.standing().values_list("enrollment", flat=True)
            assert set(held_open) == set(Enrollment.objects.seated().values_list("pk", flat=True))
            transaction.set_rollback(True)
    assert ends[0] == ends[1]


def test_thousands_of_rows_are_looked_up_in_one_go_through_them() -> None:
    load(Kind.USERS, [account(number) for number in range(3)])
    sums = dict(ImportedRecord.objects.values_list("legacy_id", "checksum"))
    question = Question(Kind.USERS, [*sums, "new"], [*sums.values(), 7])

    assert look_up(question) == {3: False}
    assert look_up(question._replace(checksums=[value + 1 for value in question.checksums])) == {
        0: True, 1: True, 2: True, 3: False,
    }  # fmt: skip
    if connection.vendor == "sqlite":  # which would go through one list for each item of another
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN QUERY PLAN {LOOK_UP['sqlite']}", ["[]", "users"])
            plan = [line for *_, line in cursor.fetchall()]
        assert len([line for line in plan if "VIRTUAL TABLE" in line]) == 1
