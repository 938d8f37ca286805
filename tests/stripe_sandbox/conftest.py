"""A running sandbox, and Stripe's own client pointed at it."""

from collections.abc import Callable, Iterator

import pytest
import requests
import stripe

from examples.stripe_sandbox import StripeSandbox

Connect = Callable[[str], stripe.StripeClient]


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
