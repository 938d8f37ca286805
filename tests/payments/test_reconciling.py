"""Events that never came: what is at Stripe is found, recorded once, and what cannot be mended is named."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments import jobs, stripe_lists
from payments.models import LedgerEntry, Payment, Refund, WebhookEvent
from payments.services import reconciling
from payments.services.reconciling import Report, reconcile
from payments.services.starting import Wish, close_payment, start_payment
from tests.conftest import make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import CREATE, SECRET, deliver, make_payment
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")
Run = Callable[..., str]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run the command and return what it printed."""

    def reconcile_payments(*arguments: str) -> str:
        call_command("reconcile_payments", *arguments)
        return capsys.readouterr().out

    return reconcile_payments


@pytest.fixture
def paid_in_silence(buyer: APIClient, sandbox: StripeSandbox, course: Course) -> Payment:
    """A payment that was paid at Stripe, of which no event came."""
    buyer.post(CREATE, {"course": course.slug})
    payment = Payment.objects.get()
    sandbox.pay(payment.intent_id)
    return payment


def reconciled() -> Report:
    return reconcile(timezone.now() - timedelta(days=7), by=SYSTEM)


def counts() -> list[int]:
    models = (Payment, LedgerEntry, Refund, WebhookEvent, OutgoingMail, AuditLog, Enrollment)
    return [model.objects.count() for model in models]


@pytest.mark.parametrize(
    "are_listed", [True, False], ids=["Stripe lists the events", "Stripe holds them for delivered"]
)
def test_fifty_payments_without_an_event_are_fifty_enrolments(
    sandbox: StripeSandbox, run: Run, are_listed: bool
) -> None:
    if are_listed:
        sandbox.set_webhook("http://127.0.0.1:9/", SECRET)
        sandbox.faults.on_events("drop", times=None)
    course = make_course(slug="wanted", price="10.00")
    for number in range(50):
        buyer = make_user(f"buyer-{number}@example.com")
        sandbox.pay(start_payment(buyer, Wish(course="wanted"), by=SYSTEM).payment.intent_id)

    told = run()
    after = counts()
    again = run()

    assert course.enrollments.filter(status="active").count() == 50
    assert told.count("repaired: ") == 50
    assert again.count("repaired: ") == 0
    assert counts() == after
    call_command("check_ledger")


def test_refunds_disputes_and_declines_are_found_too(
    paid_in_silence: Payment, sandbox: StripeSandbox, student: User
) -> None:
    sandbox.refund(paid_in_silence.intent_id, 999)
    sandbox.dispute(paid_in_silence.intent_id, 1000)
    declined = start_payment(student, Wish(amount=make_payment(student).amount), by=SYSTEM).payment
    sandbox.decline(declined.intent_id)

    report = reconciled()

    for payment in (paid_in_silence, declined):
        payment.refresh_from_db()
    assert (paid_in_silence.status, str(paid_in_silence.amount_refunded)) == ("disputed", "9.990")
    assert declined.status == "failed"
    assert report.unrepairable == []
    assert reconciled().repaired == []


def test_a_dispute_that_was_decided_meanwhile_is_moved_on(paid_in_silence: Payment, sandbox: StripeSandbox) -> None:
    dispute = sandbox.dispute(paid_in_silence.intent_id)
    reconciled()
    sandbox.close_dispute(dispute["id"], won=True)

    report = reconciled()

    paid_in_silence.refresh_from_db()
    assert (paid_in_silence.status, len(report.repaired)) == ("succeeded", 1)


def test_a_dispute_of_which_the_bank_has_named_another_sum_is_moved_on(
    paid_in_silence: Payment, sandbox: StripeSandbox
) -> None:
    dispute = sandbox.dispute(paid_in_silence.intent_id, 1000)
    reconciled()
    sandbox.disputes.rows[dispute["id"]]["amount"] = 2000

    report = reconciled()

    assert (paid_in_silence.disputes.get().amount_text, len(report.repaired)) == ("20.00", 1)
    assert reconciled().repaired == []


def test_what_the_events_told_already_is_found_as_known(paid_in_silence: Payment, sandbox: StripeSandbox) -> None:
    sandbox.refund(paid_in_silence.intent_id, 999)
    for told in sandbox.events:
        deliver(told)
    before = counts()

    report = reconciled()

    assert (report.repaired, report.unrepairable, counts()) == ([], [], before)
    assert report.found["intent"] == report.found["refund"] == 1


def test_an_intent_whose_answer_never_came_is_named_by_its_metadata(
    buyer: APIClient, sandbox: StripeSandbox, course: Course
) -> None:
    sandbox.faults.on_requests("cut", "/v1/payment_intents", times=2)
    buyer.post(CREATE, {"course": course.slug})
    sandbox.pay(sandbox.payment_intents[0]["id"])

    reconciled()

    payment = Payment.objects.get()
    assert (payment.status, payment.intent_id) == ("succeeded", sandbox.payment_intents[0]["id"])


def test_an_intent_that_could_still_be_paid_for_a_payment_that_was_given_up_is_cancelled(
    student: User, sandbox: StripeSandbox
) -> None:
    payment = make_payment(student, intent_id="")
    close_payment(payment, by=SYSTEM, reason="Stripe failed")
    sandbox.intents.create({"amount": "4990", "currency": "usd", "description": "x", "metadata": payment.metadata}, {})

    report = reconciled()

    assert sandbox.payment_intents[0]["status"] == "canceled"
    assert (len(report.repaired), reconciled().repaired) == (1, [])


