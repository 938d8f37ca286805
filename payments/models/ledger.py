"""The ledger."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from payments import ledger
from payments.models.payments import Payment
from titanobova.ids import uuid7


class LedgerEntry(models.Model):
    """A fact about a payment: recorded once, however often it is told, and neither changed nor deleted afterwards.

    Triggers of the database refuse both (titanobova/append_only.py), whoever asks.
    """

    Kind = ledger.Kind

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="ledger", db_index=False)
    kind = models.CharField(max_length=20, choices=ledger.Kind.choices)
    reference = models.CharField(max_length=255, blank=True, help_text="The decline, refund or dispute.")
    amount = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    stripe_event = models.CharField(max_length=255, blank=True, help_text="What told it; empty if we asked or did it.")
    recorded_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "ledger entries"
        ordering = ["id"]
        constraints = [
            models.UniqueConstraint(fields=["payment", "kind", "reference"], name="a_fact_is_recorded_once"),
            models.CheckConstraint(condition=Q(amount__gte=0), name="ledger_amount_is_not_negative"),
        ]
        indexes = [
            models.Index(fields=["recorded_at"], condition=Q(kind="failed"), name="declines_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}".strip()

    @property
    def fact(self) -> ledger.Fact:
        """What it says."""
        return ledger.Fact(self.kind, self.amount, self.reference)
