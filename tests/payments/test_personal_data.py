"""What payments hold of a person: handed out, taken out on erasure, and kept out afterwards."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from rest_framework.test import APIClient

from audit.actor import Actor
from payments.models import Dispute, LedgerEntry, Payment, Refund, WebhookEvent
from payments.personal_data import erase_payments, events_of
from tests.conftest import make_user
from tests.payments.conftest import (
    Json,
    charge_event,
    deliver,
    dispute_event,
    event,
    intent_event,
    mails_to,
    make_payment,
    refund_event,
)
from tests.shared.plans import plan_of
from users.erased import erased_email
from users.models import User

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
SYSTEM = Actor.from_system("tests")
CARD = {"billing_details": {"name": "Ada Lovelace", "email": "student@example.com"}}


@pytest.fixture
def told(payment: Payment) -> Payment:
    """A payment of which much was told, with names."""
    deliver(intent_event(payment, latest_charge={"id": "ch_1", **CARD}))
    payment.refresh_from_db()
    deliver(refund_event(payment, 1000, destination_details={"card": CARD}))
    deliver(dispute_event(payment, 500, evidence={"customer_name": "Ada Lovelace"}))
    deliver(refund_event(payment, 100, payment_intent="pi_of_another_person", destination_details=CARD))
    Refund.objects.update(reason="Ada Lovelace was ill")
    return payment


def stored() -> str:
    return json.dumps([*WebhookEvent.objects.exclude(intent_id="pi_of_another_person").values("payload")], default=str)


def test_a_person_gets_their_payments_and_what_went_back_of_them(api: Login, student: User, told: Payment) -> None:
    make_payment(make_user("stranger@example.com"), description="Of a stranger").refunds.create(amount=1)

    known = api(student).get("/api/v1/users/export/").json()

    [payment], [refund], [dispute] = known["payments"], known["refunds"], known["disputes"]
    assert (payment["amount"], payment["amount_refunded"]) == ("99.99", "10.00")
    assert (refund["amount"], refund["payment_id"], refund["currency"]) == ("10.00", str(told.pk), "usd")
    assert (dispute["amount"], dispute["status"]) == ("5.00", "needs_response")


def test_erasing_takes_every_name_out_of_events_refunds_and_payments(student: User, told: Payment) -> None:
    assert stored().count("Lovelace") == 3
    money = [*LedgerEntry.objects.values(), *Dispute.objects.values()]

    erase_payments(student, by=SYSTEM)

    assert "Lovelace" not in stored()
    assert Refund.objects.get().reason == ""
    assert [*LedgerEntry.objects.values(), *Dispute.objects.values()] == money
    assert WebhookEvent.objects.filter(payload__data__object__amount=1000).count() == 1


def test_what_stripe_tells_afterwards_of_an_erased_person_is_kept_without_names(student: User, told: Payment) -> None:
    erase_payments(student, by=SYSTEM)
    User.objects.filter(pk=student.pk).update(email=erased_email(student.pk))

    deliver(refund_event(told, 2000, destination_details=CARD))

    told.refresh_from_db()
    assert str(told.amount_refunded) == "30.000"
    assert "Lovelace" not in stored()
    assert mails_to(erased_email(student.pk)) == []


@pytest.mark.parametrize(
    "told",
    [
        event("charge.succeeded", {"id": "ch_1", "object": "charge", "payment_intent": "pi_1", **CARD}),
        event("customer.updated", {"id": "cus_1", "object": "customer", "name": "Ada Lovelace"}),
        event("payment_intent.succeeded", {"id": "pi_of_another_site", "latest_charge": {"id": "ch_1", **CARD}}),
        event("charge.refunded", {"id": "ch_2", "object": "charge", "payment_intent": None, **CARD}),
    ],
)
def test_an_event_that_is_none_of_our_concern_is_kept_without_names(webhook: None, told: Json) -> None:
    deliver(told)

    kept = WebhookEvent.objects.get()
    assert (kept.outcome, kept.subject["id"]) == ("ignored", told["data"]["object"]["id"])
    assert "Lovelace" not in json.dumps(kept.payload)


def test_what_waited_for_an_erased_person_is_kept_without_names_once_it_is_known_whose_it_is(
    student: User, payment: Payment
) -> None:
    paid = intent_event(payment)
    early = dispute_event(payment, 500, evidence={"customer_name": "Ada Lovelace"})
    Payment.objects.update(intent_id="")
    erase_payments(student, by=SYSTEM)
    User.objects.filter(pk=student.pk).update(email=erased_email(student.pk))
    deliver(early)
    assert "Lovelace" in stored()

    deliver(paid)

    assert WebhookEvent.objects.get(pk=early["id"]).outcome == "applied"
    assert "Lovelace" not in stored()


def test_what_did_not_fit_the_payment_of_an_erased_person_goes_too(student: User, payment: Payment) -> None:
    odd: Json = {
        "payment_intent": "pi_of_another",
        "metadata": {"payment_id": str(payment.pk)},
        "destination_details": CARD,
    }
    deliver(refund_event(payment, 100, **odd))
    assert WebhookEvent.objects.get().outcome == "mismatch"
    assert "Lovelace" in stored()

    erase_payments(student, by=SYSTEM)

    assert "Lovelace" not in stored()


def test_what_waits_and_says_whose_it_is_goes_too(student: User, payment: Payment) -> None:
    names: Json = {"metadata": {"user_id": str(student.pk)}, "payment_intent": "pi_not_known_yet"}
    deliver(charge_event(payment, 100, **names, **CARD))
    assert WebhookEvent.objects.get().outcome == "waiting"
    assert "Lovelace" in stored()

    erase_payments(student, by=SYSTEM)

    assert "Lovelace" not in stored()


def test_the_events_of_a_person_are_found_by_indexes_and_not_by_reading_them_all(student: User, told: Payment) -> None:
    where = str(events_of(student).query).partition(" WHERE ")[2]

    assert "payload" not in where
    if connection.vendor == "postgresql":
        plan = plan_of(events_of(student))
        assert "webhook_events_by_buyer" in plan
        assert "webhook_events_by_intent" in plan
