"""Payment intents through Stripe's own client: made, paid, declined, canceled, listed, refused."""

import base64
import http.client
from collections.abc import Callable

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from tests.stripe_sandbox.conftest import make_intent


def test_a_created_intent_comes_back_as_it_was_made(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create(
        {
            "amount": 4900,
            "currency": "eur",
            "automatic_payment_methods": {"enabled": True},
            "description": "Algebra für alle",
            "metadata": {"payment": "7", "course": "algebra & more"},
            "receipt_email": "person01@example.com",
        }
    )

    found = client.v1.payment_intents.retrieve(made.id)

    assert found.to_dict() == made.to_dict()
    assert (found.status, found.amount, found.amount_received) == ("requires_payment_method", 4900, 0)
    assert found.metadata.to_dict() == {"payment": "7", "course": "algebra & more"}
    assert found.description == "Algebra für alle"
    assert found.client_secret
    assert found.client_secret.startswith(f"{found.id}_secret_")


def test_a_good_card_pays_once(client: stripe.StripeClient) -> None:
    intent = make_intent(client)

    paid = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})

    assert (paid.status, paid.amount_received) == ("succeeded", 4900)
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"})
    assert refused.value.code == "payment_intent_unexpected_state"


def test_a_declined_card_leaves_the_intent_open(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent = make_intent(client)

    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_chargeDeclined"})

    assert (declined.value.http_status, declined.value.code) == (402, "card_declined")
    found = client.v1.payment_intents.retrieve(intent.id)
    assert found.status == "requires_payment_method"
    assert found.last_payment_error
    assert found.last_payment_error.decline_code == "generic_decline"
    assert sandbox.confirm(intent.id)["status"] == "succeeded"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        ("pm_card_visa_chargeDeclined", "card_declined", "generic_decline"),
        ("pm_card_chargeDeclinedInsufficientFunds", "card_declined", "insufficient_funds"),
        ("pm_card_chargeDeclinedExpiredCard", "expired_card", "expired_card"),
    ],
)
def test_cards_decline_for_their_own_reasons(
    client: stripe.StripeClient, card: str, code: str, decline_code: str
) -> None:
    intent = make_intent(client)

    with pytest.raises(stripe.CardError) as declined:
        client.v1.payment_intents.confirm(intent.id, {"payment_method": card})

    assert declined.value.error
    assert (declined.value.code, declined.value.error.decline_code) == (code, decline_code)


def test_a_card_that_asks_its_holder_waits_for_the_answer(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent = make_intent(client)

    asked = client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})

    assert (asked.status, asked.amount_received, asked.latest_charge) == ("requires_action", 0, None)
    assert asked.next_action
    assert asked.next_action.type == "use_stripe_sdk"
    assert sandbox.events[-1]["type"] == "payment_intent.requires_action"
    answered = sandbox.authenticate(intent.id)
    assert (answered["status"], answered["amount_received"], answered["next_action"]) == ("succeeded", 4900, None)


def test_a_holder_who_fails_may_try_another_card(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent = make_intent(client)
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})

    failed = sandbox.authenticate(intent.id, succeed=False)

    assert (failed["status"], failed["latest_charge"]) == ("requires_payment_method", None)
    assert failed["last_payment_error"]["code"] == "payment_intent_authentication_failure"
    assert sandbox.events[-1]["type"] == "payment_intent.payment_failed"
    assert client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_visa"}).status == "succeeded"


def test_an_intent_that_waits_for_its_holder_can_be_canceled(client: stripe.StripeClient) -> None:
    intent = make_intent(client)
    client.v1.payment_intents.confirm(intent.id, {"payment_method": "pm_card_authenticationRequired"})

    canceled = client.v1.payment_intents.cancel(intent.id)

    assert (canceled.status, canceled.next_action) == ("canceled", None)


