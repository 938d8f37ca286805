"""What people are told of their money, and staff of money that a bank takes back."""

from collections.abc import Iterable, Sequence

from django.conf import settings

from courses.money import price_text
from payments.ledger import Fact, Kind
from payments.models import Dispute, Document, Payment
from payments.papers import DocumentKind
from titanobova.email import send_later
from titanobova.models import OutgoingMail
from users.erased import is_erased_email

Known = dict[tuple[str, str], Fact]


def tell_buyer(payment: Payment, new: Iterable[Fact], known: Known, documents: Sequence[Document]) -> None:
    """Mail the buyer about each of the `new` facts that they should hear of, and each of the new `documents`.

    `known` are all facts of the payment. A fact is new once, in the transaction that records it, and a document is
    issued once: so each mail is written once. A document goes with the mail about its money, or by itself.
    """
    if is_erased_email(payment.user.email):
        return
    enclosed = [document for document in documents if not _goes_by_itself(document, known)]
    mails = [mail for fact in new if (mail := _tell_of(payment, fact, known, enclosed))]
    for document in documents:
        if not mails or document not in enclosed:
            mails.append(_send_document(payment, document))
    payment.mails.add(*mails)


def tell_staff_of_dispute(dispute: Dispute) -> None:
    """Mail the staff that a bank asks about a payment or has taken it back, and until when they can answer."""
    page = f"{settings.PUBLIC_URL}/admin/payments/payment/{dispute.payment_id}/change/"
    mail = send_later(
        "payments_disputed",
        to=settings.SUPPORT_EMAIL,
        subject=f"A payment is disputed: {dispute.payment_id}",
        context={
            "dispute": dispute,
            "is_inquiry": dispute.status in Dispute.INQUIRIES,
            "is_open": dispute.status not in Dispute.CLOSED,
        },
        button=("See the payment", page) if settings.PUBLIC_URL else None,
    )
    dispute.payment.mails.add(mail)


def _goes_by_itself(document: Document, known: Known) -> bool:
    """Whether no other mail tells of its money: a bank has decided, or a refund came to nothing."""
    return document.kind == DocumentKind.CORRECTION or (Kind.DISPUTE_LOST, document.reference) in known


def _tell_of(payment: Payment, fact: Fact, known: Known, documents: Sequence[Document]) -> OutgoingMail | None:
    if fact.kind == Kind.CAPTURED:
        return _tell_of_capture(payment, known, documents)
    if fact.kind == Kind.REFUNDED and (Kind.REFUND_FAILED, fact.reference) not in known:
        return _tell_of_refund(payment, fact, documents)
    return None


def _tell_of_capture(payment: Payment, known: Known, documents: Sequence[Document]) -> OutgoingMail:
    is_lost = (Kind.SEAT_LOST, "") in known
    return send_later(
        "payments_seat_lost" if is_lost else "payments_succeeded",
        to=payment.user.email,
        subject="Your place was gone, and your money comes back" if is_lost else "We received your payment",
        context=_context(payment, documents),
    )


def _tell_of_refund(payment: Payment, fact: Fact, documents: Sequence[Document]) -> OutgoingMail:
    is_closed = payment.status == Payment.Status.REFUNDED and payment.enrollment_id is not None
    amount = price_text(fact.amount, payment.currency)
    return send_later(
        "payments_refunded",
        to=payment.user.email,
        subject="Your money is on its way back",
        context={**_context(payment, documents), "amount": amount, "is_closed": is_closed},
    )


def _send_document(payment: Payment, document: Document) -> OutgoingMail:
    return send_later(
        "payments_document",
        to=payment.user.email,
        subject=f"{document.get_kind_display()} {document.number_text}",
        context=_context(payment, [document]),
    )


def _context(payment: Payment, documents: Sequence[Document]) -> dict[str, object]:
    buyer = payment.user
    return {"payment": payment, "user": buyer, "first_name": buyer.first_name, "documents": documents}
