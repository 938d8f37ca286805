"""Receipts, credit notes and corrections: which are issued when, and what they say."""

from datetime import UTC, datetime
from decimal import Decimal
from itertools import permutations

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, transaction
from django.utils import timezone
from pytest_django import Settings

from courses.models import Course
from payments.models import Document, DocumentYear, Payment
from tests.conftest import make_user
from tests.payments.conftest import (
    Json,
    deliver,
    dispute_event,
    intent_event,
    mails_to,
    make_payment,
    payment_for_a_place,
    refund_event,
)
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db
YEAR = timezone.now().year


@pytest.fixture
def paid(payment: Payment) -> Payment:
    """A payment of 99.99 usd whose money arrived."""
    deliver(intent_event(payment))
    payment.refresh_from_db()
    return payment


def written(payment: Payment | None = None) -> list[tuple[str, str]]:
    """Return the documents, of one payment or of all, in order: the kind and the amount."""
    documents = Document.objects.filter(payment=payment) if payment else Document.objects.all()
    return [(document.kind, document.gross_text) for document in documents]


# --- When -------------------------------------------------------------------------------------------------------
def test_before_the_money_there_is_none(payment: Payment) -> None:
    for kind in ("requires_action", "processing", "payment_failed", "canceled"):
        deliver(intent_event(payment, kind))

    assert written() == []
    assert not DocumentYear.objects.exists()


def test_money_that_arrived_has_one_receipt_however_often_it_is_told(payment: Payment) -> None:
    for _ in range(3):
        deliver(intent_event(payment))

    assert written() == [("receipt", "99.99")]


def test_each_refund_has_a_credit_note_that_names_the_receipt(paid: Payment) -> None:
    deliver(refund_event(paid, 1000))
    deliver(refund_event(paid, 8999, "pending"))

    assert written() == [("receipt", "99.99"), ("credit_note", "10.00"), ("credit_note", "89.99")]
    receipt, *notes = Document.objects.all()
    assert [note.refers_to for note in notes] == [receipt, receipt]
    assert [note.number_text for note in notes] == [f"CN-{YEAR}-000001", f"CN-{YEAR}-000002"]


def test_a_refund_that_fails_is_corrected_and_its_credit_note_stays_as_it_is(paid: Payment) -> None:
    made = refund_event(paid, 1000, id="re_1")
    deliver(made)
    before = Document.objects.filter(kind="credit_note").values().get()

    deliver(refund_event(paid, 1000, "failed", id="re_1"))

    assert written() == [("receipt", "99.99"), ("credit_note", "10.00"), ("correction", "10.00")]
    assert Document.objects.filter(kind="credit_note").values().get() == before
    correction = Document.objects.get(kind="correction")
    assert (correction.refers_to_id, correction.reference, correction.tax) == (
        before["id"],
        before["reference"],
        before["tax"],
    )


def test_a_refund_that_failed_before_anybody_told_of_it_has_no_document(paid: Payment) -> None:
    deliver(refund_event(paid, 1000, "failed"))

    assert written() == [("receipt", "99.99")]


def test_a_dispute_has_a_credit_note_once_it_is_lost(paid: Payment) -> None:
    for status, documents in (("needs_response", 1), ("lost", 2)):
        deliver(dispute_event(paid, 9999, status, id="dp_1"))
        assert Document.objects.count() == documents

    assert written()[1:] == [("credit_note", "99.99")]


def test_a_dispute_that_is_won_has_none(paid: Payment) -> None:
    for status in ("needs_response", "won"):
        deliver(dispute_event(paid, 9999, status, id="dp_1"))

    assert written() == [("receipt", "99.99")]


def test_money_that_came_too_late_for_a_seat_is_written_down_too(student: User, course: Course, webhook: None) -> None:
    late = payment_for_a_place(student, course)
    Course.objects.update(capacity=1)
    course.enrollments.create(user=make_user("faster@example.com"), status="active").grants.create(kind="free")
    course.enrollments.filter(user=student).update(seat_held_until=timezone.now())

    deliver(intent_event(late))

    assert written() == [("receipt", "99.99")]
    assert mails_to(student.email) == ["Your place was gone, and your money comes back"]
    assert f"Receipt R-{YEAR}-000001" in OutgoingMail.objects.get(recipient=student.email).text


