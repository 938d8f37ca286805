"""The list of events: by time, by type, by whether they arrived, page by page."""

import json

import pytest
import stripe

from examples.stripe_sandbox import StripeSandbox
from tests.stripe_sandbox.conftest import Receiver, make_intent, make_paid


def kinds(events: list[stripe.Event]) -> list[str]:
    return [event.type for event in events]


def test_an_event_tells_what_caused_it_and_can_be_found(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    client.v1.payment_intents.create({"amount": 4900, "currency": "usd"}, {"idempotency_key": "key-1"})
    [made] = client.v1.events.list().data

    found = client.v1.events.retrieve(made.id)

    assert found.to_dict() == made.to_dict()
    assert found.request
    assert (found.request.id, found.request.idempotency_key) == (sandbox.requests[0].request_id, "key-1")
    assert (found.api_version, found.livemode) == (stripe.api_version, False)


def test_events_are_filtered_by_one_type_by_its_beginning_or_by_several(client: stripe.StripeClient) -> None:
    paid = make_paid(client)
    client.v1.refunds.create({"payment_intent": paid.id})

    one = client.v1.events.list({"type": "charge.refunded"}).data
    beginning = client.v1.events.list({"type": "charge.*"}).data
    several = client.v1.events.list({"types": ["refund.created", "payment_intent.created"]}).data

    assert kinds(one) == ["charge.refunded"]
    assert kinds(beginning) == ["charge.refunded", "charge.succeeded"]
    assert kinds(several) == ["refund.created", "payment_intent.created"]


def test_a_list_of_types_may_come_without_numbers(client: stripe.StripeClient) -> None:
    make_paid(client)

    found = client.raw_request("get", "/v1/events?types[]=charge.succeeded&types[]=payment_intent.created")

    assert [event["type"] for event in json.loads(found.body)["data"]] == ["charge.succeeded", "payment_intent.created"]


def test_events_are_bounded_by_their_time(client: stripe.StripeClient, sandbox: StripeSandbox) -> None:
    make_paid(client)
    for number, event in enumerate(sandbox.webhooks.events):
        event["created"] = 1000 + number

    since = client.v1.events.list({"created": {"gte": 1001}}).data
    between = client.v1.events.list({"created": {"gt": 1000, "lt": 1002}}).data
    at = client.v1.events.list({"created": 1000}).data

    assert kinds(since) == ["payment_intent.succeeded", "charge.succeeded"]
    assert kinds(between) == ["charge.succeeded"]
    assert kinds(at) == ["payment_intent.created"]


def test_events_that_did_not_arrive_are_found_page_by_page(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    receiver.answers = [500, 204, 500, 204, 500, 204]
    sandbox.set_webhook(receiver.url)
    made = [make_intent(client).id for _ in range(6)]
    assert sandbox.webhooks.wait_for_deliveries()

    lost = client.v1.events.list({"delivery_success": False, "limit": 2})
    arrived = client.v1.events.list({"delivery_success": True}).data

    assert lost.has_more is True
    assert [event.data.object.to_dict()["id"] for event in lost.auto_paging_iter()] == made[4::-2]
    assert [event.data.object.to_dict()["id"] for event in arrived] == made[5::-2]


def test_the_next_page_starts_after_an_event_that_has_arrived_since(
    client: stripe.StripeClient, sandbox: StripeSandbox, receiver: Receiver
) -> None:
    sandbox.set_webhook(receiver.url)
    sandbox.faults.on_events("drop", times=None)
    for _ in range(3):
        make_intent(client)
    first = client.v1.events.list({"delivery_success": False, "limit": 2})
    sandbox.webhooks.resend(first.data[-1].id)
    assert sandbox.webhooks.wait_for_deliveries()

    second = client.v1.events.list({"delivery_success": False, "starting_after": first.data[-1].id})

    assert [event.id for event in second.data] == [sandbox.events[0]["id"]]


@pytest.mark.parametrize(
    ("query", "param"),
    [
        ("type=charge.refunded&types[]=charge.refunded", "types"),
        ("types=charge.refunded", "types"),
        ("&".join(f"types[]=kind{number}" for number in range(21)), "types"),
        ("delivery_success=perhaps", "delivery_success"),
        ("limit=0", "limit"),
        ("limit=101", "limit"),
        ("starting_after=evt_unknown", "starting_after"),
        ("created[since]=1", "since"),
    ],
)
def test_a_wrong_filter_is_refused(client: stripe.StripeClient, query: str, param: str) -> None:
    with pytest.raises(stripe.InvalidRequestError) as refused:
        client.raw_request("get", f"/v1/events?{query}")

    assert (refused.value.http_status, refused.value.param) == (400, param)
