"""Paying in the demo: a stand-in for Stripe beside the server, so that a newcomer can buy a course with test money."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.conf import settings
from django.core.management.base import CommandError

PORT = 12111  # any free one where this is taken
RETRY_SECONDS = 30  # for which an event is sent again, should the server not be up yet


@contextmanager
def play_stripe(site: str) -> Iterator[str]:
    """Run the stand-in and let this process believe that it is Stripe; yield the page on which buyers pay.

    Where a key of Stripe is set, that one counts: nothing is started, and the address is empty.

    :raises CommandError: with DEBUG off. What is bought with test money opens courses as real money does.
    """
    if not settings.DEBUG:
        raise CommandError("Test money is for development: it runs with DEBUG only.")
    if settings.STRIPE_SECRET_KEY:
        yield ""
        return
    with _sandbox() as running:
        running.set_webhook(f"{site}/api/v1/payments/webhook/")
        settings.STRIPE_SECRET_KEY, settings.STRIPE_API_BASE = running.key, running.url
        settings.STRIPE_WEBHOOK_SECRETS = [running.webhook_secret]
        yield f"{running.url}/"


def _sandbox() -> Any:
    """Return the stand-in, at its usual port if that is free."""
    from examples.stripe_sandbox import StripeSandbox  # noqa: PLC0415 - the production image has no examples

    try:
        return StripeSandbox(port=PORT, retry_seconds=RETRY_SECONDS)
    except OSError:
        return StripeSandbox(retry_seconds=RETRY_SECONDS)
