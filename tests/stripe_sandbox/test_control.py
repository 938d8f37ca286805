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
from tests.stripe_sandbox.conftest import Receiver, make_intent, make_paid


def create(client: stripe.StripeClient) -> stripe.PaymentIntent:
    return client.v1.payment_intents.create({"amount": 4900, "currency": "usd"}, {"idempotency_key": "key-1"})


def command(sandbox: StripeSandbox, name: str, body: Any) -> requests.Response:
    return requests.post(f"{sandbox.url}/control/{name}", json=body, timeout=5)


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

    seen = requests.get(f"{sandbox.url}/control/requests", timeout=5).json()["requests"]
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
        {"method": "POST", "path": "/v1/x", "how": "429", "times": 0},
        {"method": "POST", "path": "/v1/x", "how": "drop"},
        {"method": "EVENT", "path": "*", "how": "cut"},
        {"method": "EVENT", "path": "*", "how": "reorder", "times": 1},
        {"method": "EVENT", "path": "*", "how": "reorder", "times": None},
        [],
        7,
    ],
)
def test_a_wrong_command_is_refused(sandbox: StripeSandbox, body: object) -> None:
    assert command(sandbox, "faults", body).status_code == 400


def test_a_page_from_elsewhere_commands_and_reads_nothing(sandbox: StripeSandbox) -> None:
    url = f"{sandbox.url}/control/"
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


def test_trouble_can_last_until_the_reset(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    sandbox.faults.on_requests("429", "/v1/refunds*", times=None)
    paid = make_paid(client)

    for _ in range(3):
        with pytest.raises(stripe.RateLimitError):
            client.v1.refunds.create({"payment_intent": paid.id})
    sandbox.reset()
    paid = make_paid(client)
    assert client.v1.refunds.create({"payment_intent": paid.id}).status == "succeeded"


@pytest.mark.parametrize(("seconds", "header"), [(0, "1"), (2.5, "3"), (30, "30")])
def test_a_limit_says_when_to_come_back(
    client: stripe.StripeClient, sandbox: StripeSandbox, seconds: float, header: str
) -> None:
    sandbox.fail_next("POST", "/v1/payment_intents", "429", seconds=seconds)

    with pytest.raises(stripe.RateLimitError) as limited:
        create(client)

    assert limited.value.headers
    assert limited.value.headers["Retry-After"] == header


def test_a_customer_pays_by_command(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    intent_id = make_intent(client).id

    steps = [
        command(sandbox, "decline", {"intent_id": intent_id}),
        command(sandbox, "pay", {"intent_id": intent_id, "payment_method": "pm_card_authenticationRequired"}),
        command(sandbox, "authenticate", {"intent_id": intent_id, "succeed": False}),
        command(sandbox, "process", {"intent_id": intent_id}),
        command(sandbox, "pay", {"intent_id": intent_id}),
    ]

    assert [(step.status_code, step.json()["status"]) for step in steps] == [
        (200, "requires_payment_method"),
        (200, "requires_action"),
        (200, "requires_payment_method"),
        (200, "processing"),
        (200, "succeeded"),
    ]
    assert client.v1.payment_intents.retrieve(intent_id).status == "succeeded"


def test_staff_refund_by_command(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    paid = make_paid(client)

    made = command(sandbox, "refund", {"intent_id": paid.id, "amount": 900, "status": "pending"}).json()
    failed = command(sandbox, "settle_refund", {"refund_id": made["id"], "status": "failed"}).json()

    assert (made["status"], failed["status"]) == ("pending", "failed")
    assert client.v1.refunds.retrieve(made["id"]).status == "failed"


def test_a_bank_disputes_by_command(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    opened = command(sandbox, "dispute", {"intent_id": make_paid(client).id, "reason": "duplicate"}).json()

    closed = command(sandbox, "close_dispute", {"dispute_id": opened["id"], "won": True}).json()

    assert (opened["status"], opened["reason"], closed["status"]) == ("needs_response", "duplicate", "won")
    assert client.v1.disputes.retrieve(opened["id"]).status == "won"


def test_deliveries_are_arranged_by_command(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    command(sandbox, "webhook", {"url": receiver.url, "secret": "whsec_old"})
    secret = command(sandbox, "roll_secret", {}).json()["secret"]
    command(sandbox, "faults", {"method": "EVENT", "path": "payment_intent.*", "how": "drop"})
    make_intent(client)
    [lost] = sandbox.events

    assert command(sandbox, "resend", {"event_id": lost["id"]}).json()["id"] == lost["id"]

    assert sandbox.webhooks.wait_for_deliveries()
    assert receiver.kinds(secret) == receiver.kinds("whsec_old") == ["payment_intent.created"]
    answer = requests.get(f"{sandbox.url}/control/deliveries", timeout=5).json()
    assert answer == {"deliveries": [{"event_id": lost["id"], "status": 204}]}


@pytest.mark.parametrize(
    ("name", "body", "status"),
    [
        ("pay", {"intent_id": "pi_unknown"}, 404),
        ("pay", {"intent_id": ["pi_unknown"]}, 400),
        ("pay", {}, 400),
        ("pay", {"intent_id": "UNPAID", "payment_method": "pm_unknown"}, 400),
        ("decline", {"intent_id": "UNPAID", "payment_method": "pm_card_visa"}, 400),
        ("authenticate", {"intent_id": "UNPAID"}, 400),
        ("refund", {"intent_id": "UNPAID"}, 400),
        ("refund", {"intent_id": "UNPAID", "status": "lost"}, 400),
        ("settle_refund", {"refund_id": "re_unknown"}, 404),
        ("dispute", {"intent_id": "UNPAID"}, 400),
        ("close_dispute", {"dispute_id": "dp_unknown", "won": True}, 404),
        ("close_dispute", {"dispute_id": "dp_unknown"}, 400),
        ("resend", {"event_id": "evt_unknown"}, 404),
        ("rob", {}, 404),
    ],
)
def test_what_cannot_happen_is_refused_and_changes_nothing(
    client: stripe.StripeClient, sandbox: StripeSandbox, name: str, body: dict[str, Any], status: int
) -> None:
    unpaid = make_intent(client).id

    refused = command(sandbox, name, {key: unpaid if given == "UNPAID" else given for key, given in body.items()})

    assert refused.status_code == status
    assert [intent["status"] for intent in sandbox.payment_intents] == ["requires_payment_method"]
    assert len(sandbox.events) == 1


def test_silence_carries_nothing_out_and_ends_with_the_sandbox() -> None:
    form = {"amount": "4900", "currency": "usd"}
    head = {"Authorization": "Bearer sk_test_sandbox"}
    others = set(threading.enumerate())
    with StripeSandbox() as sandbox:
        sandbox.fail_next("POST", "/v1/payment_intents", "silent")
        waiting = http.client.HTTPConnection(sandbox.url.removeprefix("http://"), timeout=0.3)
        waiting.request("POST", "/v1/payment_intents", urlencode(form), head)
        with pytest.raises(TimeoutError):
            waiting.getresponse()
        stopped_at = time.monotonic()
    seconds, left_over = time.monotonic() - stopped_at, set(threading.enumerate()) - others
    waiting.close()

    assert sandbox.payment_intents == []
    assert seconds < 2
    assert not left_over


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
