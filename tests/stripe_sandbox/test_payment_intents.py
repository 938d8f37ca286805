"""Payment intents through Stripe's own client: made, paid, declined, canceled, listed, refused."""

import base64
import http.client
from collections.abc import Callable

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox


def make_intent(client: stripe.StripeClient, amount: int = 4900) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": amount, "currency": "usd"})


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