def test_a_payment_that_takes_its_time_ends_either_way(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid, declined = make_intent(client), make_intent(client)
    for intent in (paid, declined):
        assert sandbox.process(intent.id)["status"] == "processing"
        with pytest.raises(stripe.InvalidRequestError, match="status of processing"):
            client.v1.payment_intents.cancel(intent.id)

    assert sandbox.pay(paid.id)["status"] == "succeeded"
    assert sandbox.decline(declined.id)["status"] == "requires_payment_method"
    assert [event["type"] for event in sandbox.events if event["type"].endswith("processing")] == [
        "payment_intent.processing"
    ] * 2


def test_an_intent_can_be_made_and_paid_at_once(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = client.v1.payment_intents.create(
        {"amount": 4900, "confirm": True, "currency": "usd", "payment_method": "pm_card_visa"}
    )

    assert (paid.status, paid.amount_received) == ("succeeded", 4900)
    assert [event["type"] for event in sandbox.events] == [
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
    ]


def test_an_intent_with_a_payment_method_waits_to_be_confirmed(client: stripe.StripeClient) -> None:
    made = client.v1.payment_intents.create({"amount": 4900, "currency": "usd", "payment_method": "pm_card_visa"})

    paid = client.v1.payment_intents.confirm(made.id)

    assert (made.status, paid.status) == ("requires_confirmation", "succeeded")
    assert isinstance(paid.payment_method, str)
    assert paid.payment_method.startswith("pm_")


@pytest.mark.parametrize(
    ("extra", "param"),
    [
        ({"confirm": "yes"}, "confirm"),
        ({"confirm": "true"}, "payment_method"),
        ({"payment_method": "pm_unknown"}, "payment_method"),
        ({"payment_method_types": {"0": "sofort"}}, "payment_method_types"),
        ({"payment_method_types": "card"}, "payment_method_types"),
        ({"payment_method_types": {"0": "card"}, "automatic_payment_methods": {"enabled": "true"}}, None),
        ({"shipping": "home"}, "shipping"),
        ({"shipping": {"name": "A", "address": {"planet": "Mars"}}}, "planet"),
    ],
)
def test_what_does_not_make_an_intent_is_refused_and_makes_none(
    client: stripe.StripeClient, sandbox: StripeSandbox, extra: dict[str, object], param: str | None
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/v1/payment_intents", amount=4900, currency="usd", **extra)

    assert (refused.value.http_status, refused.value.param) == (400, param)
    assert sandbox.payment_intents == sandbox.events == []


def test_a_paid_intent_cannot_be_canceled_and_an_open_one_can(client: stripe.StripeClient) -> None:
    paid, still_open = make_intent(client), make_intent(client)
    client.v1.payment_intents.confirm(paid.id, {"payment_method": "pm_card_visa"})

    canceled = client.v1.payment_intents.cancel(still_open.id, {"cancellation_reason": "abandoned"})

    assert (canceled.status, canceled.cancellation_reason) == ("canceled", "abandoned")
    with pytest.raises(stripe.InvalidRequestError, match="status of succeeded"):
        client.v1.payment_intents.cancel(paid.id)


def test_the_list_pages_from_newest_to_oldest(client: stripe.StripeClient) -> None:
    made = [make_intent(client, amount).id for amount in range(100, 105)]

    first = client.v1.payment_intents.list({"limit": 2})
    second = client.v1.payment_intents.list({"limit": 3, "starting_after": made[3]})
    everything = client.v1.payment_intents.list({"limit": 2}).auto_paging_iter()

    assert ([row.id for row in first.data], first.has_more) == ([made[4], made[3]], True)
    assert ([row.id for row in second.data], second.has_more) == ([made[2], made[1], made[0]], False)
    assert [row.id for row in everything] == made[::-1]


def test_the_list_keeps_to_the_bounds_on_creation(client: stripe.StripeClient) -> None:
    intent = make_intent(client)

    since = client.v1.payment_intents.list({"created": {"gte": intent.created}})
    later = client.v1.payment_intents.list({"created": {"gt": intent.created}})

    assert ([row.id for row in since.data], later.data) == ([intent.id], [])


@pytest.mark.parametrize(
    ("amount", "currency", "code", "param"),
    [
        ("0", "usd", "parameter_invalid_integer", "amount"),
        ("-5", "usd", "parameter_invalid_integer", "amount"),
        ("49.00", "usd", "parameter_invalid_integer", "amount"),
        ("49", "usd", "amount_too_small", "amount"),
        ("100000000", "usd", "amount_too_large", "amount"),
        ("5124", "kwd", None, "amount"),
        ("4900", "USD", None, "currency"),
        ("4900", "zzz", None, "currency"),
        ("", "usd", "parameter_missing", "amount"),
    ],
)
def test_a_wrong_amount_or_currency_is_refused(
    client: stripe.StripeClient, amount: str, currency: str, code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("post", "/v1/payment_intents", amount=amount, currency=currency)

    assert (refused.value.http_status, refused.value.code, refused.value.param) == (400, code, param)


@pytest.mark.parametrize(("amount", "currency"), [(50, "usd"), (99999999, "usd"), (500, "jpy"), (5120, "kwd")])
def test_amounts_at_the_limits_are_accepted(client: stripe.StripeClient, amount: int, currency: str) -> None:
    made = client.v1.payment_intents.create({"amount": amount, "currency": currency})

    assert (made.amount, made.currency) == (amount, currency)


def test_card_data_is_refused_and_not_remembered(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    card = {"number": "4242424242424242"}

    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request(
            "post", "/v1/payment_intents", amount=4900, currency="usd", payment_method_data={"card": card}
        )

    assert refused.value.code == "parameter_unknown"
    assert sandbox.requests[0].params == {"amount": "4900", "currency": "usd"}


def test_an_unknown_intent_is_not_found(client: stripe.StripeClient) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.v1.payment_intents.retrieve("pi_unknown")

    assert (refused.value.http_status, refused.value.code) == (404, "resource_missing")


def test_a_foreign_key_is_refused_and_masked(
    connect: Callable[[str], stripe.StripeClient], sandbox: StripeSandbox
) -> None:
    with pytest.raises(stripe.AuthenticationError) as refused:
        make_intent(connect("sk_live_0123456789abcdef"))

    assert refused.value.http_status == 401
    assert "0123456789" not in str(refused.value)
    assert [request.api_key for request in sandbox.requests] == ["sk_live_****cdef"]
    assert sandbox.payment_intents == []


@pytest.mark.parametrize(("scheme", "status"), [("none", 401), ("basic", 200)])
def test_the_key_may_come_as_basic_authentication_but_must_come(
    sandbox: StripeSandbox, scheme: str, status: int
) -> None:
    basic = base64.b64encode(f"{sandbox.key}:".encode()).decode()
    headers = {"Authorization": f"Basic {basic}"} if scheme == "basic" else {}
    connection = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)

    connection.request("GET", "/v1/payment_intents", headers=headers)
    answered = connection.getresponse().status
    connection.close()

    assert answered == status
