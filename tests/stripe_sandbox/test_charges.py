"""Charges: one for each attempt, with the money that it holds."""

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from tests.stripe_sandbox.conftest import charge_of, make_intent, make_paid


def test_a_paid_intent_names_the_charge_that_holds_its_money(client: stripe.StripeClient) -> None:
    intent = client.v1.payment_intents.create(
        {"amount": 4900, "currency": "eur", "description": "Algebra", "metadata": {"payment": "7"}}
    )
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_mastercard"})

    charge = charge_of(client, intent)

    assert (charge.status, charge.paid, charge.captured) == ("succeeded", True, True)
    assert (charge.amount, charge.amount_captured, charge.amount_refunded) == (4900, 4900, 0)
    assert (charge.currency, charge.payment_intent, charge.description) == ("eur", intent.id, "Algebra")
    assert charge.metadata.to_dict() == {"payment": "7"}
    assert charge.payment_method_details
    assert charge.payment_method_details.card
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == (
        "mastercard",
        "4444",
    )


def test_each_attempt_is_a_charge_of_its_intent(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent, other = make_intent(client), make_paid(client)
    sandbox.decline(intent.id)
    sandbox.pay(intent.id)

    charges = client.v1.charges.list({"payment_intent": intent.id}).data

    assert [(charge.status, charge.paid, charge.failure_code) for charge in charges] == [
        ("succeeded", True, None),
        ("failed", False, "card_declined"),
    ]
    assert charges[0].id == charge_of(client, intent).id
    assert {charge.payment_intent for charge in client.v1.charges.list().data} == {intent.id, other.id}


def test_charges_come_in_pages(client: stripe.StripeClient) -> None:
    made = [make_paid(client).latest_charge for _ in range(3)]

    first = client.v1.charges.list({"limit": 2})

    assert ([charge.id for charge in first.data], first.has_more) == (made[:0:-1], True)
    assert [charge.id for charge in first.auto_paging_iter()] == made[::-1]


def test_an_unknown_charge_is_not_found(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.charges.retrieve("ch_unknown")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")
