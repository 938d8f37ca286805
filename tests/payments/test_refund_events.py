"""Refunds that Stripe tells of: made in its dashboard, pending, failing, in any order, as often as it likes."""

from decimal import Decimal
from itertools import permutations

import pytest
from django.core.management import call_command

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import Payment, Refund, WebhookEvent
from payments.services.catching_up import catch_up
from tests.conftest import make_user
from tests.payments.conftest import (
    Json,
    charge_event,
    deliver,
    dispute_event,
    event,
    intent_event,
    mails_to,
    payment_for_a_place,
    refund_event,
)

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")
WHOLE = 9999


@pytest.fixture
def paid(payment: Payment) -> Payment:
    """A payment of 99.99 usd that opened a course."""
    deliver(intent_event(payment))
    payment.refresh_from_db()
    return payment


def outcome(told: Json) -> str:
    """Deliver an event and return what it did."""
    assert deliver(told).status_code == 200
    return WebhookEvent.objects.get(pk=told["id"]).outcome


def end_of(payment: Payment) -> tuple[object, ...]:
    payment = Payment.objects.select_related("enrollment").get(pk=payment.pk)
    assert payment.enrollment is not None
    refunds = sorted(payment.refunds.values_list("amount", "status"))
    facts = sorted(payment.ledger.values_list("kind", "amount"))
    return payment.status, payment.amount_refunded, payment.enrollment.status, payment.flag_reason, refunds, facts


def test_a_refund_made_in_the_dashboard_is_mirrored(paid: Payment) -> None:
    assert outcome(refund_event(paid, 1050, reason="requested_by_customer")) == "applied"

    paid.refresh_from_db()
    refund = Refund.objects.get()
    assert (paid.status, paid.amount_refunded) == ("partially_refunded", Decimal("10.50"))
    assert (refund.requested_by, refund.reason, refund.status) == (None, "requested_by_customer", "succeeded")
    assert Enrollment.objects.get().status == "active"


def test_the_sandbox_and_its_dashboard_tell_of_refunds_as_we_understand_them(
    paid: Payment, sandbox: StripeSandbox, course: Course
) -> None:
    intent = sandbox.intents.create(
        {"amount": "9999", "currency": "usd", "metadata": paid.metadata, "description": "x"}, {}
    )
    Payment.objects.update(intent_id=intent["id"])
    sandbox.pay(intent["id"])
    sandbox.refund(intent["id"], 999)
    pending = sandbox.refund(intent["id"], 9000, status="pending")
    sandbox.settle_refund(pending["id"], "failed")

    for told in reversed(sandbox.events):
        deliver(told)

    paid.refresh_from_db()
    assert (paid.status, paid.amount_refunded, paid.flag_reason) == (
        "partially_refunded",
        Decimal("9.99"),
        "refund_failed",
    )
    call_command("check_ledger")


def test_a_pending_refund_counts_as_stripe_counts_it(paid: Payment) -> None:
    deliver(refund_event(paid, WHOLE, "pending"))

    paid.refresh_from_db()
    assert (paid.status, Refund.objects.get().status) == ("refunded", "pending")


def test_a_refund_that_only_moves_on_is_recorded_too(paid: Payment) -> None:
    for status in ("pending", "succeeded", "succeeded"):
        deliver(refund_event(paid, WHOLE, status, id="re_moves"))

    [row] = AuditLog.objects.filter(details__event="payments.refund.updated")
    assert (row.resource_id, row.details["status"]) == (str(Refund.objects.get().pk), "succeeded")


def test_a_refund_that_fails_brings_access_back_and_a_look_of_the_staff(paid: Payment) -> None:
    first = refund_event(paid, WHOLE)
    deliver(first)
    assert Enrollment.objects.get().status == "refunded"

    deliver(refund_event(paid, WHOLE, "failed", id=first["data"]["object"]["id"], failure_reason="lost_card"))

    paid.refresh_from_db()
    assert (paid.status, paid.amount_refunded, paid.flag_reason) == ("succeeded", Decimal(0), "refund_failed")
    assert (Refund.objects.get().status, Refund.objects.get().failure_reason) == ("failed", "lost_card")
    assert Enrollment.objects.get().status == "active"


HISTORIES: dict[str, list[tuple[str, int, str]]] = {
    "one that is settled": [("re_a", WHOLE, "pending"), ("re_a", WHOLE, "succeeded")],
    "one that fails late": [("re_a", WHOLE, "pending"), ("re_a", WHOLE, "succeeded"), ("re_a", WHOLE, "failed")],
    "two parts": [("re_a", 5000, "succeeded"), ("re_b", 4999, "succeeded")],
    "a failed one, and one in its place": [("re_a", WHOLE, "failed"), ("re_b", WHOLE, "succeeded")],
    "one that is taken back": [("re_a", 500, "requires_action"), ("re_a", 500, "canceled")],
}


@pytest.mark.parametrize("history", HISTORIES.values(), ids=HISTORIES)
def test_every_order_of_a_history_ends_alike(
    course: Course, webhook: None, history: list[tuple[str, int, str]]
) -> None:
    ends = []
    for number, order in enumerate(permutations(range(len(history) + 1))):
        payment = payment_for_a_place(make_user(f"buyer-{number}@example.com"), course)
        told = [refund_event(payment, minor, status, id=f"{key}{number}") for key, minor, status in history]
        told.append(intent_event(payment))
        for index in (*order, *order):
            assert deliver(told[index]).status_code == 200
        ends.append(end_of(payment))

    assert ends == [ends[0]] * len(ends)
    call_command("check_ledger")


