"""Staff give money back: all of it or a part, once, and never more than there is."""

from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pyotp
import pytest
from django.core.management import call_command
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from examples.stripe_sandbox import StripeSandbox
from payments import gateway
from payments.models import Payment, Refund
from payments.services.catching_up import catch_up
from payments.services.refunding import KEY_LIVES
from tests.conftest import PASSWORD
from tests.payments.conftest import CREATE, deliver, mails_to
from users.models import User
from users.services.second_factor import confirm_enrolment, start_enrolment

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
SYSTEM = Actor.from_system("tests")
REFUNDS = "/v1/refunds"


@pytest.fixture
def paid(buyer: APIClient, sandbox: StripeSandbox, course: Course) -> Payment:
    """A payment of 99.99 usd at the sandbox, which has told of it."""
    buyer.post(CREATE, {"course": course.slug})
    sandbox.pay(Payment.objects.get().intent_id)
    deliver(sandbox.events[-1])
    return Payment.objects.get(status="succeeded")


@pytest.fixture
def office(api: Login, staff: User) -> APIClient:
    """A person of the staff, logged in."""
    return api(staff)


def refund(office: APIClient, payment: Payment, **body: Any) -> Any:
    """Ask for a refund with the password."""
    return office.post(f"/api/v1/payments/{payment.pk}/refund/", {"password": PASSWORD, **body})


def deliver_all(sandbox: StripeSandbox) -> None:
    for told in sandbox.events:
        assert deliver(told).status_code == 200


def test_a_refund_asked_for_twice_under_one_name_goes_back_once(
    office: APIClient, paid: Payment, sandbox: StripeSandbox
) -> None:
    def ask(amount: str) -> Any:
        body = {"password": PASSWORD, "amount": amount}
        return office.post(f"/api/v1/payments/{paid.pk}/refund/", body, headers={"Idempotency-Key": "refund-1"})

    first, again, other = ask("10.00"), ask("10.00"), ask("20.00")

    assert (first.status_code, again.status_code, again.json()["id"]) == (201, 201, first.json()["id"])
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert [made.amount for made in Refund.objects.all()] == [Decimal("10.00")]
    assert [request.path for request in sandbox.requests].count(REFUNDS) == 1


def test_less_than_the_least_charge_can_go_back(office: APIClient, paid: Payment) -> None:
    assert refund(office, paid, amount="0.01").json()["amount"] == "0.01"
    assert refund(office, paid, amount="0.005").json()["errors"]["amount"][0]["code"] == "invalid_amount"


def test_all_of_it_goes_back_and_takes_the_place_along(
    office: APIClient, paid: Payment, sandbox: StripeSandbox, staff: User, student: User
) -> None:
    answer = refund(office, paid, reason="The course\r\nwas cancelled")

    made = answer.json()
    paid.refresh_from_db()
    [at_stripe] = sandbox.refunds.rows.values()
    assert answer.status_code == 201
    assert (made["amount"], made["status"], made["reason"], made["requested_by"], made["stripe_id"]) == (
        "99.99",
        "succeeded",
        "The course was cancelled",
        str(staff.pk),
        at_stripe["id"],
    )
    assert (paid.status, paid.amount_refunded, Enrollment.objects.get().status) == ("refunded", paid.amount, "refunded")
    assert mails_to(student.email)[-1] == "Your money is on its way back"


def test_stripe_is_asked_once_with_the_rows_id_and_told_which_it_is(
    office: APIClient, paid: Payment, sandbox: StripeSandbox
) -> None:
    made = refund(office, paid, amount="10.00").json()

    [request] = [request for request in sandbox.requests if request.path == REFUNDS and request.method == "POST"]
    assert request.idempotency_key == made["id"]
    assert request.params["metadata"] == {"refund_id": made["id"], "payment_id": str(paid.pk)}
    assert request.params["amount"] == "1000"


def test_the_events_of_our_own_refund_change_nothing_any_more(
    office: APIClient, paid: Payment, sandbox: StripeSandbox, student: User
) -> None:
    refund(office, paid, amount="10")
    facts, mails = paid.ledger.count(), mails_to(student.email)

    deliver_all(sandbox)

    paid.refresh_from_db()
    assert (paid.status, paid.amount_refunded) == ("partially_refunded", Decimal(10))
    assert (paid.ledger.count(), mails_to(student.email), Refund.objects.count()) == (facts, mails, 1)
    call_command("check_ledger")


