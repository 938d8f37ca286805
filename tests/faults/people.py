"""People who register, write, enrol, pay and want their money back, and insist until each of it is done."""

import itertools
import threading
import time
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

from examples.stripe_sandbox import StripeSandbox
from tests.conftest import PASSWORD
from tests.faults.load import Answered, Ask, send

PATIENCE = 240.0  # seconds for one thing that somebody wants
ACCEPTED = frozenset({200, 201, 202})
BUSY = frozenset({0, -1, 503})


class NeverDone(AssertionError):
    """Somebody insisted in vain, or was told something that cannot be."""


@dataclass
class Acknowledged:
    """What the site has said yes to, and must never have forgotten."""

    users: set[str] = field(default_factory=set)
    contacts: set[str] = field(default_factory=set)
    enrollments: set[str] = field(default_factory=set)
    payments: set[str] = field(default_factory=set)
    refunds: set[str] = field(default_factory=set)
    tries: int = 0
    broken: int = 0


class Crowd:
    """Any number of people, one after the other in each of several threads, until told to stop."""

    def __init__(self, port: int, sandbox: StripeSandbox, staff: str) -> None:
        self.port, self.sandbox, self.staff = port, sandbox, staff
        self.acknowledged, self.trouble = Acknowledged(), list[str]()
        self.stop = threading.Event()
        self._numbers, self._lock = itertools.count(1), threading.Lock()

    @property
    def done(self) -> int:
        """How many requests were carried out."""
        return self.acknowledged.tries - self.acknowledged.broken

    def run(self) -> None:
        """Let people live until told to stop; the one under way is finished."""
        while not self.stop.is_set():
            number = next(self._numbers)
            try:
                self.live(number)
            except Exception as error:
                self.trouble.append(f"person {number}: {error!r}")

    def live(self, number: int) -> None:
        """Let one person register, log in, write, enrol, pay, and every third one be paid back."""
        email, ours = f"person-{number}@example.com", self.acknowledged
        self.insist(Ask("POST", "/api/v1/users/register/", {"email": email, "password": PASSWORD}), also={400})
        ours.users.add(email)
        bearer = self.insist(Ask("POST", "/api/v1/auth/token/", {"email": email, "password": PASSWORD})).body["access"]
        message = {"name": "Person", "email": email, "message": f"Message number {number}."}
        sent = self.insist(Ask("POST", "/api/v1/contacts/contacts/", message, bearer, key=f"contact-{number}"))
        ours.contacts.add(sent.body["id"])
        enrolled = self.insist(Ask("POST", "/api/v1/courses/courses/free/enroll/", {}, bearer), also={409})
        if enrolled.status in ACCEPTED:
            ours.enrollments.add(enrolled.body["id"])
        payment = self.pay(bearer)
        ours.payments.add(payment)
        if number % 3 == 0:
            self.pay_back(payment)

    def pay(self, bearer: str) -> str:
        """Start to pay for the course, pay at Stripe, and return the payment's id."""
        started = self.insist(Ask("POST", "/api/v1/payments/create_payment_intent/", {"course": "priced"}, bearer))
        self.sandbox.pay(started.body["client_secret"].partition("_secret_")[0])
        return str(started.body["payment_id"])

    def pay_back(self, payment: str) -> None:
        """Have staff give all of it back, once the payment has arrived."""
        path, until = f"/api/v1/payments/{payment}/", time.monotonic() + PATIENCE
        while self.insist(Ask("GET", path, bearer=self.staff)).body["status"] != "succeeded":
            if time.monotonic() > until:
                raise NeverDone(f"{payment} never succeeds")
            time.sleep(0.3)
        refund = Ask("POST", f"{path}refund/", {"password": PASSWORD}, self.staff, key=f"refund-{payment}")
        answered = self.insist(refund, also={409})
        if answered.status in ACCEPTED:
            self.acknowledged.refunds.add(answered.body["id"])

    def insist(self, ask: Ask, *, also: AbstractSet[int] = frozenset()) -> Answered:
        """Send a request until the answer is one that the site gives of its own will.

        `also` are refusals that say it was done before: the process died between the commit and the answer.
        """
        until, is_again = time.monotonic() + PATIENCE, False
        while True:
            answered = send(ask, self.port)
            with self._lock:
                self.acknowledged.tries += 1
                self.acknowledged.broken += answered.status in BUSY
            if answered.status in ACCEPTED or (is_again and answered.status in also):
                return answered
            is_under_way = answered.status == 409 and ask.key and not also
            if answered.status not in BUSY and not is_under_way:
                raise NeverDone(f"{ask.path}: {answered.status} {answered.body}")
            if time.monotonic() > until:
                raise NeverDone(f"{ask.path}: no answer")
            is_again = True
            time.sleep(0.2)