HISTORY = ("paid", "refunded", "failed", "lost")


@pytest.mark.parametrize("order", list(permutations(HISTORY)))
def test_in_every_order_they_add_up_to_what_was_kept(payment: Payment, order: tuple[str, ...]) -> None:
    told: dict[str, Json] = {
        "paid": intent_event(payment),
        "refunded": refund_event(payment, 1000, id="re_1"),
        "failed": refund_event(payment, 1000, "failed", id="re_1"),
        "lost": dispute_event(payment, 5000, "lost"),
    }

    for name in order:
        deliver(told[name])

    signed = sum(document.counts * document.gross for document in payment.documents.all())
    assert signed == Decimal("49.99")
    assert [kind for kind, _ in written()].count("receipt") == 1
    call_command("check_ledger")


# --- What they say ----------------------------------------------------------------------------------------------
def test_seller_and_tax_are_those_of_the_day(payment: Payment, settings: Settings) -> None:
    settings.SELLER = {"name": "Titan School Ltd", "address": "1 High Street, Leeds", "tax_id": "GB123456789"}
    settings.TAX_RATE, settings.TAX_NAME = Decimal(20), "VAT"
    deliver(intent_event(payment))
    settings.SELLER = {"name": "Another Ltd", "address": "", "tax_id": ""}
    settings.TAX_RATE = Decimal(7)
    User.objects.update(first_name="Renamed")

    deliver(refund_event(payment, 3333))

    receipt, note = Document.objects.all()
    assert (receipt.seller_name, receipt.seller_address, receipt.seller_tax_id) == (
        "Titan School Ltd",
        "1 High Street, Leeds",
        "GB123456789",
    )
    assert (receipt.buyer_name, receipt.subject) == ("Ada Student", "Django")
    assert receipt.lines == [("Paid", "99.99 USD"), ("Included VAT 20 %", "16.67 USD"), ("Net", "83.32 USD")]
    assert (note.seller_name, note.tax_rate_text, note.tax_text) == ("Another Ltd", "20", "5.56")


def test_a_price_that_goes_back_in_parts_takes_its_whole_tax_along(payment: Payment, settings: Settings) -> None:
    settings.TAX_RATE = Decimal(20)
    deliver(intent_event(payment))
    for _ in range(3):
        deliver(refund_event(payment, 3333))

    receipt, *notes = Document.objects.all()
    assert sum(note.tax for note in notes) == receipt.tax == Decimal("16.67")


@pytest.mark.parametrize("rate", [7, 19, 20])
def test_a_bank_that_takes_what_was_refunded_takes_no_tax_twice(
    payment: Payment, settings: Settings, rate: int
) -> None:
    settings.TAX_RATE = Decimal(rate)
    deliver(intent_event(payment))
    deliver(refund_event(payment, 5000))
    deliver(dispute_event(payment, 9999, "lost"))

    receipt, *notes = Document.objects.all()
    assert [note.gross_text for note in notes] == ["50.00", "99.99"]
    assert sum(note.tax for note in notes) == receipt.tax
    call_command("check_ledger")


def test_without_a_tax_the_amount_stands_alone(paid: Payment) -> None:
    assert Document.objects.get().lines == [("Paid", "99.99 USD")]


@pytest.mark.parametrize(
    ("currency", "amounts"),
    [("jpy", ["4990", "454", "4536"]), ("kwd", ["1.250", "0.114", "1.136"]), ("eur", ["49.90", "4.54", "45.36"])],
)
def test_amounts_have_the_digits_of_their_currency(
    student: User, webhook: None, settings: Settings, currency: str, amounts: list[str]
) -> None:
    settings.TAX_RATE = Decimal(10)
    deliver(intent_event(make_payment(student, amount=amounts[0], currency=currency)))

    receipt = Document.objects.get()
    assert [receipt.gross_text, receipt.tax_text, receipt.net_text] == amounts


def test_what_opens_nothing_is_called_as_its_buyer_called_it(student: User, webhook: None) -> None:
    deliver(intent_event(make_payment(student, description="A book")))
    deliver(intent_event(make_payment(student)))

    assert [document.subject for document in Document.objects.all()] == ["A book", "Payment"]


