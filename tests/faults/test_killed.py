"""Web processes and workers die without a word in the middle of everything, and afterwards all adds up."""

import json
import os
import random
import signal
import threading
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest

from examples.stripe_sandbox import StripeSandbox
from tests.faults.people import Crowd
from tests.faults.servers import Service, Variables, Web, in_site
from tests.payments.conftest import SECRET
from tests.shared.outbox import KEY, SendGrid

pytestmark = [pytest.mark.external, pytest.mark.timeout(3600)]

KILLS = int(os.environ.get("KILLS", "5"))
PEOPLE = 4
# Prints what the database holds, for a test that holds it against what people were told.
FACTS = """
import json, django
django.setup()
from audit.models import AuditLog
from contacts.models import Contact
from courses.models import Enrollment
from payments.models import LedgerEntry, Payment, Refund
from titanobova.models import OutgoingMail
from users.models import User
def rows(manager, *names):
    return [[str(value) for value in row] for row in manager.values_list(*names)]
print(json.dumps({
    "users": rows(User.objects, "email"),
    "contacts": rows(Contact.objects, "id"),
    "enrollments": rows(Enrollment.objects, "id", "user__email", "course__slug", "status"),
    "payments": rows(Payment.objects, "id", "intent_id", "status", "user__email"),
    "refunds": rows(Refund.objects, "id", "status"),
    "captured": rows(LedgerEntry.objects.filter(kind="captured"), "payment_id"),
    "audit": rows(AuditLog.objects, "details__event", "resource_id"),
    "user_ids": rows(User.objects, "id", "email"),
    "mails": rows(OutgoingMail.objects, "recipient", "subject", "status"),
}))
"""
# Sends what the killed worker had taken: in production the sweep does, two minutes later.
DELIVER = """
import django
django.setup()
from django.utils import timezone
from titanobova.email import deliver_due_mail
from titanobova.models import OutgoingMail
OutgoingMail.objects.filter(status="waiting").update(next_try_at=timezone.now())
while deliver_due_mail():
    pass
"""


class Killer:
    """Kills a web process, or all of a worker, and starts the worker anew as Docker would."""

    def __init__(self, web: Web, worker: Service, crowd: Crowd) -> None:
        self.web, self.worker, self.crowd, self.killed = web, worker, crowd, Counter[str]()

    def run(self, times: int) -> None:
        """Kill so many; people get something done between two of them, and no pattern spares a place."""
        for number in range(times):
            done = self.crowd.done + random.randrange(2, 8)
            until = time.monotonic() + 60
            while self.crowd.done < done and time.monotonic() < until:
                time.sleep(random.uniform(0.001, 0.05))
            if number % 3 == 2:
                self._kill_worker()
            else:
                self._kill_web()

    def _kill_web(self) -> None:
        children = self.web.children()
        if children:
            with suppress(ProcessLookupError):
                os.kill(random.choice(children), signal.SIGKILL)
                self.killed["web"] += 1

    def _kill_worker(self) -> None:
        for pid in [self.worker.process.pid, *self.worker.children()]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.worker.process.wait()
        self.killed["worker"] += 1
        self.worker.start()


@pytest.fixture
def sendgrid() -> Iterator[SendGrid]:
    """A SendGrid that takes everything."""
    fake = SendGrid()
    server = fake.start()
    yield fake
    server.shutdown()
    server.server_close()


