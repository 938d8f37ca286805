"""What the old site's rows are to enrolments: grounds that it gives and takes back (contract 4.5, 8)."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from audit.actor import Actor
from courses.models import Certificate, Course, Enrollment, EnrollmentGrant, EnrollmentRequest
from courses.services.completing import complete_by_hand
from courses.services.grants import Kind, grant_access, withdraw_access
from courses.states import Status
from legacy_import.aliases import Kind as Table
from legacy_import.loading import BatchCounts, load_batch
from legacy_import.mapping import ImportOptions, Mapped
from legacy_import.models import ImportedRecord, ImportRun
from payments.models import Payment
from tests.courses.conftest import make_course
from tests.legacy_import.test_loading_batches import account, enrollment, registration
from users.models import User

pytestmark = pytest.mark.django_db
NOBODY = Actor()


@pytest.fixture(autouse=True)
def _people(db: None) -> None:
    ImportRun.objects.create()
    load(Table.USERS, [account(1), account(2)])


def load(kind: Table, rows: Sequence[Mapped]) -> BatchCounts:
    """Load rows as one batch."""
    return load_batch(kind, rows, run=ImportRun.objects.get(), options=ImportOptions())


def enrol(*states: str) -> BatchCounts:
    """Load a row of the first person for each state, all in one course; their old ids are 1, 2, ..."""
    return load(Table.ENROLLMENTS, [enrollment(number, 1, "C", state) for number, state in enumerate(states, start=1)])


def standing() -> list[str]:
    """Return the old ids of the rows that hold something open."""
    grants = EnrollmentGrant.objects.standing().filter(kind=Kind.IMPORT)
    return sorted(grants.values_list("reference", flat=True))


def statuses() -> list[str]:
    return sorted(Enrollment.objects.values_list("status", flat=True))


@pytest.mark.parametrize(
    ("state", "is_ground"),
    [("pending", False), ("active", True), ("completed", True), ("cancelled", False), ("refunded", False)],
)
def test_active_and_completed_rows_are_grounds(state: str, is_ground: bool) -> None:
    enrol(state)

    assert standing() == (["1"] if is_ground else [])
    assert statuses() == [state]
    for grant in EnrollmentGrant.objects.all():
        assert grant.granted_at == Enrollment.objects.get().created_at


def test_each_row_of_a_merged_enrolment_is_a_ground_of_its_own() -> None:
    enrol("pending", "completed", "active", "cancelled")

    assert standing() == ["2", "3"]
    assert statuses() == ["cancelled", "completed"]


def test_a_completed_row_is_completed_again_when_its_ground_comes_back() -> None:
    enrol("completed")
    brought = Enrollment.objects.get()
    withdraw_access(brought, kind=Kind.IMPORT, reference="1", ended_as=Status.CANCELLED, by=NOBODY)

    assert grant_access(brought, kind=Kind.MANUAL, by=NOBODY).status == "completed"


def test_a_rerun_makes_no_ground_twice_and_writes_none() -> None:
    enrol("active", "completed")
    before = list(EnrollmentGrant.objects.order_by("pk").values())

    with CaptureQueriesContext(connection) as asked:
        enrol("active", "completed")

    assert list(EnrollmentGrant.objects.order_by("pk").values()) == before
    assert not [query for query in asked.captured_queries if "grant" in query["sql"]]


@pytest.mark.parametrize("end", ["cancelled", "refunded", "pending"])
def test_what_the_old_site_takes_back_ends_here(end: str) -> None:
    enrol("active")

    enrol(end)

    assert (standing(), statuses()) == ([], [end])


def test_what_the_old_site_gives_again_opens_again() -> None:
    for state in ("active", "cancelled", "active"):
        enrol(state)

    assert (standing(), statuses()) == (["1"], ["active"])
    assert EnrollmentGrant.objects.count() == 1


def test_the_last_of_several_rows_ends_the_enrolment() -> None:
    enrol("active", "active")
    enrol("cancelled", "active")
    assert (standing(), statuses()) == (["2"], ["active"])

    enrol("cancelled", "cancelled")

    assert standing() == []
    assert statuses() == ["cancelled", "cancelled"]
    enrol("active", "cancelled")  # nobody here changed it, so the old site is still followed
    assert (standing(), statuses()) == (["1"], ["active", "cancelled"])


@pytest.mark.parametrize("kind", [Kind.PAYMENT, Kind.MANUAL, Kind.FREE])
def test_another_ground_keeps_open_what_the_old_site_takes_back(kind: str) -> None:
    enrol("active")
    grant_access(Enrollment.objects.get(), kind=kind, by=NOBODY)

    enrol("cancelled")

    assert (standing(), statuses()) == ([], ["active"])
    withdraw_access(Enrollment.objects.get(), kind=kind, ended_as=Status.REFUNDED, by=NOBODY)
    assert statuses() == ["refunded"]


def test_what_somebody_here_completed_stays_as_it_is() -> None:
    enrol("active")
    complete_by_hand(Enrollment.objects.get(), by=NOBODY)

    enrol("cancelled")

    assert (standing(), statuses()) == (["1"], ["completed"])
    assert Certificate.objects.get().is_valid


def test_a_certificate_counts_while_the_old_site_lets_the_enrolment_stand() -> None:
    enrol("completed")
    complete_by_hand(Enrollment.objects.get(), by=NOBODY)  # issues the certificate that the old site did not

    enrol("cancelled")
    assert not Certificate.objects.get().is_valid
    enrol("completed")
    assert Certificate.objects.get().is_valid


def test_an_enrolment_made_here_is_held_up_by_the_old_row_too() -> None:
    here = Enrollment.objects.create(user=User.objects.get(email="p1@example.com"), course=make_course(title="C"))
    grant_access(here, kind=Kind.MANUAL, by=NOBODY)

    enrol("active")
    withdraw_access(here, kind=Kind.MANUAL, ended_as=Status.CANCELLED, by=NOBODY)

    assert (standing(), statuses()) == (["1"], ["active"])


def test_an_enrolment_that_waits_for_a_payment_here_is_not_opened_by_an_old_row() -> None:
    Enrollment.objects.create(user=User.objects.get(email="p1@example.com"), course=make_course(title="C", price=10))

    enrol("active")

    assert (standing(), statuses()) == ([], ["pending"])


def test_a_row_that_means_another_enrolment_now_is_its_ground_and_no_longer_the_first_ones() -> None:
    enrol("active", "active")

    load(Table.ENROLLMENTS, [enrollment(2, 2, "C", "active")])

    grounds = EnrollmentGrant.objects.standing().values_list("enrollment__user__email", "reference")
    assert sorted(grounds) == [("p1@example.com", "1"), ("p2@example.com", "2")]


@pytest.mark.parametrize("people", [2, 40])
def test_the_number_of_queries_does_not_grow_with_the_rows(people: int) -> None:
    load(Table.USERS, [account(number) for number in range(1, people + 1)])
    rows = [enrollment(number, number, "C", "active") for number in range(1, people + 1)]

    with CaptureQueriesContext(connection) as asked:
        load(Table.ENROLLMENTS, rows)

    assert EnrollmentGrant.objects.count() == people
    assert len(asked.captured_queries) <= 24


STATES = st.sampled_from(["pending", "active", "completed", "cancelled", "refunded"])
HISTORIES = st.lists(st.lists(STATES, min_size=3, max_size=3), min_size=1, max_size=5)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(history=HISTORIES, paid=st.booleans())
def test_whatever_the_old_site_says_next_access_rests_on_a_ground(history: list[list[str]], paid: bool) -> None:
    Enrollment.objects.all().delete()
    ImportedRecord.objects.filter(kind=Table.ENROLLMENTS).delete()
    mine = None
    for states in history:
        enrol(*states)
        if paid and mine is None and (mine := Enrollment.objects.live().first()):
            grant_access(mine, kind=Kind.PAYMENT, by=NOBODY)
        held_open = EnrollmentGrant.objects.standing().values_list("enrollment", flat=True)
        assert set(held_open) == set(Enrollment.objects.seated().values_list("pk", flat=True))
        assert mine is None or Enrollment.objects.seated().filter(pk=mine.pk).exists()


# --- Requests ---------------------------------------------------------------------------------------------------
def request(number: int, **fields: Any) -> Mapped:
    row = registration(number, 100)  # type: ignore[arg-type]
    return Mapped(row.legacy_id, row.fields | fields, [])


def test_a_request_of_somebody_who_proved_the_address_long_ago_is_redeemed_at_once() -> None:
    User.objects.create(email="p@example.com", email_verified=True)

    load(Table.REGISTRATIONS, [request(1, is_paid=True, paid_at=datetime(2024, 1, 1, tzinfo=UTC)), request(2)])

    assert statuses() == ["active"]
    assert not Payment.objects.exists()
    assert EnrollmentRequest.objects.filter(enrollment__isnull=False).count() == 2


def test_a_request_of_somebody_who_did_not_waits() -> None:
    User.objects.create(email="p@example.com")

    load(Table.REGISTRATIONS, [request(1, is_paid=True)])

    assert statuses() == []


def test_a_request_that_is_paid_on_the_old_site_later_opens_what_waits_here() -> None:
    User.objects.create(email="p@example.com", email_verified=True)
    make_course(title="A Course", price=10)
    load(Table.REGISTRATIONS, [request(1)])
    assert statuses() == ["pending"]

    load(Table.REGISTRATIONS, [request(1, is_paid=True)])

    assert statuses() == ["active"]
    assert Course.objects.count() == 1
