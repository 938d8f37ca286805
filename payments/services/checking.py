"""Checking that what is repeated for speed, and what was put in writing, says what the ledger says."""

from collections.abc import Iterable, Iterator
from decimal import Decimal
from itertools import islice

from django.db import transaction
from django.db.models import Count, Max

from courses.models import EnrollmentGrant
from payments.ledger import position_of
from payments.models import Document, DocumentYear, Payment
from payments.papers import DocumentKind
from payments.services.holding import hold_payment

BATCH = 500


def differences() -> Iterator[str]:
    """Yield a line for each thing about a payment that does not follow from its facts.

    All are read without locks; one that seems to differ may just be changing, so it is held and looked at again.
    """
    payments = Payment.objects.order_by("pk").prefetch_related("ledger", "documents").iterator(chunk_size=BATCH)
    while batch := list(islice(payments, BATCH)):
        granted = _granted(batch)
        for payment in batch:
            if any(_differences_of(payment, is_granted=str(payment.pk) in granted)):
                yield from _look_again(payment)


def missing_numbers() -> Iterator[str]:
    """Yield a line for each kind and year whose documents are not numbered from one up to the last one given out.

    A number is given out once (a constraint), so there is a gap exactly where there are fewer than the last one says.
    """
    found = Document.objects.order_by().values("kind", "year").annotate(count=Count("pk"), last=Max("number"))
    issued = {(row["kind"], row["year"]): (row["count"], row["last"]) for row in found}
    for year in DocumentYear.objects.all():
        for kind in DocumentKind:
            count, last = issued.pop((kind, year.year), (0, 0))
            given_out = getattr(year, kind)
            if not count == last == given_out:
                yield f"{kind} {year.year}: {given_out} numbers given out, {count} documents up to number {last}"
    for name, number_year in issued:
        yield f"{name} {number_year}: documents, of which no number was given out"


def _look_again(payment: Payment) -> list[str]:
    with transaction.atomic():
        held = hold_payment(payment.pk)
        return list(_differences_of(held, is_granted=bool(_granted([held]))))


def _differences_of(payment: Payment, *, is_granted: bool) -> Iterator[str]:
    position = position_of(entry.fact for entry in payment.ledger.all())
    pairs = {
        "status": (payment.status, str(position.status)),
        "amount_refunded": (payment.amount_refunded, position.refunded),
        "amount_disputed": (payment.amount_disputed, position.disputed),
        "documents": (_sum_of(payment), position.written),
        "access": (is_granted, position.opens_access and payment.enrollment_id is not None),
    }
    for name, (stored, follows) in pairs.items():
        if stored != follows:
            yield f"{payment.pk}: {name} is {stored}, and {follows} follows from the ledger"


def _sum_of(payment: Payment) -> Decimal:
    return sum((document.counts * document.gross for document in payment.documents.all()), Decimal(0))


def _granted(payments: Iterable[Payment]) -> set[str]:
    """Return the ids of those payments that hold an enrolment open."""
    grants = EnrollmentGrant.objects.standing().filter(kind=EnrollmentGrant.Kind.PAYMENT)
    return set(
        grants.filter(reference__in=[str(payment.pk) for payment in payments]).values_list("reference", flat=True)
    )
