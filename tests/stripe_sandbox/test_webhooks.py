"""Events: one for each change of state, signed as Stripe signs, delivered to a real server."""

import time
from itertools import pairwise

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox, sign
from tests.stripe_sandbox.conftest import Receiver, make_intent

CREATED_AND_PAID = ["payment_intent.created", "charge.succeeded", "payment_intent.succeeded"]


def pay(client: stripe.StripeClient, sandbox: StripeSandbox) -> str:
    intent = make_intent(client)
    sandbox.confirm(intent.id)
    return intent.id


def test_every_change_of_state_is_an_event_with_the_state_of_its_moment(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    intent_id = pay(client, sandbox)

    events = client.v1.events.list().data

    assert [event.type for event in events] == [
        "payment_intent.succeeded",
        "charge.succeeded",
        "payment_intent.created",
    ]
    paid, charged, created = (event.data.object.to_dict() for event in events)
    assert (created["status"], paid["status"]) == ("requires_payment_method", "succeeded")
    assert (created["id"], charged["payment_intent"], paid["id"]) == (intent_id, intent_id, intent_id)
    assert paid["latest_charge"] == charged["id"]


def test_a_delivered_event_verifies_with_the_stripe_library(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url, "whsec_chosen")

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds("whsec_chosen") == CREATED_AND_PAID
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [204, 204, 204]
    assert [event["pending_webhooks"] for event in sandbox.events] == [0, 0, 0]


def test_a_signed_event_verifies_only_with_its_secret_and_body(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    pay(client, sandbox)

    body, headers = sandbox.signed(sandbox.events[-1])

    signature = headers["Stripe-Signature"]
    event = stripe.Webhook.construct_event(body, signature, sandbox.webhook_secret)
    assert event.id == sandbox.events[-1]["id"]
    for forged, secret in [(body + b" ", sandbox.webhook_secret), (body, "whsec_other")]:
        with pytest.raises(stripe.SignatureVerificationError):
            stripe.Webhook.construct_event(forged, signature, secret)


def test_an_old_signature_is_too_old() -> None:
    stale = sign(b"{}", "whsec_1", int(time.time()) - 301)

    with pytest.raises(stripe.SignatureVerificationError, match="tolerance"):
        stripe.Webhook.construct_event(b"{}", stale, "whsec_1")


def test_an_endpoint_that_does_not_answer_leaves_the_event_pending(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    sandbox.set_webhook("http://127.0.0.1:9/")

    make_intent(client)

    assert sandbox.webhooks.wait_for_deliveries()
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [None]
    assert sandbox.events[0]["pending_webhooks"] == 1


def test_while_a_secret_is_replaced_either_one_verifies(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url, "whsec_old")
    new = sandbox.roll_secret()

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds("whsec_old") == receiver.kinds(new) == CREATED_AND_PAID
    assert receiver.received[0][1].count("v1=") == 2


def test_a_chosen_secret_ends_the_former_ones(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url, "whsec_old")
    sandbox.roll_secret()
    sandbox.set_webhook(receiver.url, "whsec_chosen")

    make_intent(client)

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds("whsec_chosen") == ["payment_intent.created"]
    with pytest.raises(stripe.SignatureVerificationError):
        receiver.events("whsec_old")


def test_a_failed_delivery_is_tried_again_with_growing_waits(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.webhooks.retry_seconds = 0.15
    receiver.answers = [500, 503, 404]
    sandbox.set_webhook(receiver.url)

    make_intent(client)

    assert sandbox.webhooks.wait_for_deliveries()
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [500, 503, 404, 204]
    waits = [later - earlier for earlier, later in pairwise(receiver.received_at)]
    assert all(wait >= least for wait, least in zip(waits, [0.01, 0.02, 0.04], strict=True))
    assert len({body for body, _ in receiver.received}) == 1
    assert sandbox.events[0]["pending_webhooks"] == 0


def test_a_delivery_that_never_succeeds_ends_after_five_tries(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.webhooks.retry_seconds = 0.05
    receiver.answers = [500] * 10
    sandbox.set_webhook(receiver.url)

    make_intent(client)

    assert sandbox.webhooks.wait_for_deliveries()
    assert len(receiver.received) == 5
    assert sandbox.events[0]["pending_webhooks"] == 1


def test_a_duplicated_event_comes_twice(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("duplicate", "charge.*")

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    kinds = ["payment_intent.created", "charge.succeeded", "charge.succeeded", "payment_intent.succeeded"]
    assert receiver.kinds(sandbox.webhook_secret) == kinds
    assert len({event.id for event in receiver.events(sandbox.webhook_secret)}) == 3


def test_reordered_events_come_last_first(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("reorder", times=3)

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds(sandbox.webhook_secret) == CREATED_AND_PAID[::-1]


def test_a_delayed_event_is_overtaken(client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("delay", "*.created", seconds=0.2)

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds(sandbox.webhook_secret) == [*CREATED_AND_PAID[1:], CREATED_AND_PAID[0]]


@pytest.mark.parametrize(("times", "arrived"), [(1, CREATED_AND_PAID[1:]), (2, CREATED_AND_PAID[2:]), (None, [])])
def test_dropped_events_never_come_but_can_be_asked_for(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver, times: int | None, arrived: list[str]
) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("drop", times=times)

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds(sandbox.webhook_secret) == arrived
    undelivered = client.v1.events.list({"delivery_success": False}).data
    assert [event.type for event in undelivered][::-1] == CREATED_AND_PAID[: 3 - len(arrived)]


def test_an_event_can_be_sent_again(client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("drop")
    make_intent(client)
    [lost] = sandbox.events

    sandbox.webhooks.resend(lost["id"])

    assert sandbox.webhooks.wait_for_deliveries()
    assert [event.id for event in receiver.events(sandbox.webhook_secret)] == [lost["id"]]
    assert client.v1.events.list({"delivery_success": False}).data == []


def test_a_reset_forgets_the_events_that_are_held_back(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("reorder", "*.created", times=2)
    sandbox.faults.on_events("delay", "*.canceled", seconds=30)
    client.v1.payment_intents.cancel(make_intent(client).id)
    assert sandbox.webhooks.wait_for_deliveries(0.05) is False

    sandbox.reset()

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.received == []


def test_events_still_on_their_way_do_not_hold_up_the_end(receiver: Receiver) -> None:
    with StripeSandbox(retry_seconds=60) as sandbox:
        sandbox.set_webhook(receiver.url)
        sandbox.faults.on_events("delay", seconds=30)
        sandbox.webhooks.publish("payment_intent.created", {"object": "payment_intent"}, {})
        stopped_at = time.monotonic()

    assert time.monotonic() - stopped_at < 2
    assert receiver.received == []
