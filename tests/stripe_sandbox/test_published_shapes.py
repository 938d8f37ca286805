"""Nothing that the sandbox answers has a member, or a type of member, that Stripe's published schema does not have.

`published_shapes.json` names its source. The sandbox may answer fewer members, never others.
"""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from tests.stripe_sandbox.conftest import Json, make_intent, make_paid

SHAPES: dict[str, dict[str, str]] = json.loads(Path(__file__).with_name("published_shapes.json").read_text())["shapes"]
TYPES: dict[type, str] = {
    bool: "boolean",
    dict: "object",
    float: "number",
    int: "integer",
    list: "array",
    str: "string",
    type(None): "null",
}
LIBRARY = {
    "balance_transaction": stripe.BalanceTransaction,
    "charge": stripe.Charge,
    "dispute": stripe.Dispute,
    "event": stripe.Event,
    "payment_intent": stripe.PaymentIntent,
    "refund": stripe.Refund,
}


def differences(answered: Any, path: str) -> Iterator[str]:
    """Tell where an answer differs from the published shape of that name, or of the object that it says it is."""
    if isinstance(answered, list):
        for item in answered:
            yield from differences(item, path)
    elif isinstance(answered, dict):
        name = own_name(answered) or path
        for member, value in answered.items():
            yield from member_differences(name, member, value)


def own_name(answered: Json) -> str | None:
    """Return the name of a published object that says what it is."""
    name = answered.get("object")
    return name if isinstance(name, str) and name in SHAPES else None


def member_differences(name: str, member: str, value: Any) -> Iterator[str]:
    published = SHAPES.get(name, {}).get(member, "nothing").split()
    if "map" in published and isinstance(value, dict):
        yield from differences(value, name) if own_name(value) else ()  # the subject of an event
    elif TYPES[type(value)] not in published:
        yield f"{name}.{member} is {TYPES[type(value)]}, published is {' '.join(published)}"
    else:
        yield from differences(value, f"{name}.{member}")


def pay_in_every_way(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    """Leave an intent in every state, each with what led there."""
    client.v1.payment_intents.create(
        {
            "amount": 4900,
            "currency": "usd",
            "automatic_payment_methods": {"enabled": True},
            "receipt_email": "person01@example.com",
            "shipping": {"name": "Person One", "address": {"line1": "1 Example Street", "country": "US"}},
        }
    )
    sandbox.decline(make_intent(client).id)
    asked, failed = make_intent(client), make_intent(client)
    for intent in (asked, failed):
        sandbox.pay(intent.id, "pm_card_authenticationRequired")
    sandbox.authenticate(failed.id, succeed=False)
    sandbox.process(make_intent(client).id)
    client.v1.payment_intents.cancel(make_intent(client).id)


@pytest.fixture
def everything(client: stripe.StripeClient, sandbox: StripeSandbox) -> list[Json]:
    """What every list answers once everything has happened: paid, declined, refunded, disputed."""
    pay_in_every_way(client, sandbox)
    refunded = make_paid(client, card="pm_card_pendingRefund")
    refunds = [client.v1.refunds.create({"payment_intent": refunded.id, "amount": 900}).id for _ in range(3)]
    sandbox.settle_refund(refunds[0], "succeeded")
    sandbox.settle_refund(refunds[1], "failed")
    sandbox.close_dispute(sandbox.dispute(make_paid(client).id)["id"], won=True)
    sandbox.dispute(make_paid(client).id, is_inquiry=True)
    paths = ("payment_intents", "charges", "refunds", "disputes", "events")
    return [json.loads(client.raw_request("get", f"/v1/{path}?limit=100").body) for path in paths]


def test_every_answer_has_the_published_shape(everything: list[Json]) -> None:
    assert {row["object"] for answer in everything for row in answer["data"]} == set(LIBRARY) - {"balance_transaction"}
    assert list(differences(everything, "list")) == []


def test_the_library_of_the_pinned_version_knows_every_member(everything: list[Json]) -> None:
    entries = [entry for dispute in everything[3]["data"] for entry in dispute["balance_transactions"]]

    rows = [*entries, *(row for answer in everything for row in answer["data"])]

    assert {row["object"] for row in rows} == set(LIBRARY)
    for row in rows:
        assert set(row) <= set(LIBRARY[row["object"]].__annotations__)


def test_refusals_have_the_published_shape(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent = make_intent(client)
    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.refunds.create({"payment_intent": intent.id})

    for error in (declined.value, refused.value):
        assert error.http_body
        assert list(differences(json.loads(error.http_body)["error"], "error")) == []


@pytest.mark.parametrize(
    "strange",
    [
        {"object": "charge", "invoice": None},
        {"object": "charge", "amount": "4900"},
        {"object": "charge", "amount": None},
        {"object": "charge", "outcome": {"verdict": "fine"}},
        {"object": "list", "data": [{"object": "refund", "failure_reason": None}]},
        {"object": "event", "data": {"object": {"object": "dispute", "evidence_details": {"due_by": "soon"}}}},
    ],
)
def test_a_strange_member_or_type_would_be_noticed(strange: Json) -> None:
    assert len(list(differences(strange, "list"))) == 1
