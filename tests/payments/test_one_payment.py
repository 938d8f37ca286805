"""One payment over HTTP: its owner sees how it stands, staff see all that became of it."""

from collections.abc import Callable
from datetime import UTC, datetime, time
from typing import Any
from uuid import uuid4

import pytest
from rest_framework.test import APIClient

from courses.models import Course
from payments.models import Payment
from tests.payments.conftest import (
    deliver,
    dispute_event,
    intent_event,
    make_payment,
    payment_for_a_place,
    refund_event,
)
from tests.shared.plans import begins_at_an_id
from titanobova.ids import first_at
from users.models import User

URL = "/api/v1/payments/"
LEAP_DAY = datetime(2020, 2, 29, 12, tzinfo=UTC)

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
Queries = Callable[[int], Any]


@pytest.fixture
def told(payment: Payment) -> Payment:
    """A payment of which a part went back and another is disputed."""
    deliver(intent_event(payment))
    deliver(refund_event(payment, 1000))
    deliver(dispute_event(payment, 500))
    return payment


def test_its_owner_sees_how_it_stands(api: Login, student: User, told: Payment) -> None:
    seen = api(student).get(f"{URL}{told.pk}/").json()

    assert (seen["amount"], seen["amount_refunded"], seen["status"]) == ("99.99", "10.00", "disputed")
    assert not {"ledger", "refunds", "disputes", "intent_id", "flag_reason"} & set(seen)


def test_staff_see_all_that_became_of_it(api: Login, staff: User, told: Payment) -> None:
    seen = api(staff).get(f"{URL}{told.pk}/").json()

    assert [entry["kind"] for entry in seen["ledger"]] == ["captured", "refunded", "dispute_opened"]
    assert [refund["amount"] for refund in seen["refunds"]] == ["10.00"]
    assert [(dispute["amount"], dispute["status"]) for dispute in seen["disputes"]] == [("5.00", "needs_response")]
    assert (seen["amount_disputed"], seen["is_flagged"], seen["intent_id"]) == ("5.00", False, told.intent_id)


def test_a_foreign_payment_answers_like_an_unknown_one(api: Login, other_student: User, told: Payment) -> None:
    client = api(other_student)

    answers = [client.get(f"{URL}{pk}/") for pk in (told.pk, uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


def test_a_visitor_sees_none(anonymous: APIClient, told: Payment) -> None:
    assert anonymous.get(f"{URL}{told.pk}/").status_code == 401


@pytest.mark.parametrize("refunds", [1, 10])
def test_looking_costs_seven_queries_however_much_became_of_it(
    api: Login, staff: User, told: Payment, django_assert_num_queries: Queries, refunds: int
) -> None:
    for _ in range(refunds):
        deliver(refund_event(told, 100))
    client = api(staff)

    # who asks, the payment, its ledger, refunds, disputes and documents, and what these refer to
    with django_assert_num_queries(7):
        assert client.get(f"{URL}{told.pk}/").status_code == 200


# --- What the list may be asked for -----------------------------------------------------------------------------
@pytest.fixture
def many(student: User, other_student: User) -> dict[str, Payment]:
    """Payments of different kinds."""
    return {
        "created": make_payment(student),
        "succeeded": make_payment(student, status="succeeded"),
        "flagged": make_payment(other_student, is_flagged=True, flag_reason="amount"),
        "old": make_payment(other_student, status="refunded", id=first_at(LEAP_DAY), created_at=LEAP_DAY),
    }


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", {"created", "succeeded", "flagged", "old"}),
        ("status=succeeded", {"succeeded"}),
        ("is_flagged=true", {"flagged"}),
        ("is_flagged=false&status=created", {"created"}),
        ("date_to=2020-02-29", {"old"}),
        ("date_from=2020-03-01", {"created", "succeeded", "flagged"}),
        ("date_from=2020-02-29&date_to=2020-02-29&status=refunded", {"old"}),
    ],
)
def test_staff_narrow_the_list(api: Login, staff: User, many: dict[str, Payment], query: str, found: set[str]) -> None:
    page = api(staff).get(f"{URL}?{query}").json()["results"]

    assert {row["id"] for row in page} == {str(many[name].pk) for name in found}


def test_staff_see_the_payments_of_one_person(api: Login, staff: User, student: User, many: dict[str, Payment]) -> None:
    page = api(staff).get(f"{URL}?user={student.pk}").json()["results"]

    assert {row["id"] for row in page} == {str(many[name].pk) for name in ("created", "succeeded")}


@pytest.mark.parametrize("at", [time.min, time(12), time.max])
def test_a_day_is_found_whole(api: Login, staff: User, student: User, at: time) -> None:
    instant = datetime.combine(LEAP_DAY, at, UTC)
    make_payment(student, id=first_at(instant), created_at=instant)

    days = {"date_from": "2020-02-29", "date_to": "2020-02-29"}
    assert len(api(staff).get(URL, days).json()["results"]) == 1
    for other in ({"date_to": "2020-02-28"}, {"date_from": "2020-03-01"}):
        assert api(staff).get(URL, other).json()["results"] == []


def test_old_payments_are_found_without_walking_through_all_newer_ones(db: None) -> None:
    assert begins_at_an_id(Payment.objects.matching(date_to=LEAP_DAY.date())[:26])


@pytest.mark.parametrize("query", ["user={other}", "is_flagged=1", "is_flagged=0"])
def test_nobody_else_sees_more_or_less_by_asking_for_it(
    api: Login, student: User, other_student: User, many: dict[str, Payment], query: str
) -> None:
    page = api(student).get(f"{URL}?{query.format(other=other_student.pk)}").json()["results"]

    assert {row["id"] for row in page} == {str(many[name].pk) for name in ("created", "succeeded")}


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("status=paid", "status"),
        ("is_flagged=perhaps", "is_flagged"),
        ("user=1", "user"),
        ("date_from=2020-02-30", "date_from"),
        ("date_to=%00", "date_to"),
    ],
)
def test_what_makes_no_sense_is_named(api: Login, staff: User, query: str, field: str) -> None:
    answer = api(staff).get(f"{URL}?{query}")

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


# --- What the paths cost ----------------------------------------------------------------------------------------
def test_an_event_costs_the_same_however_many_payments_there_are(
    student: User, course: Course, webhook: None, django_assert_max_num_queries: Queries
) -> None:
    payment = payment_for_a_place(student, course)
    for _ in range(20):
        make_payment(student)
    told = intent_event(payment)

    with django_assert_max_num_queries(40):
        deliver(told)

    with django_assert_max_num_queries(6):  # a repetition
        deliver(told)
