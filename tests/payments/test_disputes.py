"""Banks that take money back, or ask about it: what staff are told, and how long the buyer keeps the course."""

from decimal import Decimal
from itertools import permutations

import pytest
from django.core.management import call_command
from pytest_django import Settings

from audit.actor import Actor
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments.models import Dispute, Payment, WebhookEvent
from payments.services.catching_up import catch_up
from tests.conftest import make_user
from tests.payments.conftest import (
    Json,
    deliver,
    dispute_event,
    intent_event,
    mails_to,
    payment_for_a_place,
    refund_event,
)
from titanobova.models import OutgoingMail

pytestmark = pytest.mark.django_db
WHOLE = 9999


@pytest.fixture
def paid(payment: Payment) -> Payment:
    """A payment of 99.99 usd that opened a course."""
    deliver(intent_event(payment))
    payment.refresh_from_db()
    return payment


def stands(payment: Payment) -> tuple[str, Decimal, str]:
    payment.refresh_from_db()
    return payment.status, payment.amount_disputed, Enrollment.objects.get(payments=payment).status


def move(told: Json, status: str) -> Json:
    """Return a later event about the same dispute."""
    subject = {**told["data"]["object"], "status": status}
    kind = f"charge.dispute.{'closed' if status in {'won', 'lost', 'warning_closed'} else 'updated'}"
    return {**told, "id": f"{told['id']}_{status}", "type": kind, "data": {"object": subject}}


def test_an_open_dispute_takes_the_money_and_leaves_the_course(paid: Payment) -> None:
    deliver(dispute_event(paid, WHOLE))

    assert stands(paid) == ("disputed", paid.amount, "active")


def test_a_lost_dispute_takes_the_course_too(paid: Payment) -> None:
    told = dispute_event(paid, WHOLE)
    deliver(told)
    deliver(move(told, "lost"))

    assert stands(paid) == ("disputed", paid.amount, "refunded")
    assert Dispute.objects.get().closed_at is not None


def test_a_dispute_that_was_won_is_as_if_it_had_never_been(paid: Payment) -> None:
    told = dispute_event(paid, WHOLE)
    deliver(told)
    deliver(move(told, "won"))

    assert stands(paid) == ("succeeded", Decimal(0), "active")


def test_an_inquiry_moves_no_money(paid: Payment) -> None:
    told = dispute_event(paid, WHOLE, "warning_needs_response")
    deliver(told)
    deliver(move(told, "warning_closed"))

    assert stands(paid) == ("succeeded", Decimal(0), "active")
    assert not paid.ledger.exclude(kind="captured").exists()


def test_an_inquiry_may_become_a_dispute(paid: Payment, settings: Settings) -> None:
    told = dispute_event(paid, WHOLE, "warning_needs_response")
    deliver(told)
    deliver(move(told, "needs_response"))

    assert stands(paid) == ("disputed", paid.amount, "active")
    texts = OutgoingMail.objects.filter(recipient=settings.SUPPORT_EMAIL).order_by("id").values_list("text", flat=True)
    assert ["No money has moved yet" in text for text in texts] == [True, False]


def test_staff_are_told_once_and_until_when_they_can_answer(paid: Payment, settings: Settings) -> None:
    told = dispute_event(paid, WHOLE, evidence_details={"due_by": 1_900_000_000})
    for one in (
        told,
        {**told, "id": "evt_again"},
        {**told, "id": "evt_fund", "type": "charge.dispute.funds_withdrawn"},
    ):
        deliver(one)

    mail = OutgoingMail.objects.get(recipient=settings.SUPPORT_EMAIL)
    assert "until 17 March 2030 17:46 UTC" in mail.text
    assert (str(paid.pk) in mail.subject, "99.99 USD" in mail.text, "fraudulent" in mail.text) == (True, True, True)
    assert f"{settings.PUBLIC_URL}/admin/payments/payment/{paid.pk}/change/" in mail.text


@pytest.mark.parametrize("history", [["needs_response", "under_review", "won"], ["needs_response", "lost"]])
def test_every_order_of_a_dispute_ends_alike(course: Course, webhook: None, history: list[str]) -> None:
    ends = []
    for number, order in enumerate(permutations(range(len(history) + 1))):
        payment = payment_for_a_place(make_user(f"buyer-{number}@example.com"), course)
        opened = dispute_event(payment, WHOLE, id=f"dp_{number}")
        told = [intent_event(payment), opened, *(move(opened, status) for status in history[1:])]
        for index in (*order, *order):
            deliver(told[index])
        facts = sorted(payment.ledger.values_list("kind", flat=True))
        ends.append((*stands(payment), payment.disputes.get().status, facts, payment.flag_reason))

    assert ends == [ends[0]] * len(ends)
    assert len(mails_to("support@titanobova.com")) == len(ends)
    call_command("check_ledger")


