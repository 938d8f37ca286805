"""An event about an intent meets the answer that says whose it is, at any moment: the event is never left waiting."""

import threading
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from audit.actor import Actor
from payments.models import Payment, WebhookEvent
from payments.services import events, starting
from payments.services.naming import learn_intent, payment_of
from payments.services.starting import learn_intent_of
from tests.conftest import RunTogether, make_user
from tests.payments.conftest import SECRET, Json, deliver, make_payment, refund_event

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("webhook")]

NOBODY = Actor.from_system("tests")
ROUNDS = 10


@pytest.fixture
def webhook(settings: Settings) -> None:
    """A site that receives test events and asks Stripe nothing."""
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    settings.STRIPE_SECRET_KEY = ""


def unnamed() -> tuple[Payment, Json]:
    """Return a payment that does not know its intent, and an event about that intent."""
    payment = make_payment(make_user(f"buyer-{Payment.objects.count()}@example.com"))
    told = refund_event(payment, 100)
    intent_id, payment.intent_id = payment.intent_id, ""
    payment.save()
    payment.intent_id = intent_id  # what the answer says
    return payment, told


def meet(run_together: RunTogether, payment: Payment, told: Json) -> None:
    """Let answer and event arrive at the same moment."""
    both: list[Callable[[], object]] = [
        lambda: learn_intent_of(payment, payment.intent_id, by=NOBODY),
        lambda: deliver(told),
    ]
    outcomes = run_together(2, lambda number: both[number]())
    assert not [outcome for outcome in outcomes if isinstance(outcome, Exception)]


def test_whoever_comes_first_the_event_counts(run_together: RunTogether) -> None:
    for _ in range(ROUNDS):
        payment, told = unnamed()
        meet(run_together, payment, told)

    assert list(WebhookEvent.objects.values_list("outcome", flat=True)) == ["applied"] * ROUNDS


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_without_the_lock_on_the_intent_the_event_waits_for_ever(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        payment, told = unnamed()
        both_have_looked = threading.Barrier(2, timeout=30)

        def find_then_wait(intent_id: str, subject: Json) -> Payment | None:
            found = payment_of(intent_id, subject)
            both_have_looked.wait()
            return found

        def learn_then_wait(held: Payment, intent_id: str, *, by: Actor) -> None:
            learn_intent(held, intent_id, by=by)
            both_have_looked.wait()

        for module in (events, starting):
            monkeypatch.setattr(module, "hold_intent", lambda _: None)
        monkeypatch.setattr(events, "payment_of", find_then_wait)
        monkeypatch.setattr(starting, "learn_intent", learn_then_wait)
        meet(run_together, payment, told)

        assert WebhookEvent.objects.get().outcome == "waiting"
