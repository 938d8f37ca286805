"""Finding documents for those who may see them."""

from uuid import UUID

from payments.models import Document, Payment
from payments.papers import DocumentKind
from titanobova.errors import DomainError
from users.models import User


class NoReceipt(DomainError):
    """There is nothing to show before the money arrives."""

    code, status, message = "no_receipt", 404, "This payment has no receipt, for its money has not arrived."


class UnknownDocument(DomainError):
    """This person has no such document: another person's answers like one that never was."""

    code, status, message = "not_found", 404, "There is no such document."


def receipt_of(payment: Payment) -> Document:
    """Return the receipt of a payment.

    :raises NoReceipt: before the money arrives.
    """
    found = payment.documents.filter(kind=DocumentKind.RECEIPT).first()
    if found is None:
        raise NoReceipt
    return found


def find_document(person: User, document_id: UUID) -> Document:
    """Return a document that `person` may see: their own, and each for staff.

    :raises UnknownDocument: for any other.
    """
    documents = Document.objects.select_related("refers_to")
    visible = documents if person.is_staff else documents.filter(payment__user=person)
    found = visible.filter(pk=document_id).first()
    if found is None:
        raise UnknownDocument
    return found