def test_the_sandbox_tells_of_disputes_as_we_understand_them(paid: Payment, sandbox: StripeSandbox) -> None:
    intent = sandbox.intents.create(
        {"amount": "9999", "currency": "usd", "metadata": paid.metadata, "description": "x"}, {}
    )
    Payment.objects.update(intent_id=intent["id"])
    sandbox.pay(intent["id"])
    dispute = sandbox.dispute(intent["id"], 5000)
    sandbox.close_dispute(dispute["id"], won=False)

    outcomes = []
    for told in sandbox.events:
        deliver(told)
        outcomes.append((told["type"], WebhookEvent.objects.get(pk=told["id"]).outcome))

    assert stands(paid) == ("disputed", Decimal(50), "refunded")
    assert [said for kind, said in outcomes if "dispute" in kind] == ["applied", "unchanged", "applied"]


def test_a_dispute_that_is_won_and_lost_is_shown_to_staff_and_counts_as_lost(paid: Payment) -> None:
    told = dispute_event(paid, WHOLE)
    for status in ("lost", "won"):
        deliver(move(told, status))

    assert stands(paid) == ("disputed", paid.amount, "refunded")
    assert paid.flag_reason == "dispute_won_and_lost"


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"currency": "eur"}, "currency"),
        ({"amount": 999_999_990}, "dispute"),
        ({"amount": -5}, "dispute"),
        ({"status": "somehow"}, "dispute"),
        ({"id": 7}, "dispute"),
        ({"created": "yesterday", "amount": None}, "dispute"),
    ],
)
def test_a_dispute_that_does_not_fit_is_flagged_and_moves_nothing(paid: Payment, changes: Json, reason: str) -> None:
    told = dispute_event(paid, WHOLE)
    told["data"]["object"] |= changes

    assert deliver(told).status_code == 200

    assert stands(paid) == ("succeeded", Decimal(0), "active")
    assert paid.flag_reason == reason
    assert not Dispute.objects.exists()


@pytest.mark.parametrize(
    ("decision", "end"),
    [
        ("needs_response", ("disputed", Decimal("99.99"), "active")),
        ("won", ("succeeded", Decimal(0), "active")),
        ("lost", ("disputed", Decimal("99.99"), "refunded")),
    ],
)
def test_a_dispute_over_more_than_was_paid_counts_up_to_that_and_is_shown_to_staff(
    paid: Payment, decision: str, end: tuple[str, Decimal, str]
) -> None:
    deliver(dispute_event(paid, WHOLE + 151, decision))

    assert stands(paid) == end
    assert (paid.flag_reason, Dispute.objects.get().amount_text) == ("dispute", "101.50")
    assert WebhookEvent.objects.latest("received_at").outcome == "applied"
    call_command("check_ledger")


@pytest.mark.parametrize("order", [[0, 1], [1, 0]])
def test_a_bank_may_keep_another_sum_than_it_first_took(paid: Payment, order: list[int]) -> None:
    opened = dispute_event(paid, WHOLE)
    lost = move(opened, "lost")
    lost["data"]["object"]["amount"] = 9900

    for index in order:
        assert deliver([opened, lost][index]).status_code == 200

    assert stands(paid) == ("disputed", Decimal(99), "refunded")
    assert (paid.flag_reason, Dispute.objects.get().amount_text) == ("dispute", "99.00")
    assert paid.documents.get(kind="credit_note").gross_text == "99.00"
    call_command("check_ledger")


def test_a_sum_that_changes_while_a_dispute_is_open_is_written_down(paid: Payment) -> None:
    opened = dispute_event(paid, 5000)
    deliver(opened)
    changed = {**opened, "id": "evt_later", "type": "charge.dispute.updated"}
    changed["data"] = {"object": {**opened["data"]["object"], "amount": 6000}}

    deliver(changed)

    assert stands(paid) == ("disputed", Decimal(60), "active")
    assert (paid.flag_reason, Dispute.objects.get().amount_text) == ("dispute", "60.00")
    assert len(mails_to("support@titanobova.com")) == 1