# --- Numbers ----------------------------------------------------------------------------------------------------
def test_each_kind_and_each_year_counts_from_one(student: User, webhook: None, monkeypatch: pytest.MonkeyPatch) -> None:
    first, second = (make_payment(student) for _ in range(2))
    for payment in (first, second):
        deliver(intent_event(payment))
        deliver(refund_event(payment, 100))
    monkeypatch.setattr(timezone, "now", lambda: datetime(2031, 1, 1, tzinfo=UTC))
    deliver(intent_event(make_payment(student)))

    assert [document.number_text for document in Document.objects.order_by("issued_at", "id")] == [
        f"R-{YEAR}-000001",
        f"CN-{YEAR}-000001",
        f"R-{YEAR}-000002",
        f"CN-{YEAR}-000002",
        "R-2031-000001",
    ]


def test_nobody_changes_or_deletes_a_document(paid: Payment) -> None:
    documents = Document.objects.all()

    for change in (lambda: documents.update(gross=1), documents.delete, lambda: documents.update(number=2)):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()

    assert written() == [("receipt", "99.99")]


def test_a_gap_is_found(paid: Payment, capsys: pytest.CaptureFixture[str]) -> None:
    DocumentYear.objects.update(receipt=2)

    with pytest.raises(CommandError):
        call_command("check_ledger")

    assert f"receipt {YEAR}: 2 numbers given out, 1 documents up to number 1" in capsys.readouterr().out


def test_documents_that_do_not_add_up_are_found(paid: Payment, capsys: pytest.CaptureFixture[str]) -> None:
    receipt = Document.objects.values().get()
    forged = {**receipt, "id": paid.pk, "kind": "credit_note", "reference": "re_never", "refers_to_id": receipt["id"]}
    Document.objects.create(**forged)
    DocumentYear.objects.update(credit_note=1)

    with pytest.raises(CommandError):
        call_command("check_ledger")

    assert "documents is 0.000, and 99.990 follows from the ledger" in capsys.readouterr().out


# --- Mails ------------------------------------------------------------------------------------------------------
def test_each_document_is_mailed_once_with_the_mail_about_its_money(paid: Payment, student: User) -> None:
    deliver(refund_event(paid, 1000, id="re_1"))
    deliver(refund_event(paid, 1000, "failed", id="re_1"))
    deliver(dispute_event(paid, 9999, "lost"))

    assert mails_to(student.email) == [
        "We received your payment",
        "Your money is on its way back",
        f"Correction CO-{YEAR}-000001",
        f"Credit note CN-{YEAR}-000002",
    ]
    texts = "\n".join(OutgoingMail.objects.filter(recipient=student.email).values_list("text", flat=True))
    for document in Document.objects.all():
        assert texts.count(f"{document.get_kind_display()} {document.number_text}\n") == 1
    assert set(paid.mails.values_list("subject", flat=True)) >= set(mails_to(student.email))


def test_the_mail_says_all_that_the_receipt_says(payment: Payment, student: User, settings: Settings) -> None:
    settings.SELLER = {"name": "Titan & Söhne", "address": "Gasse 1, Wien", "tax_id": "ATU1"}
    settings.TAX_RATE = Decimal(20)
    deliver(intent_event(payment))

    text = OutgoingMail.objects.get(recipient=student.email).text
    for line in (
        f"Receipt R-{YEAR}-000001",
        "For: Django",
        "Paid: 99.99 USD",
        "Included VAT 20 %: 16.67 USD",
        "Net: 83.32 USD",
        "Buyer: Ada Student",
        "Seller: Titan & Söhne, Gasse 1, Wien, Tax number ATU1",
    ):
        assert f"{line}\n" in text


def test_a_credit_note_that_waited_for_the_money_goes_with_the_mail_about_it(payment: Payment, student: User) -> None:
    deliver(refund_event(payment, 1000))
    deliver(intent_event(payment))

    assert mails_to(student.email) == ["Your money is on its way back", "We received your payment"]
    text = OutgoingMail.objects.get(subject="We received your payment").text
    assert f"Receipt R-{YEAR}-000001" in text
    assert f"Credit note CN-{YEAR}-000001" in text
