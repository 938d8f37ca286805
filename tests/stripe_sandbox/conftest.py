"""A running sandbox, Stripe's own client pointed at it, and a webhook endpoint that it can send to."""

import platform
import sys
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
import requests
import stripe

from examples.stripe_sandbox import StripeSandbox

Connect = Callable[[str], stripe.StripeClient]
Json = dict[str, Any]


# npm has Stripe's own command line tool as one package for each platform; the lock names this one.
collect_ignore = [] if (sys.platform, platform.machine()) == ("linux", "x86_64") else ["test_stripe_cli.py"]


@pytest.fixture
def sandbox() -> Iterator[StripeSandbox]:
    """A sandbox on a free port."""
    with StripeSandbox() as running:
        yield running


@pytest.fixture
def connect(sandbox: StripeSandbox, monkeypatch: pytest.MonkeyPatch) -> Iterator[Connect]:
    """Make clients for a given key that never retry on their own and stay off the disk and any proxy."""
    monkeypatch.setattr(stripe, "enable_telemetry", False)
    with requests.Session() as session:
        session.trust_env = False
        http = stripe.RequestsClient(timeout=5, session=session)
        yield lambda key: stripe.StripeClient(
            key, base_addresses={"api": sandbox.url}, http_client=http, max_network_retries=0
        )


@pytest.fixture
def client(sandbox: StripeSandbox, connect: Connect) -> stripe.StripeClient:
    """A client with the sandbox's key."""
    return connect(sandbox.key)


@dataclass
class Receiver:
    """A webhook endpoint: its address, what it has received, and the statuses that it answers before its 204s."""

    url: str
    received: list[tuple[bytes, str]] = field(default_factory=list)
    received_at: list[float] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    def events(self, secret: str) -> list[stripe.Event]:
        """The events received, each verified with Stripe's own library."""
        return [stripe.Webhook.construct_event(body, header, secret) for body, header in self.received]

    def kinds(self, secret: str) -> list[str]:
        """The types of the events received."""
        return [event.type for event in self.events(secret)]


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    """A webhook endpoint on a free port."""

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            open_to.received_at.append(time.monotonic())
            open_to.received.append((body, self.headers["Stripe-Signature"]))
            self.send_response(open_to.answers.pop(0) if open_to.answers else 204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Endpoint) as server:
        open_to = Receiver(f"http://127.0.0.1:{server.server_port}/hook/?site=1")
        thread = threading.Thread(target=server.serve_forever, args=(0.02,))
        thread.start()
        yield open_to
        server.shutdown()
        thread.join()


def make_intent(client: stripe.StripeClient, amount: int = 4900) -> stripe.PaymentIntent:
    """Make an intent that nobody has paid."""
    return client.v1.payment_intents.create({"amount": amount, "currency": "usd"})


def make_paid(client: stripe.StripeClient, amount: int = 4900, card: str = "pm_card_visa") -> stripe.PaymentIntent:
    """Make an intent and pay it with this card."""
    intent = make_intent(client, amount)
    return client.v1.payment_intents.confirm(intent.id, {"payment_method": card})


def charge_of(client: stripe.StripeClient, intent: stripe.PaymentIntent | str) -> stripe.Charge:
    """Return the latest charge of an intent, as it is now."""
    intent_id = intent if isinstance(intent, str) else intent.id
    latest = client.v1.payment_intents.retrieve(intent_id).latest_charge
    assert isinstance(latest, str)
    return client.v1.charges.retrieve(latest)