def disputed_at(sandbox: StripeSandbox, payment: Payment, minor: int, status: str) -> str:
    """Let a payment be paid and disputed at Stripe, and return the dispute's id."""
    wanted = {"amount": str(WHOLE), "currency": "usd", "metadata": payment.metadata, "description": "x"}
    payment.intent_id = sandbox.intents.create(wanted, {})["id"]
    payment.save()
    sandbox.pay(payment.intent_id)
    dispute_id: str = sandbox.dispute(payment.intent_id, minor)["id"]
    if status == "lost":
        sandbox.close_dispute(dispute_id, won=False)
    return dispute_id


def ends_of_several_sums(course: Course, sandbox: StripeSandbox, status: str) -> set[tuple[object, ...]]:
    """Return how payments end of which a bank named three sums in each possible order, once Stripe was asked."""
    ends: set[tuple[object, ...]] = set()
    for number, order in enumerate(permutations(range(4))):
        payment = payment_for_a_place(make_user(f"buyer-{number}@example.com"), course)
        key = disputed_at(sandbox, payment, 6000, status)
        told = [intent_event(payment), *(dispute_event(payment, minor, status, id=key) for minor in (5000, 6000, 7000))]
        for index in order:
            deliver(told[index])
        catch_up(by=Actor.from_system("tests"))
        ends.add((*stands(payment), payment.flag_reason, payment.disputes.get().amount_text))
    return ends


def test_of_several_sums_of_an_open_dispute_the_largest_counts_and_the_present_one_is_shown_in_every_order(
    course: Course, sandbox: StripeSandbox
) -> None:
    ends = ends_of_several_sums(course, sandbox, "needs_response")

    assert ends == {("disputed", Decimal(70), "active", "dispute", "60.00")}
    call_command("check_ledger")


def test_of_several_sums_of_a_lost_dispute_the_present_one_is_shown_in_every_order(
    course: Course, sandbox: StripeSandbox
) -> None:
    ends = ends_of_several_sums(course, sandbox, "lost")

    assert {(status, place, *shown) for status, _, place, *shown in ends} == {
        ("disputed", "refunded", "dispute", "60.00")
    }
    call_command("check_ledger")


@pytest.mark.parametrize(("decision", "reason"), [("needs_response", "balance"), ("lost", "balance"), ("won", "")])
def test_a_payment_of_which_more_went_back_than_came_is_shown_to_staff_in_whatever_order_it_was_told(
    course: Course, webhook: None, decision: str, reason: str
) -> None:
    ends = []
    for number, order in enumerate(permutations(range(4))):
        payment = payment_for_a_place(make_user(f"buyer-{number}@example.com"), course)
        opened = dispute_event(payment, WHOLE, id=f"dp_{number}")
        told = [intent_event(payment), refund_event(payment, 5000), opened, move(opened, decision)]
        for index in order:
            deliver(told[index])
        ends.append((*stands(payment), payment.is_flagged, payment.flag_reason))

    assert {end[-2:] for end in ends} == {(bool(reason), reason)}
    assert ends == [ends[0]] * len(ends)


def test_a_flag_for_another_reason_stays(paid: Payment) -> None:
    Payment.objects.update(is_flagged=True, flag_reason="open_already")
    deliver(refund_event(paid, 5000))
    opened = dispute_event(paid, WHOLE)
    deliver(opened)
    paid.refresh_from_db()
    assert paid.flag_reason == "balance, open_already"

    deliver(move(opened, "won"))

    paid.refresh_from_db()
    assert (paid.is_flagged, paid.flag_reason) == (True, "open_already")


def test_a_dispute_of_another_payment_changes_nothing(paid: Payment, course: Course) -> None:
    other = payment_for_a_place(make_user("somebody@example.com"), course)
    deliver(dispute_event(paid, WHOLE, id="dp_1"))

    deliver(dispute_event(other, 100, "lost", id="dp_1"))

    assert stands(paid) == ("disputed", paid.amount, "active")
    assert stands(other)[0] == "created"
    assert other.flag_reason == "dispute"


@pytest.mark.parametrize("due_by", [None, 0, -1, 2**40, "soon"])
def test_a_dispute_without_a_sensible_date_has_none(paid: Payment, due_by: object) -> None:
    deliver(dispute_event(paid, WHOLE, evidence_details={"due_by": due_by}))

    assert Dispute.objects.get().evidence_due_at is None