def test_parts_go_back_until_nothing_is_left(office: APIClient, paid: Payment) -> None:
    parts = [refund(office, paid, amount=amount).status_code for amount in ("50.00", "49.00")]
    too_much = refund(office, paid, amount="1.00")
    rest = refund(office, paid)
    nothing = refund(office, paid)

    assert parts == [201, 201]
    assert (too_much.status_code, too_much.json()["code"]) == (409, "refund_too_large")
    assert (too_much.json()["left"], too_much.json()["currency"]) == ("0.99", "usd")
    assert (rest.status_code, rest.json()["amount"]) == (201, "0.99")
    assert (nothing.status_code, nothing.json()["code"]) == (409, "not_refundable")
    assert Enrollment.objects.get().status == "refunded"


@pytest.mark.parametrize("status", ["created", "failed", "canceled"])
def test_what_was_not_paid_cannot_be_refunded(
    office: APIClient, sandbox: StripeSandbox, paid: Payment, status: str
) -> None:
    Payment.objects.update(status=status)

    assert refund(office, paid).json()["code"] == "not_refundable"


def test_what_a_bank_holds_cannot_be_refunded(office: APIClient, sandbox: StripeSandbox, paid: Payment) -> None:
    sandbox.dispute(paid.intent_id)
    deliver_all(sandbox)

    assert refund(office, paid).json()["code"] == "not_refundable"


