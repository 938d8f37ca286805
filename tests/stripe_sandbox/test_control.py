"""The sandbox stays on this machine, takes orders over HTTP, and ends without leftovers."""

import http.client
import threading
import time
from typing import Any
from urllib.parse import urlencode

import pytest
import requests
import stripe

from examples.stripe_sandbox import StripeSandbox


def create(client: stripe.StripeClient) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": 4900, "currency": "usd"}, {"idempotency_key": "key-1"})


def command(sandbox: StripeSandbox, name: str, body: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/_sandbox/{name}", json=body, timeout=5)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "", "192.0.2.1", "localhost", "example.com"])
def test_it_refuses_to_listen_beyond_this_machine(host: str) -> None:
    with pytest.raises(ValueError, match="listens on"):
        StripeSandbox(host=host)


def test_it_refuses_a_live_key() -> None:
    with pytest.raises(ValueError, match="sk_test_"):
        StripeSandbox(key="sk_live_0123456789")


@pytest.mark.parametrize("url", ["http://example.com/", "https://127.0.0.1/", "http://127.0.0.1.example.com/"])
def test_events_never_leave_this_machine(sandbox: StripeSandbox, url: str) -> None:
    assert command(sandbox, "webhook", {"url": url, "secret": "whsec_1"}).status_code == 400
    assert sandbox.webhooks.endpoint is None


def test_trouble_and_reset_by_command(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    fault = {"method": "POST", "path": "/v1/payment_intents", "how": "500"}
    assert command(sandbox, "faults", fault).status_code == 200
    with pytest.raises(stripe.APIError):
        create(client)

    seen = requests.get(f"{sandbox.url}/_sandbox/requests", timeout=5).json()["requests"]
    assert command(sandbox, "reset", {}).status_code == 200

    assert [(row["method"], row["path"], row["idempotency_key"]) for row in seen] == [
        ("POST", "/v1/payment_intents", "key-1")
    ]
    assert seen[0]["params"] == {"amount": "4900", "currency": "usd"}
    assert seen[0]["api_key"] == "sk_test_****dbox"
    assert sandbox.requests == []
    assert create(client).status == "requires_payment_method"


@pytest.mark.parametrize(
    "body",
    [
        {"method": "POST", "path": "/v1/x", "how": "explode"},
        {"method": "POST", "path": "/v1/x", "how": "delay", "seconds": "long"},
        {"method": "POST"},
        [],
        7,
    ],
)
def test_a_wrong_command_is_refused(sandbox: StripeSandbox, body: object) -> None:
    assert command(sandbox, "faults", body).status_code == 400


def test_a_page_from_elsewhere_commands_and_reads_nothing(sandbox: StripeSandbox) -> None:
    url = f"{sandbox.url}/_sandbox/"
    simple = requests.post(f"{url}reset", data="{}", headers={"Content-Type": "text/plain"}, timeout=5)
    rebound = requests.get(f"{url}requests", headers={"Host": "evil.example"}, timeout=5)

    assert (simple.status_code, rebound.status_code) == (415, 400)


def test_trouble_can_be_aimed_at_one_kind_of_request(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    sandbox.fail_next("POST", "/v1/payment_intents/*/cancel", "429", times=2)
    intent = create(client)

    for _ in range(2):
        with pytest.raises(stripe.RateLimitError):
            client.v1.payment_intents.cancel(intent.id)
    assert client.v1.payment_intents.cancel(intent.id).status == "canceled"


def test_silence_carries_nothing_out_and_ends_with_the_sandbox() -> None:
    form = {"amount": "4900", "currency": "usd"}
    head = {"Authorization": "Bearer sk_test_sandbox"}
    threads_before = threading.active_count()
    with StripeSandbox() as sandbox:
        sandbox.fail_next("POST", "/v1/payment_intents", "silent")
        waiting = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=0.3)
        waiting.request("POST", "/v1/payment_intents", urlencode(form), head)
        with pytest.raises(TimeoutError):
            waiting.getresponse()
        stopped_at = time.monotonic()

    assert sandbox.payment_intents == []
    assert time.monotonic() - stopped_at < 2
    assert threading.active_count() == threads_before
    waiting.close()


def test_a_delay_does_not_hold_up_the_end() -> None:
    with StripeSandbox() as sandbox:
        sandbox.fail_next("GET", "/v1/events", "delay", seconds=30)
        waiting = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=5)
        waiting.request("GET", "/v1/events", headers={"Authorization": "Bearer sk_test_sandbox"})
        while not sandbox.requests:
            time.sleep(0.01)
        stopped_at = time.monotonic()

    assert time.monotonic() - stopped_at < 2
    waiting.close()