def test_killed_processes_lose_nothing_that_was_acknowledged(
    site: Variables, bearers: dict[str, str], sendgrid: SendGrid
) -> None:
    with StripeSandbox(webhook_secret=SECRET, retry_seconds=6) as sandbox:
        stripe = {"STRIPE_SECRET_KEY": sandbox.key, "STRIPE_API_BASE": sandbox.url, "STRIPE_WEBHOOK_SECRET": SECRET}
        mail = {"SENDGRID_API_KEY": KEY, "SENDGRID_API_BASE": f"http://127.0.0.1:{sendgrid.port}"}
        whole = {**site, **stripe, **mail, "LOGIN_REFUSAL_SECONDS": "0"}
        with Web(whole) as web, Service(whole, "celery", "-A", "titanobova", "worker", "--concurrency", "1") as worker:
            sandbox.set_webhook(f"http://127.0.0.1:{web.port}/api/v1/payments/webhook/")
            crowd = Crowd(web.port, sandbox, bearers["staff"])
            killer = Killer(web, worker, crowd)
            threads = [threading.Thread(target=crowd.run) for _ in range(PEOPLE)]
            for thread in threads:
                thread.start()
            killer.run(KILLS)
            crowd.stop.set()
            for thread in threads:
                thread.join()
            sandbox.webhooks.wait_for_deliveries(30)
        in_site(whole, "manage.py", "reconcile_payments")  # fails on a difference that it cannot repair
        in_site(whole, "manage.py", "check_ledger")
        in_site(whole, "-c", DELIVER)
        facts = json.loads(in_site(whole, "-c", FACTS))
        intents = sandbox.payment_intents

    ours = crowd.acknowledged
    counts = {name: len(found) for name, found in vars(ours).items() if isinstance(found, set)}
    print(dict(killer.killed), f"{ours.tries} requests, {ours.broken} of them broken off or 503; acknowledged:", counts)
    assert crowd.trouble == []
    assert sum(killer.killed.values()) >= KILLS - 2
    nothing_acknowledged_is_lost(crowd, facts)
    who_paid_is_enrolled(facts, intents)
    audit_and_outbox_tell_the_same(facts, sendgrid)


def nothing_acknowledged_is_lost(crowd: Crowd, facts: dict[str, Any]) -> None:
    """Every object of a 2xx answer is in the database."""
    ours = crowd.acknowledged
    assert ours.users <= {email for (email,) in facts["users"]}
    assert ours.contacts <= {pk for (pk,) in facts["contacts"]}
    assert ours.enrollments <= {row[0] for row in facts["enrollments"]}
    assert ours.payments <= {row[0] for row in facts["payments"]}
    assert ours.refunds <= {row[0] for row in facts["refunds"]}
    assert len(facts["contacts"]) == len(crowd.acknowledged.contacts)  # none twice


def who_paid_is_enrolled(facts: dict[str, Any], intents: list[dict[str, Any]]) -> None:
    """Each intent that was paid has one payment, and opens the course unless the money went back."""
    payments = {row[1]: row for row in facts["payments"] if row[1]}
    enrolled = {(email, slug): status for _, email, slug, status in facts["enrollments"]}
    paid = [intent for intent in intents if intent["status"] == "succeeded"]
    assert len(paid) > 0
    assert {intent["id"] for intent in intents if intent["status"] != "canceled"} <= payments.keys()
    for intent in paid:
        _, _, status, email = payments[intent["id"]]
        wanted = {"succeeded": "active", "refunded": "refunded"}
        assert enrolled[email, "priced"] == wanted[status]
    assert Counter(row[0] for row in facts["captured"]) == Counter(payments[intent["id"]][0] for intent in paid)


def audit_and_outbox_tell_the_same(facts: dict[str, Any], sendgrid: SendGrid) -> None:
    """Each fact has its one audit row and its one mail, and each mail was sent."""
    told = Counter((event, pk) for event, pk in facts["audit"])
    people = {pk: email for pk, email in facts["user_ids"] if email.startswith("person-")}
    assert {told["users.registered", pk] for pk in people} == {1}
    succeeded = [row for row in facts["payments"] if row[2] in {"succeeded", "refunded"}]
    assert {told["payments.payment.succeeded", row[0]] for row in succeeded} == {1}
    assert {told["contacts.submitted", pk] for (pk,) in facts["contacts"]} == {1}
    mails = Counter((recipient, subject) for recipient, subject, _ in facts["mails"])
    assert {mails[row[3], "We received your payment"] for row in succeeded} == {1}
    assert {status for _, _, status in facts["mails"]} == {"sent"}
    received = Counter(
        (one.message["personalizations"][0]["to"][0]["email"], one.message["subject"]) for one in sendgrid.received
    )
    assert mails.keys() <= received.keys()
    print(f"{sum(mails.values())} mails, {sum((received - mails).values())} of them sent twice")
