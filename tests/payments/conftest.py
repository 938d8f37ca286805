"""What the tests of payments need: a course, a stand-in for Stripe, and its events."""

import copy
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from examples.stripe_sandbox.webhooks import signed
from payments.models import Payment
from payments.money import to_minor
from tests.courses.conftest import make_course
from titanobova.models import OutgoingMail
from users.models import User

CREATE = "/api/v1/payments/create_payment_intent/"
WEBHOOK = "/api/v1/payments/webhook/"
SECRET = "whsec_of_the_tests"
Json = dict[str, Any]
Login = Callable[[User], APIClient]


@pytest.fixture
def sandbox(settings: Settings) -> Iterator[StripeSandbox]:
    """Payments that are set up: a key, a webhook secret, and the sandbox in Stripe's place."""
    with set_up_payments(settings) as running:
        yield running


@contextmanager
def set_up_payments(settings: Settings) -> Iterator[StripeSandbox]:
    """Run the sandbox, and let the site believe that it is Stripe."""
    with StripeSandbox(webhook_secret=SECRET) as running:
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = running.key, running.url
        settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
        yield running


@pytest.fixture
def buyer(api: Login, student: User, sandbox: StripeSandbox) -> APIClient:
    """The student, logged in at a site where one can pay."""
    return api(student)


@pytest.fixture
def webhook(settings: Settings) -> None:
    """A site that receives test events and asks Stripe nothing."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    settings.STRIPE_SECRET_KEY = "sk_test_nobody_listens"


@pytest.fixture
def course(db: None) -> Course:
    """A course that costs 99.99 usd."""
    return make_course(slug="django", title="Django", price="99.99", currency="usd")


def make_payment(user: User, **fields: Any) -> Payment:
    """Make a payment of 49.90 usd whose intent Stripe has made."""
    defaults = {"amount": "49.90", "currency": "usd", "intent_id": f"pi_{secrets.token_hex(12)}"}
    payment = Payment.objects.create(user=user, **defaults | fields)
    payment.refresh_from_db()
    return payment


def intent_event(payment: Payment, kind: str = "succeeded", **changes: Any) -> Json:
    """Return a new event about the payment's intent, with `changes` to the intent."""
    payment.refresh_from_db()
    minor = to_minor(payment.amount, payment.currency)
    intent = {
        "id": payment.intent_id,
        "object": "payment_intent",
        "amount": minor,
        "amount_received": minor if kind == "succeeded" else 0,
        "currency": payment.currency,
        "client_secret": f"{payment.intent_id}_secret_abc123",
        "metadata": payment.metadata,
        **changes,
    }
    return event(f"payment_intent.{kind}", intent)


def refund_event(payment: Payment, minor: int, status: str = "succeeded", **changes: Any) -> Json:
    """Return a new event about a refund of the payment; `id` in the changes makes it one about the same refund."""
    subject = {
        "id": f"re_{secrets.token_hex(12)}",
        "object": "refund",
        "amount": minor,
        "currency": payment.currency,
        "created": int(time.time()),
        "metadata": {},
        "payment_intent": payment.intent_id,
        "reason": None,
        "status": status,
        **changes,
    }
    return event("refund.failed" if status == "failed" else "refund.updated", subject)


def dispute_event(payment: Payment, minor: int, status: str = "needs_response", **changes: Any) -> Json:
    """Return a new event about a dispute over the payment; `id` in the changes makes it one about the same dispute."""
    subject = {
        "id": f"dp_{secrets.token_hex(12)}",
        "object": "dispute",
        "amount": minor,
        "currency": payment.currency,
        "created": int(time.time()),
        "evidence_details": {"due_by": int(time.time()) + 9 * 86_400},
        "metadata": {},
        "payment_intent": payment.intent_id,
        "reason": "fraudulent",
        "status": status,
        **changes,
    }
    return event(f"charge.dispute.{'closed' if status in {'won', 'lost'} else 'created'}", subject)


def charge_event(payment: Payment, refunded_minor: int, **changes: Any) -> Json:
    """Return a new event that says how much of the payment's charge went back."""
    charge = {"id": "ch_1", "object": "charge", "payment_intent": payment.intent_id, "metadata": payment.metadata}
    return event("charge.refunded", {**charge, "amount_refunded": refunded_minor, **changes})


def event(kind: str, subject: Json, **changes: Any) -> Json:
    """Return a new event with the members that Stripe's have."""
    return {
        "id": f"evt_{secrets.token_hex(12)}",
        "object": "event",
        "type": kind,
        "created": int(time.time()),
        "livemode": False,
        "data": {"object": copy.deepcopy(subject)},
        **changes,
    }


def deliver(told: Json, *, secret: str = SECRET, at: int | None = None) -> Any:
    """Send an event as Stripe does, and return the answer."""
    body, headers = signed(told, secret, at)
    return post_raw(body, headers["Stripe-Signature"])


def post_raw(body: bytes, signature: str, content_type: str = "application/json") -> Any:
    """Post bytes to the webhook with this Stripe-Signature header."""
    return APIClient().post(WEBHOOK, body, content_type=content_type, HTTP_STRIPE_SIGNATURE=signature)


@pytest.fixture
def payment(student: User, course: Course, webhook: None) -> Payment:
    """A payment for a place that is held."""
    return payment_for_a_place(student, course)


def payment_for_a_place(buyer: User, course: Course) -> Payment:
    """Make a payment for a place in `course` that is held for `buyer`."""
    until = timezone.now() + timedelta(minutes=15)
    held = Enrollment.objects.create(user=buyer, course=course, seat_held_until=until)
    return make_payment(buyer, enrollment=held, amount="99.99", course_title=course.title, description="My course")


def state_of(payment: Payment) -> tuple[Any, ...]:
    """Return all that events can change about a payment, without times."""
    payment = Payment.objects.select_related("enrollment", "user").get(pk=payment.pk)
    assert payment.enrollment is not None
    about_it = AuditLog.objects.filter(resource_id__in=[payment.pk, payment.enrollment_id])
    grants = about_it.filter(details__event__in=["payments.payment.succeeded", "courses.access.granted"])
    mails = OutgoingMail.objects.filter(recipient=payment.user.email)
    return payment.status, payment.enrollment.status, payment.flag_reason, grants.count(), mails.count()


def mails_to(recipient: str) -> list[str]:
    """Return the subjects of the mails to an address, in order."""
    return list(OutgoingMail.objects.filter(recipient=recipient).order_by("id").values_list("subject", flat=True))


PAID = ("succeeded", "active", "", 2, 1)  # the status, the enrolment's, no flag, an audit row for each, one mail
UNTOUCHED = ("created", "pending", "", 0, 0)
