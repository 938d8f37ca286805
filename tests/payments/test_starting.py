"""Starting a payment: whose price it is, what Stripe is asked, what is answered."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment
from tests.courses.conftest import make_course
from tests.payments.conftest import CREATE
from tests.payments.test_money import REFUSED
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("amount", ["99.99", 99.99])
def test_an_amount_and_a_description_answer_a_client_secret(
    buyer: APIClient, student: User, sandbox: StripeSandbox, amount: object
) -> None:
    answer = buyer.post(CREATE, {"amount": amount, "description": "Course enrollment"})

    [intent] = sandbox.payment_intents
    payment = Payment.objects.get()
    assert answer.status_code == 201
    assert answer.json() == {
        "client_secret": intent["client_secret"],
        "payment_id": str(payment.pk),
        "amount": "99.99",
        "currency": "usd",
        "status": "created",
    }
    assert (payment.user, payment.enrollment, payment.intent_id) == (student, None, intent["id"])


def test_stripe_is_asked_with_the_rows_id_as_its_key(buyer: APIClient, student: User, sandbox: StripeSandbox) -> None:
    buyer.post(CREATE, {"amount": "0.50", "description": "A book", "currency": "EUR"})

    [request], [intent] = sandbox.requests, sandbox.payment_intents
    payment = Payment.objects.get()
    assert request.idempotency_key == str(payment.pk)
    assert (intent["amount"], intent["currency"], intent["description"]) == (50, "eur", "A book")
    assert intent["metadata"] == {"payment_id": str(payment.pk), "user_id": str(student.pk)}


@pytest.mark.parametrize(
    ("amount", "currency", "minor"), [("500", "jpy", 500), ("5.12", "kwd", 5120), ("7", "isk", 700)]
)
def test_stripe_is_asked_in_the_smallest_unit(
    buyer: APIClient, sandbox: StripeSandbox, amount: str, currency: str, minor: int
) -> None:
    answer = buyer.post(CREATE, {"amount": amount, "currency": currency})

    assert answer.status_code == 201
    assert [intent["amount"] for intent in sandbox.payment_intents] == [minor]


JSON_REFUSED = [value for value in REFUSED if repr(value) not in {"nan", "inf", "b'5'"}]


@pytest.mark.parametrize("amount", [*JSON_REFUSED, "99.999"], ids=repr)
def test_what_is_no_amount_is_a_400_on_the_field(buyer: APIClient, sandbox: StripeSandbox, amount: Any) -> None:
    answer = buyer.post(CREATE, {"amount": amount, "description": "x"})

    assert answer.status_code == 400
    assert not Payment.objects.exists()
    assert sandbox.requests == []


def test_a_refused_amount_says_why(buyer: APIClient) -> None:
    answer = buyer.post(CREATE, {"amount": "99.999", "description": "x"})

    assert answer.json()["errors"] == {
        "amount": [{"message": "USD is charged in steps of 0.01.", "code": "invalid_amount"}]
    }


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"description": "no amount"}, "amount"),
        ({"amount": "5", "currency": "us"}, "currency"),
        ({"amount": "5", "currency": "zzz"}, "currency"),
        ({"amount": "0.49"}, "amount"),
        ({"amount": "1000000"}, "amount"),
        ({"amount": "5", "status": "succeeded"}, "status"),
        ({"amount": "5", "enrollment": "1; DROP"}, "enrollment"),
        ({"amount": "5", "enrollment": str(uuid4()), "course": "django"}, "non_field_errors"),
        ({"amount": "5", "description": "x" * 501}, "description"),
    ],
)
def test_a_bad_field_is_named(buyer: APIClient, body: dict[str, str], field: str) -> None:
    answer = buyer.post(CREATE, body)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, [field])


def test_what_stripe_refuses_is_named_and_its_row_is_closed(buyer: APIClient) -> None:
    answer = buyer.post(CREATE, {"amount": "0.50", "currency": "bgn"})

    assert (answer.status_code, answer.json()["errors"]["amount"][0]["code"]) == (400, "amount_too_small")
    assert Payment.objects.get().status == Payment.Status.CANCELED


def test_a_visitor_cannot_pay(anonymous: APIClient, sandbox: StripeSandbox) -> None:
    assert anonymous.post(CREATE, {"amount": "5"}).status_code == 401


def test_without_a_key_the_answer_names_the_variable_and_nothing_is_written(
    buyer: APIClient, course: Course, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY = ""

    answer = buyer.post(CREATE, {"amount": "99.99", "course": course.slug})

    assert (answer.status_code, answer.json()["code"]) == (503, "payments_not_configured")
    assert "STRIPE_SECRET_KEY" in answer.json()["detail"]
    assert not Payment.objects.exists()
    assert not Enrollment.objects.exists()


# --- For a course -----------------------------------------------------------------------------------------------
@pytest.mark.parametrize("named_by", ["slug", "id"])
def test_the_price_of_a_course_is_the_servers(
    buyer: APIClient, student: User, sandbox: StripeSandbox, course: Course, named_by: str
) -> None:
    answer = buyer.post(CREATE, {"course": str(getattr(course, named_by))})

    payment, [intent] = Payment.objects.get(), sandbox.payment_intents
    assert (answer.status_code, answer.json()["amount"], answer.json()["currency"]) == (201, "99.99", "usd")
    assert (intent["amount"], intent["currency"], intent["description"]) == (9999, "usd", "Django")
    assert payment.enrollment == Enrollment.objects.get(user=student, course=course, status="pending")
    assert intent["metadata"]["enrollment_id"] == str(payment.enrollment_id)


def test_an_enrolment_is_paid_at_the_price_of_its_course(buyer: APIClient, course: Course) -> None:
    enrolled = buyer.post(f"/api/v1/courses/courses/{course.slug}/enroll/").json()

    answer = buyer.post(CREATE, {"enrollment": enrolled["id"], "amount": "99.99", "description": "Mine"})

    assert (answer.status_code, answer.json()["amount"]) == (201, "99.99")
    assert str(Payment.objects.get().enrollment_id) == enrolled["id"]


@pytest.mark.parametrize("seen", [{"amount": "0.50"}, {"amount": 99.98}, {"amount": "99.99", "currency": "eur"}])
def test_another_price_than_the_courses_is_refused_with_the_right_one(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, seen: dict[str, object]
) -> None:
    answer = buyer.post(CREATE, {"course": course.slug, **seen})

    assert (answer.status_code, answer.json()["code"]) == (409, "price_changed")
    assert (answer.json()["amount"], answer.json()["currency"]) == ("99.99", "usd")
    assert not Payment.objects.exists()
    assert not Enrollment.objects.exists()
    assert sandbox.requests == []


def test_the_same_price_written_otherwise_is_the_same(buyer: APIClient, course: Course) -> None:
    assert buyer.post(CREATE, {"course": course.slug, "amount": "99.990"}).status_code == 201


def test_a_fraction_of_a_cent_is_no_price_of_a_course(buyer: APIClient, course: Course) -> None:
    answer = buyer.post(CREATE, {"course": course.slug, "amount": "99.999"})

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


@pytest.mark.parametrize(
    ("fields", "status", "code"),
    [
        ({"price": 0}, 409, "course_is_free"),
        ({"is_published": False}, 404, "not_found"),
        ({"capacity": 0}, 409, "course_full"),
    ],
)
def test_some_courses_cannot_be_paid_for(buyer: APIClient, fields: dict[str, object], status: int, code: str) -> None:
    make_course(**{"slug": "special", "price": 5, **fields})

    answer = buyer.post(CREATE, {"course": "special"})

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Payment.objects.exists()


def test_the_enrolment_of_another_person_answers_like_an_unknown_one(
    buyer: APIClient, other_student: User, course: Course
) -> None:
    foreign = Enrollment.objects.create(user=other_student, course=course)

    answers = [buyer.post(CREATE, {"enrollment": str(pk)}) for pk in (foreign.pk, uuid4())]

    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].json() == answers[1].json()


@pytest.mark.parametrize(
    ("status", "code"),
    [
        ("active", "already_enrolled"),
        ("completed", "already_enrolled"),
        ("cancelled", "enrollment_closed"),
        ("refunded", "enrollment_closed"),
    ],
)
def test_only_a_pending_enrolment_is_paid(
    buyer: APIClient, student: User, course: Course, status: str, code: str
) -> None:
    enrollment = Enrollment.objects.create(user=student, course=course, status=status)

    answer = buyer.post(CREATE, {"enrollment": str(enrollment.pk)})

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert not Payment.objects.exists()


def test_a_started_payment_is_in_the_audit_log_without_its_secret(
    buyer: APIClient, student: User, course: Course
) -> None:
    answer = buyer.post(CREATE, {"course": course.slug})

    log = AuditLog.objects.get(details__event="payments.payment.started")
    assert (log.user, log.action, log.resource_id) == (student, "create", answer.json()["payment_id"])
    assert answer.json()["client_secret"] not in str(list(AuditLog.objects.values()) + list(Payment.objects.values()))


def test_payments_have_a_limit_of_their_own(buyer: APIClient, settings: Settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "payment": (2, 3600)}
    statuses = [buyer.post(CREATE, {"amount": "5"}).status_code for _ in range(3)]

    assert statuses == [201, 201, 429]