def test_twenty_four_orders_of_payment_decline_refund_and_dispute_end_alike(course: Course, webhook: None) -> None:
    ends = []
    for number, order in enumerate(permutations(range(4))):
        payment = payment_for_a_place(make_user(f"buyer-{number}@example.com"), course)
        told = [
            intent_event(payment),
            intent_event(payment, "payment_failed"),
            refund_event(payment, 4000),
            dispute_event(payment, 5999, "lost", id=f"dp_{number}"),
        ]
        for index in order:
            deliver(told[index])
        ends.append(end_of(payment))

    assert ends == [ends[0]] * 24
    assert ends[0][:3] == ("disputed", Decimal(40), "refunded")


def test_a_dispute_lost_over_a_part_before_the_payment_is_known_ends_the_place_too(payment: Payment) -> None:
    deliver(dispute_event(payment, 1000, "lost"))

    deliver(intent_event(payment))

    assert Enrollment.objects.get().status == "refunded"


def test_one_refund_told_sixteen_times_goes_back_once(paid: Payment) -> None:
    told = refund_event(paid, 1000)
    again = [{**told, "id": f"evt_again_{number}"} for number in range(15)]

    outcomes = [outcome(one) for one in (told, *again)]

    assert outcomes == ["applied", *["unchanged"] * 15]
    assert mails_to("student@example.com").count("Your money is on its way back") == 1


MISFITS: dict[str, tuple[Json, str]] = {
    "another currency": ({"currency": "eur"}, "currency"),
    "more than was paid": ({"amount": WHOLE + 1}, "refund"),
    "an amount beyond all": ({"amount": 10**19}, "refund"),
    "nothing": ({"amount": 0}, "refund"),
    "an amount as a text": ({"amount": "1000"}, "refund"),
    "an unknown status": ({"status": "lost in the post"}, "refund"),
    "no id": ({"id": None}, "refund"),
    "an odd id": ({"id": "re 1'; --"}, "refund"),
}


@pytest.mark.parametrize(("changes", "reason"), MISFITS.values(), ids=MISFITS)
def test_a_refund_that_does_not_fit_is_flagged_and_moves_nothing(paid: Payment, changes: Json, reason: str) -> None:
    told = refund_event(paid, 1000)
    told["data"]["object"] |= changes

    assert outcome(told) == "mismatch"

    paid.refresh_from_db()
    assert (paid.status, paid.amount_refunded, paid.flag_reason) == ("succeeded", Decimal(0), reason)
    assert not Refund.objects.exists()


def test_a_refund_that_changes_its_amount_is_flagged(paid: Payment) -> None:
    deliver(refund_event(paid, 1000, "pending", id="re_same"))

    assert outcome(refund_event(paid, 2000, id="re_same")) == "mismatch"

    assert Refund.objects.get().amount == 10


def test_a_refund_of_an_unknown_payment_waits_and_harms_nobody(paid: Payment) -> None:
    told = refund_event(paid, 1000, payment_intent="pi_of_another_site")

    assert outcome(told) == "waiting"

    paid.refresh_from_db()
    assert paid.amount_refunded == 0


@pytest.mark.parametrize("named", [None, 5, "", "x" * 300, ["pi_1"]])
def test_a_refund_of_no_intent_is_none_of_our_concern(paid: Payment, named: object) -> None:
    assert outcome(refund_event(paid, 1000, payment_intent=named)) == "ignored"


# --- Charges ----------------------------------------------------------------------------------------------------
def test_a_charge_that_lists_its_refunds_tells_them(paid: Payment) -> None:
    listed = refund_event(paid, 1000)["data"]["object"]

    assert outcome(charge_event(paid, 1000, refunds={"data": [listed, "odd"]})) == "applied"

    paid.refresh_from_db()
    assert (str(paid.amount_refunded), paid.sync_wanted_at) == ("10.000", None)


@pytest.mark.parametrize("refunded", [1000, None, "1000"])
def test_a_charge_of_which_more_went_back_than_we_know_has_stripe_asked(paid: Payment, refunded: object) -> None:
    assert outcome(charge_event(paid, 0, amount_refunded=refunded)) == "unchanged"

    paid.refresh_from_db()
    assert paid.sync_wanted_at is not None


def test_asking_stripe_brings_what_the_charge_left_out(paid: Payment, sandbox: StripeSandbox) -> None:
    intent = sandbox.intents.create(
        {"amount": "9999", "currency": "usd", "metadata": paid.metadata, "description": "x"}, {}
    )
    Payment.objects.update(intent_id=intent["id"])
    sandbox.pay(intent["id"])
    sandbox.refund(intent["id"], 1000)
    sandbox.dispute(intent["id"], 2000, is_inquiry=True)
    [told] = [told for told in sandbox.events if told["type"] == "charge.refunded"]
    deliver(told)

    catch_up(by=SYSTEM)

    paid.refresh_from_db()
    assert (str(paid.amount_refunded), paid.sync_wanted_at) == ("10.000", None)
    assert paid.disputes.get().status == "warning_needs_response"


def test_money_that_goes_back_before_we_know_that_it_came_has_stripe_asked(payment: Payment) -> None:
    deliver(refund_event(payment, 1000))

    payment.refresh_from_db()
    assert (payment.status, payment.amount_refunded) == ("created", Decimal(0))
    assert payment.sync_wanted_at is not None


def test_an_older_charge_that_comes_late_changes_nothing(paid: Payment) -> None:
    for minor in (1000, 500):
        deliver(refund_event(paid, minor))

    assert outcome(event("charge.refunded", charge_event(paid, 1000)["data"]["object"])) == "unchanged"

    paid.refresh_from_db()
    assert paid.amount_refunded == 15
