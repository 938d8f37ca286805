"""The stage of histories: buyers, staff, banks and Stripe do things in any order, and at the end all must add up."""

from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import timedelta
from decimal import Decimal
from typing import Any, TypeVar

from django.utils import timezone

from audit.actor import Actor
from courses.models import Course, Enrollment
from examples.stripe_sandbox.answers import ApiError
from examples.stripe_sandbox.world import StripeWorld
from payments.models import Payment, Refund
from payments.money import from_minor
from payments.services.catching_up import sweep
from payments.services.checking import differences
from payments.services.reconciling import Report, reconcile
from payments.services.refunding import request_refund
from payments.services.starting import Wish, start_payment
from payments.stripe_objects import kind_now
from tests.payments.conftest import mails_to
from titanobova.errors import DomainError
from users.models import User

SYSTEM = Actor.from_system("tests")
Json = dict[str, Any]
Step = tuple[Any, ...]
T = TypeVar("T")
LATE = 6  # events that Stripe delivers after all, the newest first
UNPAID = ["created", "requires_action", "processing", "failed", "canceled"]


class Stage:
    """One history: each method is a step that may happen in it, and does nothing where it is not possible."""

    def __init__(
        self, world: StripeWorld, buyers: list[User], staff: User, course: Course, *, tell: Callable[[Json], object]
    ) -> None:
        self.world, self.buyers, self.staff, self.course, self.tell = world, buyers, staff, course, tell

    def play(self, steps: Iterable[Step]) -> None:
        """Let the steps happen; who is refused, by us or by Stripe, goes on."""
        for name, *arguments in steps:
            with suppress(DomainError, ApiError):
                getattr(self, name)(*arguments)

    def start(self, buyer: int) -> None:
        """Let a buyer start to pay."""
        start_payment(self.buyers[buyer % len(self.buyers)], Wish(course=self.course.slug), by=SYSTEM)

    def pay(self, which: int, method: str) -> None:
        """Let a buyer pay, or try to."""
        self.world.pay(self._intent(which), method)

    def authenticate(self, which: int, succeed: bool) -> None:
        """Let the holder of a card pass, or fail, what the bank asked."""
        self.world.authenticate(self._intent(which), succeed=succeed)

    def process(self, which: int) -> None:
        """Let a payment take its time."""
        self.world.process(self._intent(which))

    def give_up(self, which: int) -> None:
        """Cancel an intent in Stripe's dashboard."""
        with self.world.lock:
            self.world.intents.cancel(self._intent(which), {}, {})

    def refund(self, which: int, minor: int | None) -> None:
        """Have staff give money back by our API."""
        payment = self._one(list(Payment.objects.order_by("pk")), which)
        request_refund(payment, amount=None if minor is None else Decimal(minor) / 100, by=Actor(user=self.staff))

    def start_in_trouble(self, buyer: int, how: Any) -> None:
        """Let a buyer start to pay while Stripe has trouble."""
        self.trouble(how, "/v1/payment_intents")
        self.start(buyer)

    def refund_in_trouble(self, which: int, minor: int | None, how: Any) -> None:
        """Have staff give money back while Stripe has trouble."""
        self.trouble(how, "/v1/refunds")
        self.refund(which, minor)

    def refund_at_stripe(self, which: int, minor: int | None, status: str) -> None:
        """Have staff give money back in Stripe's dashboard."""
        self.world.refund(self._intent(which), minor, status=status)

    def settle_refund(self, which: int, status: str) -> None:
        """Let a refund succeed, or fail."""
        self.world.settle_refund(self._one(list(self.world.refunds.rows), which), status)

    def dispute(self, which: int, minor: int | None, is_inquiry: bool) -> None:
        """Let a bank take money back, or ask about it."""
        self.world.dispute(self._intent(which), minor, is_inquiry=is_inquiry)

    def close_dispute(self, which: int, won: bool) -> None:
        """Let a bank decide."""
        self.world.close_dispute(self._one(list(self.world.disputes.rows), which), won=won)

    def deliver(self, which: int) -> None:
        """Deliver an event of the past, perhaps once more, and whatever came before it."""
        self.tell(self._one(self.world.webhooks.events, which))

    def trouble(self, how: Any, path: str) -> None:
        """Let the next request of us meet trouble."""
        self.world.faults.on_requests(how, path, times=2 if how in {"cut", "silent"} else 1)  # a break is tried again

    def sweep(self) -> None:
        """Let the job of five minutes run."""
        sweep(by=SYSTEM)

    def reconcile(self) -> Report:
        """Let the job of an hour run."""
        return reconcile(timezone.now() - timedelta(days=7), by=SYSTEM)

    def end(self) -> None:
        """Let an hour pass in which all is well, and compare all that there is with what should be."""
        self.world.faults.clear()
        past = timezone.now() - timedelta(hours=1)
        Refund.objects.filter(status="requested").update(created_at=past)
        Payment.objects.filter(status="created", intent_id="").update(created_at=past)
        Enrollment.objects.filter(status="pending").update(seat_held_until=past)
        assert self.reconcile().unrepairable == []
        self._compare()
        for told in self.world.webhooks.events[: -LATE - 1 : -1]:
            self.tell(told)
        assert self.reconcile().repaired == []
        self._compare()

    def _compare(self) -> None:
        known = {payment.intent_id: payment for payment in Payment.objects.exclude(intent_id="")}
        assert known.keys() >= {key for key, row in self.world.intents.rows.items() if row["status"] != "canceled"}
        for intent_id, payment in known.items():
            Expected(self.world, intent_id).hold_for(payment)
        assert not Payment.objects.filter(intent_id="").exclude(status="canceled").exists()
        assert not Refund.objects.filter(status="requested").exists()
        asked_for = [row["metadata"].get("refund_id", row["id"]) for row in self.world.refunds.rows.values()]
        assert len(asked_for) == len(set(asked_for))
        assert list(differences()) == []
        for buyer in self.buyers:
            self._compare_buyer(buyer)
        assert len(mails_to("support@titanobova.com")) == len(self.world.disputes.rows)

    def _compare_buyer(self, buyer: User) -> None:
        own = Payment.objects.filter(user=buyer)
        expected = [Expected(self.world, payment.intent_id) for payment in own if payment.intent_id]
        is_open = Enrollment.objects.seated().filter(user=buyer).exists()
        assert is_open == any(one.opens_access for one in expected)
        told = mails_to(buyer.email)
        assert told.count("We received your payment") == sum(one.is_paid for one in expected)
        lasting, failed = (sum(one.refunds_by(is_failed=is_failed) for one in expected) for is_failed in (False, True))
        assert lasting <= told.count("Your money is on its way back") <= lasting + failed

    def _intent(self, which: int) -> str:
        return self._one(list(self.world.intents.rows), which)

    def _one(self, rows: list[T], which: int) -> T:
        if not rows:
            raise DomainError("There is none yet.")
        return rows[which % len(rows)]