@pytest.mark.parametrize(("refunded", "left"), [(0, "89.99"), (2000, "69.99")])
def test_what_a_bank_has_not_kept_can_be_refunded(
    office: APIClient, sandbox: StripeSandbox, paid: Payment, refunded: int, left: str
) -> None:
    if refunded:
        refund(office, paid, amount=str(refunded // 100))
    dispute = sandbox.dispute(paid.intent_id, 1000)
    sandbox.close_dispute(dispute["id"], won=False)
    sandbox.disputes.rows[dispute["id"]]["is_charge_refundable"] = True
    deliver_all(sandbox)

    too_much = refund(office, paid, amount="90.00")
    rest = refund(office, paid)

    assert (too_much.json()["code"], too_much.json()["left"]) == ("refund_too_large", left)
    assert (rest.status_code, rest.json()["amount"], rest.json()["status"]) == (201, left, "succeeded")
    assert refund(office, paid).json()["code"] == "not_refundable"
    paid.refresh_from_db()
    assert paid.amount == paid.amount_refunded + paid.amount_disputed
    call_command("check_ledger")


def test_what_stripe_does_not_give_back_any_more_counts_as_failed(
    office: APIClient, sandbox: StripeSandbox, paid: Payment
) -> None:
    dispute = sandbox.dispute(paid.intent_id, 1000)
    sandbox.close_dispute(dispute["id"], won=False)
    deliver_all(sandbox)

    assert refund(office, paid).json()["code"] == "refund_refused"
    assert Refund.objects.get().status == "failed"


@pytest.mark.parametrize("amount", ["0", "-1", "1.001", "1e1", "NaN", 0.1 + 0.2, True, None, [], "9" * 30])
def test_what_is_no_amount_is_refused(office: APIClient, paid: Payment, amount: object) -> None:
    answer = refund(office, paid, amount=amount)

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["amount"])
    assert not Refund.objects.exists()


def test_a_refund_needs_the_password_again(office: APIClient, paid: Payment) -> None:
    without = office.post(f"/api/v1/payments/{paid.pk}/refund/", {"amount": "5"})
    wrong = refund(office, paid, password="wrong-horse-9")

    assert {(answer.status_code, answer.json()["code"]) for answer in (without, wrong)} == {(403, "step_up_required")}
    assert not Refund.objects.exists()


def test_a_refund_needs_a_code_where_there_is_a_second_factor(api: Login, staff: User, paid: Payment) -> None:
    totp = pyotp.TOTP(start_enrolment(staff, by=SYSTEM).secret)
    confirm_enrolment(staff, totp.now(), by=SYSTEM)
    User.objects.update(totp_last_step=0)
    office = api(staff)

    without, with_code = refund(office, paid), refund(office, paid, token=totp.now())

    assert (without.status_code, with_code.status_code) == (403, 201)


def test_only_staff_give_money_back(
    api: Login, buyer: APIClient, instructor: User, anonymous: APIClient, paid: Payment
) -> None:
    answers = [refund(client, paid).status_code for client in (buyer, api(instructor), anonymous)]

    assert answers == [403, 403, 401]


def test_a_refund_is_audited_with_who_asked_for_it(office: APIClient, paid: Payment, staff: User) -> None:
    made = refund(office, paid, amount="5").json()

    log = AuditLog.objects.get(details__event="payments.refund.requested")
    assert (log.user, log.action, log.resource_id, log.details["amount"]) == (staff, "create", made["id"], "5.00")
    assert AuditLog.objects.filter(details__event="payments.payment.partially_refunded").count() == 1


def test_without_a_key_nothing_is_written(office: APIClient, paid: Payment, settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY = ""

    assert refund(office, paid).json()["code"] == "payments_not_configured"
    assert not Refund.objects.exists()


# --- Trouble at Stripe ------------------------------------------------------------------------------------------
@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Stripe half a second instead of eight, and take a fifth of one for "at once"."""
    monkeypatch.setattr(gateway, "READ_SECONDS", 0.5)
    monkeypatch.setattr(gateway, "RETRY_WITHIN", 0.2)


def later() -> None:
    """Let the time pass after which the sweep takes a refund for left alone."""
    Refund.objects.update(created_at=timezone.now() - timedelta(minutes=2))
    catch_up(by=SYSTEM)


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize("how", ["silent", "cut", "429"])
def test_what_came_to_no_end_is_carried_out_once_by_the_sweep(
    office: APIClient, paid: Payment, sandbox: StripeSandbox, how: Any
) -> None:
    sandbox.faults.on_requests(how, REFUNDS, times=2 if how == "cut" else 1)  # a cut is tried again at once

    unknown = refund(office, paid, amount="10")
    left = refund(office, paid, amount="90")
    later()

    assert (unknown.status_code, unknown.json()["status"]) == (201, "requested")
    assert (left.json()["code"], left.json()["left"]) == ("refund_too_large", "89.99")
    assert Refund.objects.get().status == "succeeded"
    assert [made["amount"] for made in sandbox.refunds.rows.values()] == [1000]
    paid.refresh_from_db()
    assert paid.amount_refunded == 10


def test_a_refund_that_somebody_is_asking_for_is_left_to_them(
    office: APIClient, paid: Payment, sandbox: StripeSandbox
) -> None:
    sandbox.faults.on_requests("429", REFUNDS)
    refund(office, paid, amount="10")

    catch_up(by=SYSTEM)

    assert Refund.objects.get().status == "requested"


def test_a_failure_that_stripe_would_repeat_gives_the_money_free_again(
    office: APIClient, paid: Payment, sandbox: StripeSandbox
) -> None:
    sandbox.faults.on_requests("500", REFUNDS)

    failed, again = refund(office, paid), refund(office, paid)

    assert (failed.status_code, failed.json()["code"]) == (409, "refund_refused")
    assert (again.status_code, again.json()["status"]) == (201, "succeeded")
    assert list(Refund.objects.order_by("id").values_list("status", "failure_reason")) == [
        ("failed", "not_made"),
        ("succeeded", ""),
    ]
    assert len(sandbox.refunds.rows) == 1


def test_a_refund_that_stripe_refuses_counts_as_failed_and_stripe_is_asked_why(
    office: APIClient, paid: Payment, sandbox: StripeSandbox
) -> None:
    sandbox.refund(paid.intent_id)  # in the dashboard, and its events are lost

    answer = refund(office, paid)
    catch_up(by=SYSTEM)

    assert (answer.status_code, answer.json()["code"]) == (409, "refund_refused")
    assert AuditLog.objects.get(details__event="payments.refund.refused").details["reason"] == "charge_already_refunded"
    paid.refresh_from_db()
    assert (paid.status, paid.sync_wanted_at) == ("refunded", None)
    assert list(Refund.objects.order_by("id").values_list("status", flat=True)) == ["failed", "succeeded"]


@pytest.mark.parametrize(("was_made", "status"), [(True, "succeeded"), (False, "failed")])
def test_after_a_day_a_refund_is_looked_for_and_not_sent_again(
    office: APIClient, paid: Payment, sandbox: StripeSandbox, was_made: bool, status: str
) -> None:
    sandbox.faults.on_requests("cut" if was_made else "429", REFUNDS, times=2 if was_made else 1)
    refund(office, paid, amount="10")
    Refund.objects.update(created_at=timezone.now() - KEY_LIVES)
    asked = len(sandbox.requests)

    catch_up(by=SYSTEM)

    assert Refund.objects.get().status == status
    assert {request.method for request in sandbox.requests[asked:]} == {"GET"}


def test_a_stripe_that_is_down_keeps_everything_waiting(
    office: APIClient, paid: Payment, sandbox: StripeSandbox, settings: Settings
) -> None:
    settings.STRIPE_API_BASE = "http://127.0.0.1:9"
    refund(office, paid, amount="10")

    later()

    assert Refund.objects.get().status == "requested"
