"""A local stand-in for Stripe's HTTP API, for tests and first steps."""

from examples.stripe_sandbox.sandbox import StripeSandbox
from examples.stripe_sandbox.webhooks import sign

__all__ = ["StripeSandbox", "sign"]
