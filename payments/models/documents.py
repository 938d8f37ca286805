"""Receipts, credit notes and corrections, and the numbers that they have."""

import re
from typing import ClassVar, Self

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from courses.money import price_text
from payments.models.payments import Payment
from payments.papers import DocumentKind
from titanobova.ids import uuid7

NUMBER = re.compile(r"(R|CN|CO)-([0-9]{4})-([0-9]{6,9})")


class DocumentYear(models.Model):
    """The last number of each kind of document in a year.

    It is raised in the transaction that issues the document, so a number that is not used after all is not missing:
    whoever comes next waits for that transaction. One row has all kinds, so that two who need both wait in no ring.
    """

    year = models.PositiveSmallIntegerField(primary_key=True)
    receipt = models.PositiveIntegerField(default=0)
    credit_note = models.PositiveIntegerField(default=0)
    correction = models.PositiveIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.year)


class DocumentQuerySet(models.QuerySet["Document"]):
    """Which documents."""

    def numbered(self, text: str) -> Self:
        """The document with this number, as it is printed: `R-2026-000001`."""
        found = NUMBER.fullmatch(text.strip().upper())
        if found is None:
            return self.none()
        kind = next(kind for kind, prefix in Document.PREFIXES.items() if prefix == found[1])
        return self.filter(kind=kind, year=int(found[2]), number=int(found[3]))


class Document(models.Model):
    """What the buyer is given in writing, as it was issued: all that it says is in its row, and stays so.

    Triggers of the database refuse to change or delete it (titanobova/append_only.py). Seller, tax rate and the buyer's
    name are those of the day; later changes of settings or profiles, and erasing the account, leave it as it is.
    """

    Kind = DocumentKind
    PREFIXES: ClassVar = {Kind.RECEIPT: "R", Kind.CREDIT_NOTE: "CN", Kind.CORRECTION: "CO"}
    TOTALS: ClassVar = {
        Kind.RECEIPT: "Paid",
        Kind.CREDIT_NOTE: "Given back",
        Kind.CORRECTION: "Not given back after all",
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="documents", db_index=False)
    kind = models.CharField(max_length=12, choices=DocumentKind.choices)
    reference = models.CharField(max_length=255, blank=True, help_text="The refund or dispute that it is about.")
    refers_to = models.ForeignKey("self", on_delete=models.PROTECT, null=True, blank=True, related_name="followers")
    year = models.PositiveSmallIntegerField()
    number = models.PositiveIntegerField()
    issued_at = models.DateTimeField(default=timezone.now)
    subject = models.CharField(max_length=500, help_text="What was paid for.")
    currency = models.CharField(max_length=3)
    gross = models.DecimalField(max_digits=12, decimal_places=3)
    tax = models.DecimalField(max_digits=12, decimal_places=3)
    tax_rate = models.DecimalField(max_digits=5, decimal_places=3, help_text="Percent; included in the price.")
    tax_name = models.CharField(max_length=40, blank=True)
    seller_name = models.CharField(max_length=200)
    seller_address = models.CharField(max_length=500, blank=True)
    seller_tax_id = models.CharField(max_length=100, blank=True)
    buyer_name = models.CharField(max_length=301, blank=True)

    objects = DocumentQuerySet.as_manager()

    class Meta:
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "year", "number"], name="a_document_number_is_given_once"),
            models.UniqueConstraint(fields=["payment", "kind", "reference"], name="a_document_is_issued_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="document_numbers_begin_with_one"),
            models.CheckConstraint(condition=Q(gross__gt=0), name="document_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(tax__gte=0, tax__lte=F("gross")), name="document_tax_is_a_part_of_its_amount"
            ),
            models.CheckConstraint(
                condition=Q(kind="receipt", refers_to=None) | (~Q(kind="receipt") & Q(refers_to__isnull=False)),
                name="all_documents_but_receipts_refer_to_one",
            ),
        ]

    def __str__(self) -> str:
        return self.number_text

    @property
    def number_text(self) -> str:
        """The number as it is printed: `R-2026-000001`."""
        return f"{self.PREFIXES[self.Kind(self.kind)]}-{self.year}-{self.number:06}"

    @property
    def counts(self) -> int:
        """Whether it adds to what the seller has got (1) or takes away from it (-1)."""
        return -1 if self.kind == self.Kind.CREDIT_NOTE else 1

    @property
    def seller(self) -> str:
        """Who sells, in one line."""
        tax_id = f"Tax number {self.seller_tax_id}" if self.seller_tax_id else ""
        return ", ".join(filter(None, [self.seller_name, self.seller_address, tax_id]))

    @property
    def statement(self) -> str:
        """What it says in a sentence."""
        other = self.refers_to.number_text if self.refers_to else ""
        return {
            self.Kind.RECEIPT: "We have received this amount. Thank you.",
            self.Kind.CREDIT_NOTE: f"Of receipt {other} this amount went back to you.",
            self.Kind.CORRECTION: f"Credit note {other} is void: its refund did not reach you.",
        }[self.Kind(self.kind)]

    @property
    def lines(self) -> list[tuple[str, str]]:
        """The amounts that it says, each with its name; without a tax the whole alone."""
        code, total = self.currency.upper(), self.TOTALS[self.Kind(self.kind)]
        whole = [(total, f"{self.gross_text} {code}")]
        if not self.tax_rate:
            return whole
        return [
            *whole,
            (f"Included {self.tax_name} {self.tax_rate_text} %", f"{self.tax_text} {code}"),
            ("Net", f"{self.net_text} {code}"),
        ]

    @property
    def gross_text(self) -> str:
        """The whole amount as people write it in its currency."""
        return price_text(self.gross, self.currency)

    @property
    def tax_text(self) -> str:
        """The tax in it."""
        return price_text(self.tax, self.currency)

    @property
    def net_text(self) -> str:
        """What is left without the tax."""
        return price_text(self.gross - self.tax, self.currency)

    @property
    def tax_rate_text(self) -> str:
        """The rate without needless zeros: `19`, `8.875`."""
        return f"{self.tax_rate.normalize():f}"
