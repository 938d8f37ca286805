"""Documents are numbered without a gap and without a double, however many are issued at the same moment."""

import threading

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import Settings

from payments.models import Document, DocumentYear, Payment
from payments.papers import DocumentKind
from payments.services import issuing
from payments.services.issuing import take_number
from tests.conftest import RunTogether, make_user
from tests.payments.conftest import SECRET, deliver, intent_event, make_payment, refund_event

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
YEAR = timezone.now().year


@pytest.fixture(autouse=True)
def _events_come(settings: Settings) -> None:
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = [SECRET], "sk_test_nobody_listens"


def paying(number: int) -> list[Payment]:
    """Make payments that are about to be paid, each of its own buyer."""
    return [make_payment(make_user(f"buyer-{one}@example.com")) for one in range(number)]


def numbers(kind: str) -> list[int]:
    return list(Document.objects.filter(kind=kind).order_by("number").values_list("number", flat=True))


def test_payments_that_arrive_at_once_have_receipts_without_a_gap(run_together: RunTogether) -> None:
    told = [intent_event(payment) for payment in paying(THREADS)]

    answers = run_together(THREADS, lambda number: deliver(told[number]).status_code)

    assert answers == [200] * THREADS
    assert numbers("receipt") == list(range(1, THREADS + 1))


def test_all_kinds_at_once_wait_for_each_other_in_no_ring(run_together: RunTogether) -> None:
    payments = paying(THREADS // 2)
    for payment in payments:
        deliver(intent_event(payment))
        deliver(refund_event(payment, 100, id=f"re_{payment.pk.hex}"))
    failed = [refund_event(payment, 100, "failed", id=f"re_{payment.pk.hex}") for payment in payments]
    told = failed + [refund_event(payment, 200) for payment in payments]

    answers = run_together(THREADS, lambda number: deliver(told[number]).status_code)

    assert answers == [200] * THREADS
    half = THREADS // 2
    assert [numbers(kind) for kind in DocumentKind] == [
        list(range(1, half + 1)),
        list(range(1, THREADS + 1)),
        list(range(1, half + 1)),
    ]


def test_one_payment_told_by_many_deliveries_has_one_receipt(run_together: RunTogether) -> None:
    told = intent_event(paying(1)[0])
    different = [{**told, "id": f"evt_{number}"} for number in range(THREADS)]

    answers = run_together(THREADS, lambda number: deliver(different[number]).status_code)

    assert (answers, numbers("receipt")) == ([200] * THREADS, [1])


def test_a_number_that_is_rolled_back_goes_to_the_next(run_together: RunTogether) -> None:
    """Every other transaction fails after it has taken its number; what is left is numbered as if it had never been."""
    taken: list[int] = []

    def take(number: int) -> None:
        with transaction.atomic():
            mine = take_number(DocumentKind.RECEIPT, YEAR)
            if number % 2:
                transaction.set_rollback(True)
                return
        taken.append(mine)

    outcomes = run_together(THREADS, take)

    assert outcomes == [None] * THREADS
    assert sorted(taken) == list(range(1, THREADS // 2 + 1))
    assert DocumentYear.objects.get().receipt == THREADS // 2


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_a_number_read_before_it_is_raised_is_given_twice(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        threads = 4
        told = [intent_event(payment) for payment in paying(threads)]
        DocumentYear.objects.create(year=YEAR)
        everyone_has_read = threading.Barrier(threads, timeout=30)

        def read_then_write(kind: DocumentKind, year: int) -> int:
            row = DocumentYear.objects.get(year=year)
            everyone_has_read.wait()
            row.receipt += 1
            row.save()
            return row.receipt

        monkeypatch.setattr(issuing, "take_number", read_then_write)
        outcomes = run_together(threads, lambda number: deliver(told[number]))

        # What keeps the numbers apart then is the constraint alone: all but one payment stay unrecorded. (Django's test
        # client hears of exceptions in other threads too, so who raised one is not told by the outcomes.)
        assert IntegrityError in map(type, outcomes)
        assert list(Payment.objects.filter(status="succeeded").values_list("documents__number", flat=True)) == [1]

    def test_control_a_number_taken_outside_the_transaction_leaves_gaps(run_together: RunTogether) -> None:
        taken: list[int] = []

        def take(number: int) -> None:
            mine = take_number(DocumentKind.RECEIPT, YEAR)  # commits by itself
            with transaction.atomic():
                if number % 2:
                    transaction.set_rollback(True)
                    return
            taken.append(mine)

        run_together(4, take)

        assert len(taken) == 2
        assert DocumentYear.objects.get().receipt == 4
