"""A Stripe that never answers holds those who pay for a few seconds, and nobody else.

Only on PostgreSQL and Redis: the embedded mode has one process by design.
"""

import json
import time
import urllib.error
import urllib.request
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.conf import settings as django_settings
from pytest_django import Settings

from payments.models import Payment
from tests.concurrency.test_payments_killed import bearer_of
from tests.conftest import make_user
from tests.payments.conftest import SECRET, set_up_payments

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]

BUYERS = 4
OTHERS = 100


def pay(address: str, bearer: str) -> tuple[int, str, float]:
    """Start a payment; return the status, the code and how many seconds that took."""
    headers = {"Content-Type": "application/json", "Authorization": bearer}
    request = urllib.request.Request(f"{address}/payments/create_payment_intent/", b'{"amount": "5"}', headers)
    started = time.monotonic()
    try:
        with urllib.request.urlopen(request, timeout=30) as answer:
            return answer.status, "", time.monotonic() - started
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())["code"], time.monotonic() - started


def look(address: str) -> float:
    """Ask for the health of the server, and return how many seconds that took."""
    started = time.monotonic()
    with urllib.request.urlopen(f"{address.removesuffix('/api/v1')}/health/live", timeout=30):
        return time.monotonic() - started


if django_settings.REDIS_HOST:
    from tests.concurrency.test_live_workers import live

    def test_who_pays_waits_twelve_seconds_at_most_and_nobody_else_waits(settings: Settings) -> None:
        bearers = [bearer_of(make_user(f"buyer-{number}@example.com")) for number in range(BUYERS)]
        with set_up_payments(settings) as sandbox:
            sandbox.faults.on_requests("silent", times=None)
            keys = {"STRIPE_SECRET_KEY": sandbox.key, "STRIPE_API_BASE": sandbox.url, "STRIPE_WEBHOOK_SECRET": SECRET}
            with live(**keys) as address, ThreadPoolExecutor(BUYERS) as buyers:
                paying = [buyers.submit(pay, address, bearer) for bearer in bearers]
                while len(sandbox.requests) < BUYERS:
                    time.sleep(0.01)
                waits = sorted(look(address) for _ in range(OTHERS))
                assert not any(one.done() for one in paying)
                outcomes = [one.result() for one in paying]

        assert {outcome[:2] for outcome in outcomes} == {(503, "payment_service_unavailable")}
        assert max(seconds for _, _, seconds in outcomes) <= 12
        assert waits[OTHERS * 9 // 10] <= 0.25  # the slowest ones say more of the machine that runs the tests
        assert waits[-1] <= 3
        assert list(Payment.objects.values_list("status", "intent_id")) == [("created", "")] * BUYERS
