"""Asking again to pay for the same place: one payment, at the price of today, and never for what is paid."""

from decimal import Decimal

import pytest
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from courses.services.enrolling import AlreadyEnrolled, enroll
from examples.stripe_sandbox import StripeSandbox
from payments import gateway
from payments.models import Payment
from payments.services import starting
from payments.services.orders import Order
from tests.conftest import RunTogether, client_of, make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import CREATE
from users.models import User

pytestmark = pytest.mark.django_db
NOBODY = Actor(ip_address="192.0.2.1")


def test_asking_again_for_the_same_course_answers_the_same_payment(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    first = buyer.post(CREATE, {"course": course.slug, "description": "First"})
    second = buyer.post(CREATE, {"course": course.slug, "description": "Second"})

    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert len(sandbox.payment_intents) == 1
    assert AuditLog.objects.filter(details__event="payments.payment.started").count() == 1


def test_without_a_course_each_payment_is_its_own(buyer: APIClient, sandbox: StripeSandbox) -> None:
    answers = [buyer.post(CREATE, {"amount": "5"}).json() for _ in range(2)]

    assert answers[0]["payment_id"] != answers[1]["payment_id"]
    assert len(sandbox.payment_intents) == 2


def test_after_a_new_price_the_old_payment_can_no_longer_be_paid(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    Course.objects.filter(pk=course.pk).update(price=Decimal(120))

    answer = buyer.post(CREATE, {"course": course.slug})

    assert (answer.status_code, answer.json()["amount"]) == (201, "120.00")
    assert [intent["status"] for intent in sandbox.payment_intents] == ["canceled", "requires_payment_method"]
    assert [str(payment.status) for payment in Payment.objects.order_by("id")] == ["canceled", "created"]


def test_after_stripe_gave_the_intent_up_there_is_a_new_one(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    sandbox.intents.cancel(Payment.objects.get().intent_id, {}, {})

    answer = buyer.post(CREATE, {"course": course.slug})

    assert (answer.status_code, answer.json()["payment_id"]) == (201, str(Payment.objects.open().get().pk))
    assert len(sandbox.payment_intents) == 2


def test_after_stripe_lost_the_intent_there_is_a_new_one(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    sandbox.reset()

    answer = buyer.post(CREATE, {"course": course.slug})

    [intent] = sandbox.payment_intents
    assert (answer.status_code, answer.json()["client_secret"]) == (201, intent["client_secret"])


@pytest.mark.parametrize("new_price", [None, 120])
def test_who_has_just_paid_is_not_asked_to_pay_again(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, new_price: int | None
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    sandbox.confirm(Payment.objects.get().intent_id)
    if new_price:
        Course.objects.filter(pk=course.pk).update(price=new_price)

    answer = buyer.post(CREATE, {"course": course.slug})

    assert (answer.status_code, answer.json()["code"]) == (409, "payment_underway")
    assert len(sandbox.payment_intents) == 1


def give_up_the_place(buyer: APIClient) -> None:
    place = Enrollment.objects.live().get()
    assert buyer.post(f"/api/v1/courses/enrollments/{place.pk}/cancel/").status_code == 200


def test_who_gave_the_place_up_and_starts_again_can_pay_once(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    give_up_the_place(buyer)

    answer = buyer.post(CREATE, {"course": course.slug})

    assert (answer.status_code, answer.json()["payment_id"]) == (201, str(Payment.objects.open().get().pk))
    assert [intent["status"] for intent in sandbox.payment_intents] == ["canceled", "requires_payment_method"]
    assert [str(payment.status) for payment in Payment.objects.order_by("id")] == ["canceled", "created"]


def test_who_has_paid_for_a_place_that_they_gave_up_is_not_asked_to_pay_again(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    buyer.post(CREATE, {"course": course.slug})
    give_up_the_place(buyer)
    sandbox.confirm(Payment.objects.get().intent_id)

    answer = buyer.post(CREATE, {"course": course.slug})

    assert (answer.status_code, answer.json()["code"]) == (409, "payment_underway")
    assert len(sandbox.payment_intents) == 1


def test_a_place_in_another_course_and_one_of_somebody_else_stay_payable(
    buyer: APIClient, sandbox: StripeSandbox, course: Course, other_student: User
) -> None:
    buyer.post(CREATE, {"course": make_course(slug="flask", price="20.00").slug})
    client_of(other_student).post(CREATE, {"course": course.slug})

    assert buyer.post(CREATE, {"course": course.slug}).status_code == 201

    assert {intent["status"] for intent in sandbox.payment_intents} == {"requires_payment_method"}
    assert Payment.objects.open().count() == 3


def test_a_parallel_request_may_have_withdrawn_the_old_payment_first(
    student: User, sandbox: StripeSandbox, course: Course
) -> None:
    starting.start_payment(student, starting.Wish(course=course.slug), by=NOBODY)
    old = Payment.objects.get()
    intent = gateway.fetch_intent(old.intent_id)
    gateway.cancel_intent(old.intent_id)

    starting._withdraw(old, intent, by=NOBODY)

    assert Payment.objects.get().status == "canceled"


@pytest.mark.django_db(transaction=True)
def test_many_requests_at_once_for_one_place_share_one_payment(run_together: RunTogether) -> None:
    buyer = make_user("hasty@example.com")
    order = Order(Decimal("9.90"), "usd", "", enrollment=enroll(buyer, make_course(price="9.90"), by=NOBODY))

    outcomes = run_together(16, lambda _: starting._payment_for(buyer, order, by=NOBODY))

    assert outcomes == [Payment.objects.get()] * 16


def test_a_place_that_was_paid_for_a_moment_ago_gets_no_second_payment(student: User, course: Course) -> None:
    order = Order(course.price, "usd", "", enrollment=enroll(student, course, by=NOBODY))
    Enrollment.objects.update(status="active")

    with pytest.raises(AlreadyEnrolled):
        starting._payment_for(student, order, by=NOBODY)
