"""Stripe's own command line tool takes the sandbox for Stripe, and what it triggers arrives at our webhook.

The tool comes from npm as its lock says (tests/stripe_sandbox/tool), so these tests need npm, as those of the guide.
"""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from pytest_django import Settings
from pytest_django.live_server_helper import LiveServer

from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment, WebhookEvent
from tests.conftest import make_user
from tests.guide import node
from tests.payments.conftest import SECRET, make_payment

pytestmark = pytest.mark.external
TOOL = Path(__file__).parent / "tool"
Trigger = Callable[..., str]


@pytest.fixture
def trigger(sandbox: StripeSandbox, tmp_path: Path) -> Trigger:
    """Have the tool trigger an event at the sandbox; what it says comes back."""
    node.install(TOOL)
    home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}

    def run(kind: str, *options: str) -> str:
        tool = str(TOOL / "node_modules" / "@stripe" / "cli-linux-x64" / "bin" / "stripe")
        command = [tool, "trigger", kind, *options, "--api-key", sandbox.key, "--api-base", sandbox.url]
        environment = {"PATH": os.environ["PATH"], **home}
        ran = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
        return ran.stdout + ran.stderr

    return run


@pytest.mark.parametrize(
    "kind",
    [
        "charge.dispute.created",
        "charge.refund.updated",
        "charge.refunded",
        "payment_intent.canceled",
        "payment_intent.payment_failed",
        "payment_intent.requires_action",
        "payment_intent.succeeded",
    ],
)
def test_the_tool_triggers_an_event(sandbox: StripeSandbox, trigger: Trigger, kind: str) -> None:
    said = trigger(kind)

    assert kind in [event["type"] for event in sandbox.events], said
    assert {request.api_key for request in sandbox.requests} == {"sk_test_****dbox"}


@pytest.mark.django_db(transaction=True)
def test_what_the_tool_triggers_arrives_at_our_webhook_and_pays_what_it_names(
    sandbox: StripeSandbox, trigger: Trigger, live_server: LiveServer, settings: Settings
) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = sandbox.key, sandbox.url
    settings.STRIPE_WEBHOOK_SECRETS = [SECRET]
    sandbox.set_webhook(f"{live_server.url}/api/v1/payments/webhook/", SECRET)
    payment = make_payment(make_user("buyer@example.com"), amount="20.00", intent_id="")  # the tool pays 20.00 usd
    named = [f"payment_intent:metadata.{name}={value}" for name, value in payment.metadata.items()]

    said = trigger("payment_intent.succeeded", *(word for name in named for word in ("--add", name)))

    assert sandbox.webhooks.wait_for_deliveries(30), said
    assert {delivery.status for delivery in sandbox.webhooks.deliveries} == {200}, said
    stored = WebhookEvent.objects.get(type="payment_intent.succeeded")
    assert stored.outcome == "applied"
    assert Payment.objects.get().status == "succeeded"
    assert payment.documents.get().gross_text == "20.00"
