"""Workers are killed in the middle of checkouts and deliveries: nobody pays twice, and who paid has the course.

Only on PostgreSQL and Redis: the embedded mode has one process by design.
"""

import json
import os
import signal
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from http.client import HTTPException
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.core.management import call_command
from pytest_django import Settings

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course
from examples.stripe_sandbox import StripeSandbox
from payments.models import LedgerEntry, Payment, WebhookEvent
from tests.conftest import make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import SECRET, set_up_payments
from titanobova.models import OutgoingMail
from users.models import User
from users.services.sessions import open_session
from users.tokens import AccessToken

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]

BUYERS = 16
ROUNDS = 2
PATIENCE = 60  # seconds for one request, tried again and again


def bearer_of(user: User) -> str:
    """Return the Authorization header of a new session."""
    session = open_session(user, by=Actor(ip_address="192.0.2.20", user_agent="tests"))
    return f"Bearer {AccessToken.of(session)}"


def children_of(pid: int) -> list[int]:
    """Return the processes that this one has started."""
    return [int(child) for task in Path(f"/proc/{pid}/task").iterdir() for child in _read(task / "children").split()]


def _read(path: Path) -> str:
    try:
        return path.read_text()
    except OSError:
        return ""


class Killer:
    """Kills workers of our server, without a word, in the middle of what they do."""

    def __init__(self) -> None:
        [self.server] = [pid for pid in children_of(os.getpid()) if "gunicorn" in _read(Path(f"/proc/{pid}/cmdline"))]
        self.killed: set[int] = set()

    def strike(self) -> None:
        """Kill the oldest worker that is left, in a moment."""
        threading.Timer(0.02, self._kill).start()

    def _kill(self) -> None:
        for worker in children_of(self.server)[:1]:
            os.kill(worker, signal.SIGKILL)
            self.killed.add(worker)


def insist(url: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Send a request until it is taken, as Stripe does with events, and a buyer with a button."""
    until = time.monotonic() + PATIENCE
    while True:
        request = urllib.request.Request(url, body, {"Content-Type": "application/json", **headers})
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                taken: bytes = answer.read()
                return taken
        except urllib.error.HTTPError as refusal:
            if refusal.code != 503:
                raise
        except (OSError, HTTPException):
            pass  # the worker died under it
        assert time.monotonic() < until
        time.sleep(0.3)


def each(number: int, call: Callable[[int], object], killer: Killer, *, every: int) -> list[object]:
    """Call with 0, 1, ... by eight clients at once, and kill a worker at every so many calls."""

    def call_and_strike(index: int) -> object:
        if index % every == every // 2:
            killer.strike()
        return call(index)

    with ThreadPoolExecutor(8) as clients:
        return list(clients.map(call_and_strike, range(number)))


def check_out(address: str, course: Course, bearers: list[str], killer: Killer) -> list[str]:
    """Let each buyer start to pay, and return their secrets."""

    def start(number: int) -> str:
        body, headers = json.dumps({"course": course.slug}).encode(), {"Authorization": bearers[number]}
        return str(json.loads(insist(f"{address}/payments/create_payment_intent/", body, headers))["client_secret"])

    return [str(secret) for secret in each(len(bearers), start, killer, every=8)]


def tell(address: str, sandbox: StripeSandbox, killer: Killer) -> None:
    """Deliver every event of the sandbox twice."""
    told = [sandbox.signed(event) for event in sandbox.events] * 2
    each(len(told), lambda number: insist(f"{address}/payments/webhook/", *told[number]), killer, every=24)


if django_settings.REDIS_HOST:
    from tests.concurrency.test_live_workers import live

    @pytest.mark.timeout(300)
    @pytest.mark.parametrize("_round", range(ROUNDS))
    def test_killed_workers_lose_no_payment_and_double_none(settings: Settings, _round: int) -> None:
        course = make_course(slug="wanted", price="10.00")
        buyers = [make_user(f"buyer-{number}@example.com") for number in range(BUYERS)]
        bearers = [bearer_of(buyer) for buyer in buyers]
        with set_up_payments(settings) as sandbox:
            environment = {
                "STRIPE_SECRET_KEY": sandbox.key,
                "STRIPE_API_BASE": sandbox.url,
                "STRIPE_WEBHOOK_SECRET": SECRET,
                "RATE_LIMIT_PAYMENT": "1000000/hour",
            }
            with live(**environment) as address:
                killer = Killer()
                secrets = check_out(address, course, bearers, killer)
                payable = [intent for intent in sandbox.payment_intents if intent["status"] != "canceled"]
                for intent in payable:
                    sandbox.pay(intent["id"])
                tell(address, sandbox, killer)

        assert len(killer.killed) >= 4
        assert sorted(secrets) == sorted(intent["client_secret"] for intent in payable)
        assert list(Payment.objects.values_list("status", flat=True)) == ["succeeded"] * BUYERS
        assert course.enrollments.filter(status="active").count() == BUYERS
        assert effects() == [BUYERS] * 4
        call_command("check_ledger")

    def effects() -> list[int]:
        """Return how many payments were told of, recorded, audited and mailed."""
        applied = WebhookEvent.objects.filter(type="payment_intent.succeeded", outcome="applied")
        recorded = LedgerEntry.objects.filter(kind="captured")
        audited = AuditLog.objects.filter(details__event="payments.payment.succeeded")
        mails = OutgoingMail.objects.filter(subject="We received your payment")
        return [applied.count(), recorded.count(), audited.count(), mails.count()]
