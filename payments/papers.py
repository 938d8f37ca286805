"""Which documents follow from what is known of a payment: a receipt, credit notes, and what takes those back.

A document is never altered. One that turns out wrong, because a refund failed for which a credit note had been issued,
is followed by a correction that refers to it.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from decimal import Decimal

from django.db import models

from payments.ledger import Fact, Kind

Key = tuple[str, str]


class DocumentKind(models.TextChoices):
    """What a document says: money came, money went back, or a credit note is void for its refund has failed."""

    RECEIPT = "receipt", "Receipt"
    CREDIT_NOTE = "credit_note", "Credit note"
    CORRECTION = "correction", "Correction"


@dataclass(frozen=True)
class Due:
    """A document that is to be issued, about the fact with this reference."""

    kind: DocumentKind
    reference: str
    amount: Decimal

    @property
    def key(self) -> Key:
        """What makes it the same document, however often its fact is told."""
        return self.kind, self.reference


def documents_due(known: Mapping[Key, Fact], issued: Collection[Key]) -> list[Due]:
    """Return the documents that are missing, in the order in which they are to be issued.

    What went back is written down once it is known that the money had come. A refund of which the failure is known
    already needs none: nothing was claimed, so nothing is corrected. A dispute has a credit note once it is lost.
    """
    if (Kind.CAPTURED, "") not in known:
        return []
    wanted = [(_kind_for(fact, known, issued), fact) for fact in known.values()]
    due = [Due(kind, fact.reference, fact.amount) for kind, fact in wanted if kind is not None]
    return sorted((one for one in due if one.key not in issued), key=lambda one: list(DocumentKind).index(one.kind))


def _kind_for(fact: Fact, known: Mapping[Key, Fact], issued: Collection[Key]) -> DocumentKind | None:
    match fact.kind:
        case Kind.CAPTURED:
            return DocumentKind.RECEIPT
        case Kind.REFUNDED:
            return None if (Kind.REFUND_FAILED, fact.reference) in known else DocumentKind.CREDIT_NOTE
        case Kind.DISPUTE_LOST:
            return DocumentKind.CREDIT_NOTE
        case Kind.REFUND_FAILED:
            return DocumentKind.CORRECTION if (DocumentKind.CREDIT_NOTE, fact.reference) in issued else None
    return None
