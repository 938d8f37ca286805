"""Issuing documents: numbered without a gap, in the transaction of the fact that they are about."""

from decimal import Decimal

from django.conf import settings
from django.db.models import F
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from payments.ledger import Fact
from payments.models import Document, DocumentYear, Payment
from payments.papers import DocumentKind, Due, Key, documents_due
from payments.taxes import tax_in, tax_taken_back


def issue_documents(held: Payment, known: dict[Key, Fact], *, by: Actor) -> list[Document]:
    """Issue the documents that follow from the facts of a payment and that it does not have; return the new ones.

    The caller holds the payment, so none is issued twice, and its transaction is the one that records the facts: a fact
    stands exactly when its document does. The lock on the year's numbers comes after all others and is kept until the
    commit.
    """
    if held.status not in Payment.ARRIVED:
        return []
    issued = {(document.kind, document.reference): document for document in held.documents.all()}
    new: list[Document] = []
    for due in documents_due(known, issued.keys()):
        document = _issue(held, due, issued, by=by)
        issued[document.kind, document.reference] = document
        new.append(document)
    return new


def take_number(kind: DocumentKind, year: int) -> int:
    """Return the next number of a kind in a year; it is given back when the caller's transaction is rolled back.

    Raising the number locks its row until that transaction ends, so the next one who needs a number waits and reads
    what became of it: no number is given twice, and none is left out.
    """
    DocumentYear.objects.get_or_create(year=year)
    DocumentYear.objects.filter(year=year).update(**{kind.value: F(kind.value) + 1})
    number: int = DocumentYear.objects.values_list(kind.value, flat=True).get(year=year)
    return number


def _issue(held: Payment, due: Due, issued: dict[Key, Document], *, by: Actor) -> Document:
    now = timezone.now()
    refers_to = _referred_to(due, issued)
    document = Document.objects.create(
        payment=held,
        kind=due.kind,
        reference=due.reference,
        refers_to=refers_to,
        year=now.year,
        number=take_number(due.kind, now.year),
        issued_at=now,
        subject=held.course_title or held.description or "Payment",
        currency=held.currency,
        gross=due.amount,
        tax=_tax(held, due, refers_to, issued),
        tax_rate=refers_to.tax_rate if refers_to else settings.TAX_RATE,
        tax_name=refers_to.tax_name if refers_to else settings.TAX_NAME,
        buyer_name=held.user.full_name,
        **{f"seller_{name}": text for name, text in settings.SELLER.items()},
    )
    details: dict[str, object] = {"number": document.number_text, "payment": held.pk, "amount": document.gross_text}
    record("create", f"payments.{due.kind}.issued", by=by, on=document, details=details)
    return document


def _referred_to(due: Due, issued: dict[Key, Document]) -> Document | None:
    """Return the document that this one is about: the receipt, or the credit note that it takes back."""
    if due.kind == DocumentKind.CORRECTION:
        return issued[DocumentKind.CREDIT_NOTE, due.reference]
    return issued.get((DocumentKind.RECEIPT, "")) if due.kind == DocumentKind.CREDIT_NOTE else None


def _tax(held: Payment, due: Due, refers_to: Document | None, issued: dict[Key, Document]) -> Decimal:
    if refers_to is None:
        return tax_in(due.amount, settings.TAX_RATE, held.currency)
    if due.kind == DocumentKind.CORRECTION:
        return refers_to.tax
    went_back = [document for document in issued.values() if document.kind != DocumentKind.RECEIPT]
    return tax_taken_back(
        due.amount,
        refers_to.tax_rate,
        held.currency,
        gross_before=-sum((document.counts * document.gross for document in went_back), Decimal(0)),
        tax_before=-sum((document.counts * document.tax for document in went_back), Decimal(0)),
        tax_of_all=refers_to.tax,
    )
