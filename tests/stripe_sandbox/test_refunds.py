"""Refunds: in part, in full, never more than was paid; at once, later, or not after all."""

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from tests.conftest import together
from tests.stripe_sandbox.conftest import charge_of, make_intent, make_paid


def kinds_since(sandbox: StripeSandbox, event: str) -> list[str]:
    kinds = [row["type"] for row in sandbox.events]
    return kinds[kinds.index(event) + 1 :]


def test_what_is_left_goes_back_when_no_amount_is_named(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client)
    client.v1.refunds.create({"charge": str(paid.latest_charge), "amount": 900})

    rest = client.v1.refunds.create(
        {"payment_intent": paid.id, "reason": "requested_by_customer", "metadata": {"ours": "7"}}
    )

    assert (rest.amount, rest.status, rest.currency) == (4000, "succeeded", "usd")
    assert (rest.charge, rest.payment_intent) == (paid.latest_charge, paid.id)
    assert rest.metadata
    assert (rest.reason, rest.metadata.to_dict()) == ("requested_by_customer", {"ours": "7"})
    charge = charge_of(client, paid)
    assert (charge.amount_refunded, charge.refunded) == (4900, True)
    assert kinds_since(sandbox, "payment_intent.succeeded") == ["refund.created", "charge.refunded"] * 2


def test_a_partial_refund_leaves_the_charge_unrefunded(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client)

    client.v1.refunds.create({"payment_intent": paid.id, "amount": 4899})

    charge = charge_of(client, paid)
    assert (charge.amount_refunded, charge.refunded) == (4899, False)
    told = sandbox.events[-1]
    assert (told["type"], told["data"]["object"]["amount_refunded"]) == ("charge.refunded", 4899)


def test_no_more_goes_back_than_was_paid(client: stripe.StripeClient) -> None:
    paid = make_paid(client)
    with pytest.raises(stripe.InvalidRequestError, match="greater than charge amount") as at_once:
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 4901})
    client.v1.refunds.create({"payment_intent": paid.id, "amount": 4000})

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount on charge") as in_parts:
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 901})

    for refused in (at_once.value, in_parts.value):
        assert (refused.http_status, refused.code, refused.param) == (400, None, "amount")
    assert charge_of(client, paid).amount_refunded == 4000


def test_a_charge_that_went_back_in_full_is_refused(client: stripe.StripeClient) -> None:
    paid = make_paid(client)
    client.v1.refunds.create({"payment_intent": paid.id})

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": paid.id})

    assert (refused.value.http_status, refused.value.code) == (400, "charge_already_refunded")


def test_refunds_at_once_share_what_was_paid(client: stripe.StripeClient) -> None:
    paid = make_paid(client)

    def refund(_: int) -> str:
        try:
            return str(client.v1.refunds.create({"payment_intent": paid.id, "amount": 900}).status)
        except stripe.InvalidRequestError as refused:
            return str(refused.param)

    outcomes = together(16, refund)

    assert sorted(outcomes) == ["amount"] * 11 + ["succeeded"] * 5
    assert charge_of(client, paid).amount_refunded == 4500


@pytest.mark.parametrize(
    ("params", "code", "param"),
    [
        ({}, "parameter_missing", None),
        ({"payment_intent": "PAID", "charge": "ch_1"}, "parameter_missing", None),
        ({"payment_intent": "UNPAID"}, "payment_intent_unexpected_state", None),
        ({"payment_intent": "pi_unknown"}, "resource_missing", "payment_intent"),
        ({"charge": "ch_unknown"}, "resource_missing", "charge"),
        ({"payment_intent": "PAID", "amount": "0"}, "parameter_invalid_integer", "amount"),
        ({"payment_intent": "PAID", "amount": "-900"}, "parameter_invalid_integer", "amount"),
        ({"payment_intent": "PAID", "amount": "9.00"}, "parameter_invalid_integer", "amount"),
        ({"payment_intent": "PAID", "reason": "regret"}, None, "reason"),
        ({"payment_intent": "PAID", "refund_application_fee": "true"}, "parameter_unknown", "refund_application_fee"),
    ],
)
def test_what_is_no_refund_is_refused_and_takes_nothing(
    client: stripe.StripeClient, params: dict[str, str], code: str | None, param: str | None
) -> None:
    paid = make_paid(client)
    known = {"PAID": paid.id, "UNPAID": make_intent(client).id}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/v1/refunds", **{name: known.get(given, given) for name, given in params.items()})

    assert (refused.value.code, refused.value.param) == (code, param)
    assert client.v1.refunds.list().data == []
    assert charge_of(client, paid).amount_refunded == 0


