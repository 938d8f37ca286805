"""Events: one for each change of state, signed as Stripe signs, delivered to a real server."""

import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox, sign

Received = list[tuple[bytes, str]]


@pytest.fixture
def receiver() -> Iterator[tuple[str, Received]]:
    """A webhook endpoint: its address, and what it has received."""
    received: Received = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append((body, self.headers["Stripe-Signature"]))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}/hook/?site=1", received
        server.shutdown()
        thread.join()


def pay(client: stripe.StripeClient, sandbox: StripeSandbox) -> str:
    intent = client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})
    sandbox.confirm(intent.id)
    return intent.id


def test_every_change_of_state_is_an_event_with_the_state_of_its_moment(
    client: stripe.StripeClient, sandbox: StripeSandbox
) -> None:
    intent_id = pay(client, sandbox)

    events = client.v1.events.list().data

    assert [event.type for event in events] == ["payment_intent.succeeded", "payment_intent.created"]
    assert [event.data.object.to_dict()["status"] for event in events] == [
        "succeeded",
        "requires_payment_method",
    ]
    assert {event.data.object.to_dict()["id"] for event in events} == {intent_id}
    only = client.v1.events.list({"type": "payment_intent.succeeded"}).data
    assert [event.id for event in only] == [events[0].id]


def test_a_delivered_event_verifies_with_the_stripe_library(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: tuple[str, Received]
) -> None:
    url, received = receiver
    sandbox.set_webhook(url, "whsec_chosen")

    pay(client, sandbox)

    assert sandbox.webhooks.wait_for_deliveries()
    events = [stripe.Webhook.construct_event(body, header, "whsec_chosen") for body, header in received]
    assert [event.type for event in events] == ["payment_intent.created", "payment_intent.succeeded"]
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [204, 204]
    assert [event["pending_webhooks"] for event in sandbox.events] == [0, 0]


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

    client.v1.payment_intents.create({"amount": 4900, "currency": "usd"})

    assert sandbox.webhooks.wait_for_deliveries()
    assert [delivery.status for delivery in sandbox.webhooks.deliveries] == [None]
    assert sandbox.events[0]["pending_webhooks"] == 1
