"""Facts are recorded once and for good, and what repeats them is written in one place and can be checked."""

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, transaction
from django.db.models import ProtectedError

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import EnrollmentGrant
from payments.ledger import Fact, Kind
from payments.models import LedgerEntry, Payment
from payments.services.holding import hold_payment
from payments.services.settling import settle
from tests.payments.conftest import PAID, deliver, intent_event, refund_event, state_of

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")


@pytest.fixture
def paid(payment: Payment) -> Payment:
    """A payment whose money arrived."""
    deliver(intent_event(payment))
    payment.refresh_from_db()
    return payment


def test_a_fact_says_what_told_it(paid: Payment) -> None:
    entry = paid.ledger.get()

    assert (entry.kind, entry.amount, entry.reference) == ("captured", paid.amount, "")
    assert entry.stripe_event.startswith("evt_")


@pytest.mark.parametrize("change", ["DELETE FROM {}", "UPDATE {} SET amount = 1", "UPDATE {} SET kind = kind"])
def test_nobody_changes_or_deletes_a_fact(paid: Payment, change: str) -> None:
    statement = change.format(LedgerEntry._meta.db_table)

    with pytest.raises(DatabaseError, match="append-only"), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(statement)

    assert paid.ledger.get().amount == paid.amount


def test_a_payment_with_facts_cannot_be_deleted(paid: Payment) -> None:
    with pytest.raises(ProtectedError):
        paid.delete()


def test_a_known_fact_changes_nothing(paid: Payment) -> None:
    audited = AuditLog.objects.count()

    is_new = settle(hold_payment(paid.pk), [Fact(Kind.CAPTURED, paid.amount)], by=SYSTEM)

    assert not is_new
    assert (paid.ledger.count(), AuditLog.objects.count()) == (1, audited)


def test_a_move_that_no_table_knows_is_kept_from_happening_and_shown(payment: Payment) -> None:
    Payment.objects.update(status="succeeded")  # by a hand that wrote no fact

    settle(hold_payment(payment.pk), [Fact(Kind.CANCELED)], by=SYSTEM)

    payment.refresh_from_db()
    assert (payment.status, payment.flag_reason) == ("succeeded", "ledger")
    assert payment.ledger.get().kind == "canceled"


def test_every_new_fact_is_audited_with_its_amount(paid: Payment) -> None:
    deliver(refund_event(paid, 1000))
    deliver(refund_event(paid, 500))

    logs = AuditLog.objects.filter(resource_id=paid.pk, action="update").order_by("timestamp")
    assert [log.details["event"].rpartition(".")[2] for log in logs] == ["succeeded", "partially_refunded", "noted"]
    assert [log.details["facts"] for log in logs][1:] == [["refunded 10.00"], ["refunded 5.00"]]


# --- check_ledger ---------------------------------------------------------------------------------------------------
def test_what_the_ledger_says_is_found_right(paid: Payment, capsys: pytest.CaptureFixture[str]) -> None:
    call_command("check_ledger")

    assert capsys.readouterr().out == "Every payment is what its ledger says.\n"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"status": "refunded"}, "status is refunded, and succeeded follows"),
        ({"amount_refunded": 5}, "amount_refunded is 5.000, and 0 follows"),
        ({"amount_disputed": 5}, "amount_disputed is 5.000, and 0 follows"),
    ],
)
def test_a_payment_that_says_otherwise_is_named(
    paid: Payment, capsys: pytest.CaptureFixture[str], changes: dict[str, object], line: str
) -> None:
    Payment.objects.update(**changes)

    with pytest.raises(CommandError, match="1 difference"):
        call_command("check_ledger")

    assert f"{paid.pk}: {line}" in capsys.readouterr().out


def test_access_that_is_not_paid_for_is_named(paid: Payment, capsys: pytest.CaptureFixture[str]) -> None:
    EnrollmentGrant.objects.update(reference="0190b5a0-0000-7000-8000-000000000000")

    with pytest.raises(CommandError):
        call_command("check_ledger")

    assert "access is False, and True follows" in capsys.readouterr().out


def test_checking_changes_nothing(paid: Payment) -> None:
    Payment.objects.update(amount_refunded=5)

    with pytest.raises(CommandError):
        call_command("check_ledger")

    assert state_of(paid) == PAID