# --- What cannot be mended --------------------------------------------------------------------------------------
def refused(run: Run, capsys: pytest.CaptureFixture[str]) -> str:
    with pytest.raises(CommandError, match="cannot be repaired"):
        run()
    return capsys.readouterr().out


def test_a_payment_of_another_amount_is_named_and_the_command_fails(
    paid_in_silence: Payment, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    Payment.objects.update(amount="99.98")

    told = [refused(run, capsys), refused(run, capsys)]

    assert all(f"NOT REPAIRABLE: intent {paid_in_silence.intent_id} does not fit its payment" in one for one in told)
    paid_in_silence.refresh_from_db()
    assert (paid_in_silence.status, paid_in_silence.flag_reason) == ("created", "amount, amount_received")


def test_a_paid_intent_of_another_amount_is_named_even_where_it_was_recorded(
    paid_in_silence: Payment, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    run()
    Payment.objects.update(amount="99.98")

    assert "does not fit its payment" in refused(run, capsys)


def test_an_intent_of_a_payment_that_is_not_here_is_named(
    sandbox: StripeSandbox, student: User, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    metadata = {"payment_id": "0190b5a0-0000-7000-8000-000000000000"}
    sandbox.intents.create({"amount": "500", "currency": "usd", "description": "x", "metadata": metadata}, {})

    assert "names a payment that is not here" in refused(run, capsys)


def test_an_intent_of_another_system_on_the_same_account_is_none_of_our_concern(
    sandbox: StripeSandbox, run: Run
) -> None:
    intent = sandbox.intents.create({"amount": "500", "currency": "usd", "description": "x"}, {})
    sandbox.pay(intent["id"])
    sandbox.refund(intent["id"])
    sandbox.set_webhook(None)

    told = run()

    assert "NOT" not in told
    assert "repaired: " not in told


def test_a_paid_payment_that_stripe_does_not_know_is_named(
    sandbox: StripeSandbox, student: User, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    lost = make_payment(student, status="succeeded")

    assert f"payment {lost.pk} is paid by an intent that is not at Stripe" in refused(run, capsys)


# --- The command ------------------------------------------------------------------------------------------------
def test_a_payment_that_comes_while_the_lists_are_read_is_no_alarm(
    sandbox: StripeSandbox, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def list_and_let_somebody_pay(since: int) -> Any:
        yield from stripe_lists.list_intents(since)
        make_payment(student, status="succeeded", intent_id="pi_meanwhile", created_at=timezone.now())

    monkeypatch.setattr(reconciling, "list_intents", list_and_let_somebody_pay)

    assert reconciled().unrepairable == []


def test_a_table_says_what_was_found_and_repaired(paid_in_silence: Payment, sandbox: StripeSandbox, run: Run) -> None:
    sandbox.refund(paid_in_silence.intent_id, 100)

    lines = run().splitlines()

    assert [line.split() for line in lines[:5]] == [
        ["at", "Stripe", "repaired"],
        ["events", "0", "0"],
        ["intents", "1", "1"],
        ["refunds", "1", "1"],
        ["disputes", "0", "0"],
    ]


@pytest.mark.parametrize("days", ["0", "-1", "x", "99999", "1e3"])
def test_a_number_of_days_is_one(sandbox: StripeSandbox, run: Run, days: str) -> None:
    with pytest.raises(CommandError, match="a number of days"):
        run(f"--since={days}")


def test_what_is_older_than_asked_for_is_not_listed(paid_in_silence: Payment, sandbox: StripeSandbox, run: Run) -> None:
    sandbox.intents.rows[paid_in_silence.intent_id]["created"] -= 3 * 86_400

    assert "repaired: " not in run("--since=2")
    assert "repaired: " in run("--since=4")


def test_a_stripe_that_is_down_is_said_in_a_line(sandbox: StripeSandbox, settings: Settings, run: Run) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"

    with pytest.raises(CommandError, match="does not answer"):
        run()


def test_without_a_key_the_command_names_the_variable(settings: Settings, run: Run) -> None:
    settings.STRIPE_SECRET_KEY = ""

    with pytest.raises(CommandError, match="STRIPE_SECRET_KEY"):
        run()


def test_more_than_can_be_compared_is_said(
    sandbox: StripeSandbox, student: User, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    for _ in range(101):
        sandbox.intents.create({"amount": "500", "currency": "usd", "description": "x"}, {})
    monkeypatch.setattr(stripe_lists, "MOST_PAGES", 1)

    with pytest.raises(CommandError, match="more objects than"):
        run()


def test_lists_are_read_page_by_page(sandbox: StripeSandbox, run: Run) -> None:
    for _ in range(101):
        sandbox.intents.create({"amount": "500", "currency": "usd", "description": "x"}, {})

    assert ["intents", "101", "0"] in [line.split() for line in run().splitlines()]


def test_the_hourly_job_says_what_it_cannot_repair(paid_in_silence: Payment, caplog: pytest.LogCaptureFixture) -> None:
    Payment.objects.update(amount="99.98")

    jobs.reconcile()

    assert f"Reconciliation: intent {paid_in_silence.intent_id}" in caplog.text


def test_the_jobs_are_in_the_timetable_under_their_names(settings: Any) -> None:
    timetable = {entry["task"]: entry["schedule"] for entry in settings.CELERY_BEAT_SCHEDULE.values()}

    assert timetable[jobs.sweep.name] == 300
    assert timetable[jobs.reconcile.name] == 3600
