"""Stripe's own command line tool takes the sandbox for Stripe. Collected only where the tool is installed."""

import os
import subprocess
from pathlib import Path

import pytest

from examples.stripe_sandbox import StripeSandbox

pytestmark = pytest.mark.external


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
def test_the_tool_triggers_an_event(sandbox: StripeSandbox, tmp_path: Path, kind: str) -> None:
    at_home = {"HOME": str(tmp_path), "XDG_CONFIG_HOME": str(tmp_path), "STRIPE_CLI_TELEMETRY_OPTOUT": "1"}
    command = ["stripe", "trigger", kind, "--api-key", sandbox.key, "--api-base", sandbox.url]

    ran = subprocess.run(
        command, env={**os.environ, **at_home}, capture_output=True, text=True, timeout=30, check=False
    )

    assert kind in [event["type"] for event in sandbox.events], ran.stdout + ran.stderr
    assert {request.api_key for request in sandbox.requests} == {"sk_test_****dbox"}
