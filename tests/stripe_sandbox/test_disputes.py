"""Disputes: a bank takes the money back or only asks, and decides."""

import time

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from examples.stripe_sandbox.answers import ApiError
from tests.stripe_sandbox.conftest import charge_of, make_intent, make_paid


def told(sandbox: StripeSandbox) -> list[str]:
    return [event["type"] for event in sandbox.events if event["type"].startswith("charge.dispute.")]


def test_a_dispute_takes_the_money_and_waits_for_an_answer(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client)

    opened = sandbox.dispute(paid.id, reason="product_not_received", days=7)

    dispute = client.v1.disputes.retrieve(opened["id"])
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", "product_not_received", 4900)
    assert (dispute.charge, dispute.payment_intent) == (paid.latest_charge, paid.id)
    assert dispute.evidence_details.due_by == pytest.approx(time.time() + 7 * 86_400, abs=5)
    [withdrawn] = dispute.balance_transactions
    assert (withdrawn.amount, withdrawn.fee, withdrawn.net) == (-4900, 1500, -6400)
    assert charge_of(client, paid).disputed is True
    assert told(sandbox) == ["charge.dispute.created", "charge.dispute.funds_withdrawn"]


def test_a_won_dispute_brings_the_money_back_but_not_the_fee(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    dispute = sandbox.dispute(make_paid(client).id, 900)

    closed = sandbox.close_dispute(dispute["id"], won=True)

    assert closed["status"] == "won"
    assert [entry["net"] for entry in closed["balance_transactions"]] == [-2400, 900]
    assert told(sandbox)[2:] == ["charge.dispute.funds_reinstated", "charge.dispute.closed"]


def test_a_lost_dispute_only_closes(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(make_paid(client).id)

    closed = sandbox.close_dispute(dispute["id"], won=False)

    assert (closed["status"], len(closed["balance_transactions"])) == ("lost", 1)
    assert told(sandbox)[2:] == ["charge.dispute.closed"]


@pytest.mark.parametrize("won", [True, False])
def test_an_inquiry_moves_no_money_and_closes_without_a_claim(
    client: stripe.StripeClient, sandbox: StripeSandbox, won: bool
) -> None:
    paid = make_paid(client, card="pm_card_createDisputeInquiry")
    [inquiry] = client.v1.disputes.list().data
    assert (inquiry.status, inquiry.is_charge_refundable) == ("warning_needs_response", True)

    closed = sandbox.close_dispute(inquiry.id, won=won)

    assert (closed["status"], closed["balance_transactions"]) == ("warning_closed", [])
    assert told(sandbox) == ["charge.dispute.created", "charge.dispute.closed"]
    assert client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"


def test_a_card_of_somebody_who_disputes_pays_first(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client, card="pm_card_createDispute")

    [dispute] = client.v1.disputes.list({"payment_intent": paid.id}).data

    assert (paid.status, dispute.reason) == ("succeeded", "fraudulent")
    assert [event["type"] for event in sandbox.events][2:4] == ["payment_intent.succeeded", "charge.dispute.created"]


def test_what_a_bank_has_taken_is_not_refunded_until_it_comes_back(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    paid = make_paid(client)
    dispute = sandbox.dispute(paid.id)

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})

    assert refused.value.code == "charge_disputed"
    sandbox.close_dispute(dispute["id"], won=True)
    assert client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"


def test_disputes_are_listed_by_charge_and_in_pages(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = [make_paid(client) for _ in range(3)]
    opened = [sandbox.dispute(intent.id)["id"] for intent in paid]

    first = client.v1.disputes.list({"limit": 2})

    assert ([dispute.id for dispute in first.data], first.has_more) == (opened[:0:-1], True)
    assert [dispute.id for dispute in first.auto_paging_iter()] == opened[::-1]
    of_charge = client.v1.disputes.list({"charge": str(paid[0].latest_charge)}).data
    assert [dispute.id for dispute in of_charge] == opened[:1]


@pytest.mark.parametrize(
    ("amount", "reason"), [(4901, "fraudulent"), (0, "fraudulent"), (-1, "fraudulent"), (None, "boredom")]
)
def test_a_dispute_over_more_than_was_paid_or_for_no_reason_is_refused(
    client: stripe.StripeClient, sandbox: StripeSandbox, amount: int | None, reason: str
) -> None:
    paid = make_paid(client)

    with pytest.raises(ApiError, match="nothing to dispute"):
        sandbox.dispute(paid.id, amount, reason=reason)

    assert (client.v1.disputes.list().data, charge_of(client, paid).disputed) == ([], False)


def test_a_charge_is_disputed_once_and_closed_once(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid, unpaid = make_paid(client), make_intent(client)
    dispute = sandbox.dispute(paid.id)
    sandbox.close_dispute(dispute["id"], won=False)

    with pytest.raises(ApiError, match="is closed: lost"):
        sandbox.close_dispute(dispute["id"], won=True)
    with pytest.raises(ApiError, match="nothing to dispute"):
        sandbox.dispute(paid.id)
    with pytest.raises(ApiError, match="status of requires_payment_method"):
        sandbox.dispute(unpaid.id)