def test_refunds_are_listed_by_intent_and_by_charge(client: stripe.StripeClient) -> None:
    paid, other = make_paid(client), make_paid(client)
    made = [client.v1.refunds.create({"payment_intent": paid.id, "amount": 100}).id for _ in range(3)]
    foreign = client.v1.refunds.create({"payment_intent": other.id})

    first = client.v1.refunds.list({"payment_intent": paid.id, "limit": 2})

    assert ([refund.id for refund in first.data], first.has_more) == (made[:0:-1], True)
    assert [refund.id for refund in first.auto_paging_iter()] == made[::-1]
    by_charge = client.v1.refunds.list({"charge": str(other.latest_charge)}).data
    assert [refund.id for refund in by_charge] == [foreign.id]
    assert client.v1.refunds.retrieve(foreign.id).to_dict() == foreign.to_dict()


def test_a_pending_refund_holds_its_amount_until_it_succeeds(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    paid = make_paid(client, card="pm_card_pendingRefund")
    pending = client.v1.refunds.create({"payment_intent": paid.id})
    assert (pending.status, pending.pending_reason) == ("pending", "processing")
    assert charge_of(client, paid).amount_refunded == 4900

    sandbox.settle_refund(pending.id)

    settled = client.v1.refunds.retrieve(pending.id)
    assert (settled.status, "pending_reason" in settled) == ("succeeded", False)
    assert charge_of(client, paid).refunded is True
    assert kinds_since(sandbox, "charge.refunded") == ["refund.updated", "charge.refund.updated"]


@pytest.mark.parametrize("card", ["pm_card_pendingRefund", "pm_card_refundFail"])
def test_a_refund_that_fails_gives_its_amount_back(
    client: stripe.StripeClient, sandbox: StripeSandbox, card: str
) -> None:
    paid = make_paid(client, card=card)
    refund = client.v1.refunds.create({"payment_intent": paid.id})

    sandbox.settle_refund(refund.id, "failed")

    failed, charge = client.v1.refunds.retrieve(refund.id), charge_of(client, paid)
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert kinds_since(sandbox, "charge.refunded") == ["refund.updated", "charge.refund.updated", "refund.failed"]
    assert client.v1.refunds.create({"payment_intent": paid.id}).amount == 4900


@pytest.mark.parametrize(("first", "second"), [("failed", "succeeded"), ("succeeded", "succeeded")])
def test_a_refund_does_not_settle_twice(
    client: stripe.StripeClient, sandbox: StripeSandbox, first: str, second: str
) -> None:
    paid = make_paid(client, card="pm_card_pendingRefund")
    refund = client.v1.refunds.create({"payment_intent": paid.id, "amount": 900})
    sandbox.settle_refund(refund.id, first)

    with pytest.raises(Exception, match=f"from {first} to {second}"):
        sandbox.settle_refund(refund.id, second)

    assert charge_of(client, paid).amount_refunded == (900 if first == "succeeded" else 0)


def test_a_refund_in_the_dashboard_has_no_request_behind_it(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    paid = make_paid(client)

    made = sandbox.refund(paid.id, 900, status="pending", reason="duplicate")

    found = client.v1.refunds.retrieve(made["id"])
    assert (found.amount, found.status, found.reason) == (900, "pending", "duplicate")
    assert sandbox.events[-1]["request"] == {"id": None, "idempotency_key": None}


def test_the_metadata_of_a_refund_can_be_changed(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client)
    refund = client.v1.refunds.create({"payment_intent": paid.id, "metadata": {"kept": "1", "gone": "2"}})

    changed = client.v1.refunds.update(refund.id, {"metadata": {"gone": "", "new": "3"}})

    assert changed.metadata
    assert changed.metadata.to_dict() == {"kept": "1", "new": "3"}
    assert kinds_since(sandbox, "charge.refunded") == ["refund.updated", "charge.refund.updated"]
