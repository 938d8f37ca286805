"""One intent for one key, whatever happens to the connection."""

import threading
from typing import Any

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from tests.stripe_sandbox.conftest import charge_of, make_paid

INTENTS = "/v1/payment_intents"


def create(client: stripe.StripeClient, key: str, amount: int = 4900) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": amount, "currency": "usd"}, {"idempotency_key": key})


def last_headers(made: stripe.PaymentIntent | stripe.Refund) -> Any:
    assert made.last_response
    return made.last_response.headers


def test_the_same_key_repeats_the_answer_and_makes_nothing(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    first, second = create(client, "key-1"), create(client, "key-1")

    assert first.to_dict() == second.to_dict()
    assert "Idempotent-Replayed" not in last_headers(first)
    assert last_headers(second)["Idempotent-Replayed"] == "true"
    assert len(sandbox.payment_intents) == len(sandbox.events) == 1


def test_the_same_key_with_other_parameters_is_refused(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    create(client, "key-1", 4900)

    with pytest.raises(stripe.IdempotencyError) as refused:
        create(client, "key-1", 5900)

    assert refused.value.http_status == 400
    assert len(sandbox.payment_intents) == 1


def test_the_same_key_on_another_endpoint_is_refused(client: stripe.StripeClient) -> None:
    first, second = create(client, "key-1"), create(client, "key-2")
    client.v1.payment_intents.cancel(first.id, {}, {"idempotency_key": "key-3"})

    with pytest.raises(stripe.IdempotencyError):
        client.v1.payment_intents.cancel(second.id, {}, {"idempotency_key": "key-3"})


def test_a_key_in_flight_is_a_conflict_until_it_is_answered(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    sandbox.fail_next("POST", INTENTS, "delay", seconds=0.5)
    slow = threading.Thread(target=create, args=(client, "key-1"))
    slow.start()
    while not sandbox.requests:
        slow.join(0.01)

    with pytest.raises(stripe.APIError) as refused:
        create(client, "key-1")
    slow.join()

    assert refused.value.http_status == 409
    assert create(client, "key-1").id == sandbox.payment_intents[0]["id"]
    assert len(sandbox.payment_intents) == 1


def test_sixteen_at_once_make_one_intent(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    barrier, statuses = threading.Barrier(16), list[int]()

    def submit() -> None:
        barrier.wait()
        try:
            create(client, "key-1")
            statuses.append(200)
        except stripe.APIError as refused:
            statuses.append(refused.http_status or 0)

    threads = [threading.Thread(target=submit) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert len(sandbox.payment_intents) == 1
    assert len(statuses) == 16
    assert 200 in statuses
    assert set(statuses) <= {200, 409}


def test_a_retry_after_a_cut_connection_finds_the_intent(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    sandbox.fail_next("POST", INTENTS, "cut")
    with pytest.raises(stripe.APIConnectionError):
        create(client, "key-1")

    retried = create(client, "key-1")

    assert last_headers(retried)["Idempotent-Replayed"] == "true"
    assert [intent["id"] for intent in sandbox.payment_intents] == [retried.id]


def test_a_saved_500_is_repeated_and_another_key_goes_through(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    sandbox.fail_next("POST", INTENTS, "500")
    for _ in range(2):
        with pytest.raises(stripe.APIError) as failed:
            create(client, "key-1")
        assert failed.value.http_status == 500

    assert sandbox.payment_intents == []
    assert create(client, "key-2").status == "requires_payment_method"


def test_refused_parameters_and_a_rate_limit_do_not_spend_the_key(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    with pytest.raises(stripe.InvalidRequestError):
        create(client, "key-1", -1)
    sandbox.fail_next("POST", INTENTS, "429")
    with pytest.raises(stripe.RateLimitError):
        create(client, "key-1")

    assert "Idempotent-Replayed" not in last_headers(create(client, "key-1"))


def test_a_decline_is_saved_with_its_key(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent = create(client, "key-1")

    for _ in range(2):
        with pytest.raises(stripe.CardError):
            client.v1.payment_intents.confirm(
                intent.id, {"payment_method": "pm_card_chargeDeclined"}, {"idempotency_key": "key-2"}
            )

    assert [event["type"] for event in sandbox.events].count("payment_intent.payment_failed") == 1


def test_one_key_refunds_once_however_often_it_is_sent(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client)
    sandbox.fail_next("POST", "/v1/refunds", "cut")
    with pytest.raises(stripe.APIConnectionError):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 900}, {"idempotency_key": "key-1"})

    retried = client.v1.refunds.create({"payment_intent": paid.id, "amount": 900}, {"idempotency_key": "key-1"})

    assert last_headers(retried)["Idempotent-Replayed"] == "true"
    assert [refund.id for refund in client.v1.refunds.list().data] == [retried.id]
    assert charge_of(client, paid).amount_refunded == 900
    with pytest.raises(stripe.IdempotencyError):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 800}, {"idempotency_key": "key-1"})


def test_a_refund_that_asked_for_too_much_is_refused_for_its_key_ever_after(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    paid = make_paid(client)
    first = client.v1.refunds.create({"payment_intent": paid.id, "amount": 4000})
    with pytest.raises(stripe.InvalidRequestError):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 1000}, {"idempotency_key": "key-1"})
    sandbox.settle_refund(first.id, "failed")

    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount"):
        client.v1.refunds.create({"payment_intent": paid.id, "amount": 1000}, {"idempotency_key": "key-1"})
    assert client.v1.refunds.create({"payment_intent": paid.id, "amount": 1000}).status == "succeeded"
