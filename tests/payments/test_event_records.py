"""What is kept of an event and told of it: the mail, the audit log, the stored row."""

import json

import pytest
from pytest_django import Settings

from audit.models import AuditLog
from payments.models import Payment, WebhookEvent
from tests.payments.conftest import PAID, UNTOUCHED, Json, deliver, event, intent_event, state_of
from titanobova.models import OutgoingMail

pytestmark = pytest.mark.django_db


def test_the_buyer_is_told_in_plain_words(payment: Payment) -> None:
    Payment.objects.update(description="Cakes & <b>more</b>")

    deliver(intent_event(payment))

    mail = OutgoingMail.objects.get()
    assert (mail.recipient, mail.subject) == ("student@example.com", "We received your payment")
    assert "99.99 USD for: Cakes & <b>more</b>" in mail.text
    assert "Your place in the course is open now." in mail.text


def test_the_audit_log_says_that_stripe_said_so(payment: Payment) -> None:
    told = intent_event(payment)

    deliver(told)

    log = AuditLog.objects.get(details__event="payments.payment.succeeded")
    assert (log.action, log.resource_id, log.user, log.ip_address) == ("update", str(payment.pk), None, "127.0.0.1")
    assert (log.details["system"], log.details["stripe_event"]) == ("stripe", told["id"])


def test_an_event_is_stored_without_the_client_secret(payment: Payment) -> None:
    told = intent_event(payment, charges={"data": [{"client_secret": "pi_secret_inside"}]})

    deliver(told)

    stored = WebhookEvent.objects.get()
    assert (stored.pk, stored.type, stored.livemode) == (told["id"], "payment_intent.succeeded", False)
    assert stored.payload["data"]["object"]["amount"] == 9999
    assert "secret" not in json.dumps(stored.payload)


@pytest.mark.parametrize(
    "told",
    [
        event("customer.created", {"id": "cus_1"}),
        event("payment_intent.created", {"id": "pi_1"}),
        event("payment_intent.succeeded", {"id": "pi_of_another_site", "metadata": {"payment_id": "none of ours"}}),
        event("payment_intent.succeeded", {}),
        event("payment_intent.succeeded", {"id": 5}),
        event("payment_intent.succeeded", {"id": "x" * 300}),
        event("payment_intent.succeeded", {"id": "pi_2", "metadata": {"payment_id": ["x"]}}),
    ],
)
def test_an_event_that_is_none_of_our_concern_is_stored_and_answered(webhook: None, told: Json) -> None:
    assert deliver(told).status_code == 200
    assert WebhookEvent.objects.get().outcome == "ignored"
    row = AuditLog.objects.get()
    assert (row.details["event"], row.details["stripe_event"]) == ("payments.webhook.received", told["id"])


@pytest.mark.parametrize(("key", "livemode"), [("sk_test_x", True), ("sk_live_x", False), ("rk_live_x", False)])
def test_an_event_of_the_other_mode_changes_nothing(
    payment: Payment, settings: Settings, caplog: pytest.LogCaptureFixture, key: str, livemode: bool
) -> None:
    settings.STRIPE_SECRET_KEY = key

    answer = deliver({**intent_event(payment), "livemode": livemode})

    assert answer.status_code == 200
    assert state_of(payment) == UNTOUCHED
    assert not WebhookEvent.objects.exists()
    assert "other mode" in caplog.text


def test_an_event_of_a_connected_account_changes_nothing(payment: Payment, caplog: pytest.LogCaptureFixture) -> None:
    answer = deliver({**intent_event(payment), "account": "acct_of_somebody_else"})

    assert answer.status_code == 200
    assert state_of(payment) == UNTOUCHED
    assert not WebhookEvent.objects.exists()
    assert "another account" in caplog.text


@pytest.mark.parametrize("key", ["sk_live_x", "rk_live_x"])
def test_an_event_of_real_money_counts_with_a_live_key(payment: Payment, settings: Settings, key: str) -> None:
    settings.STRIPE_SECRET_KEY = key

    deliver({**intent_event(payment), "livemode": True})

    assert state_of(payment) == PAID