class Expected:
    """What should be known of one intent, reckoned from what Stripe has of it and from nothing of ours."""

    def __init__(self, world: StripeWorld, intent_id: str) -> None:
        self.intent = world.intents.rows[intent_id]
        self.is_paid = self.intent["status"] == "succeeded"
        self.refunds = [row for row in world.refunds.rows.values() if row["payment_intent"] == intent_id]
        self.disputes = [row for row in world.disputes.rows.values() if row["payment_intent"] == intent_id]
        self.refunded = sum(row["amount"] for row in self.refunds if row["status"] != "failed")
        taken = {"needs_response", "lost"}
        self.disputed = sum(row["amount"] for row in self.disputes if row["status"] in taken)

    @property
    def opens_access(self) -> bool:
        is_lost = any(row["status"] == "lost" for row in self.disputes)
        return self.is_paid and self.refunded < self.intent["amount"] and not is_lost

    @property
    def status(self) -> str:
        if self.disputed:
            return "disputed"
        if self.refunded == self.intent["amount"]:
            return "refunded"
        return "partially_refunded" if self.refunded else "succeeded"

    def refunds_by(self, *, is_failed: bool) -> int:
        """Return how many refunds have failed, or have not."""
        return sum((row["status"] == "failed") == is_failed for row in self.refunds)

    def hold_for(self, payment: Payment) -> None:
        """Assert that our payment says the same."""
        if self.is_paid:
            ours = (payment.status, payment.amount_refunded, payment.amount_disputed)
            assert ours == (self.status, from_minor(self.refunded, "usd"), from_minor(self.disputed, "usd"))
        else:
            at_least = str(kind_now(self.intent) or "created")
            assert UNPAID.index(payment.status) >= UNPAID.index(at_least)
            assert (payment.status == "canceled") == (at_least == "canceled")
        mirrored = sorted(payment.refunds.exclude(stripe_id="").values_list("stripe_id", "status"))
        assert mirrored == sorted((row["id"], row["status"]) for row in self.refunds)
        assert sorted(payment.disputes.values_list("pk", "status")) == sorted(
            (row["id"], row["status"]) for row in self.disputes
        )
        assert set(payment.flag_reason.split(", ")) <= {"", "refund_failed"}
        assert payment.is_flagged == bool(self.refunds_by(is_failed=True))
