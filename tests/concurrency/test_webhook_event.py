"""One payment opens one enrolment, however many deliveries of Stripe say so at the same moment."""

import threading
from uuid import uuid4

import pytest
from django.conf import settings as django_settings
from django.db.models import QuerySet
from pytest_django import Settings

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Enrollment
from courses.services.enrolling import enroll
from payments.models import Payment, WebhookEvent
from payments.services import events, settling
from tests.conftest import RunTogether, make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import SECRET, Json, deliver, intent_event, make_payment
from titanobova.models import OutgoingMail

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("webhook")]

THREADS = 16


@pytest.fixture
def webhook(settings: Settings) -> None:
    """A site that receives test events."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]


def succeeded_payment_events(number: int) -> list[Json]:
    """Return so many different events that all say that one payment for a place succeeded."""
    buyer = make_user("buyer@example.com")
    held = enroll(buyer, make_course(price="49.90"), by=Actor.from_system("tests"))
    payment = make_payment(buyer, enrollment=held)
    return [intent_event(payment) for _ in range(number)]


def effects() -> list[int]:
    """Return how often the payment succeeded, its enrolment opened, and its buyer was told."""
    facts = ("payments.payment.succeeded", "courses.access.granted")
    audited = [AuditLog.objects.filter(details__event=fact).count() for fact in facts]
    return [*audited, OutgoingMail.objects.filter(subject="We received your payment").count()]


@pytest.mark.parametrize("different", [1, 2, THREADS])
def test_many_deliveries_at_once_have_one_effect(run_together: RunTogether, different: int) -> None:
    told = succeeded_payment_events(different)

    answers = run_together(THREADS, lambda number: deliver(told[number % different]).status_code)

    assert answers == [200] * THREADS
    assert effects() == [1, 1, 1]
    assert (Payment.objects.get().status, Enrollment.objects.get().status) == ("succeeded", "active")
    assert WebhookEvent.objects.filter(outcome="applied").count() == 1
    assert WebhookEvent.objects.count() == different


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_with_check_then_act_every_delivery_has_its_effect(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (told,), threads = succeeded_payment_events(1), 4
        everyone_has_looked = threading.Barrier(threads, timeout=30)

        def look_then_store(pk: str, defaults: Json) -> tuple[WebhookEvent, bool]:
            is_new = not WebhookEvent.objects.filter(payload__id=pk).exists()
            everyone_has_looked.wait()
            return WebhookEvent.objects.create(pk=f"{pk}_{uuid4().hex}", **defaults), is_new

        def look_and_record_nothing(*_: object, **__: object) -> None:
            everyone_has_looked.wait()

        monkeypatch.setattr(WebhookEvent.objects, "get_or_create", look_then_store)
        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
        monkeypatch.setattr(events, "hold_intent", lambda _: None)
        monkeypatch.setattr(settling, "record_facts", look_and_record_nothing)
        run_together(threads, lambda _: deliver(told))

        assert effects()[0] == effects()[2] == threads
