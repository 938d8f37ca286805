"""Money that goes back: refunds, which we ask for, and disputes, which banks open."""

from datetime import datetime, timedelta
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from courses.money import price_text
from payments.models.payments import Payment
from titanobova.ids import uuid7

OWN_TRY = timedelta(minutes=1)  # for which whoever asked for a refund carries it out


class RefundQuerySet(models.QuerySet["Refund"]):
    """Which refunds."""

    def standing(self) -> Self:
        """Refunds whose money is gone or going: it is not there for another one."""
        return self.exclude(status__in=Refund.CAME_TO_NOTHING)

    def waiting(self, now: datetime) -> Self:
        """Refunds that nobody has carried out: automatic ones, and those whose request to Stripe came to no end."""
        due = Q(requested_by__isnull=True) | Q(created_at__lt=now - OWN_TRY)
        return self.filter(due, status=Refund.Status.REQUESTED)


class Refund(models.Model):
    """Money that goes back to the buyer: our request, and then what Stripe says of it.

    Its id is the idempotency key of the request, and stands in the metadata at Stripe. A refund that was made in
    Stripe's dashboard becomes a row when its event comes.
    """

    class Status(models.TextChoices):
        """How far it is; it never goes back. A refund that succeeded may still fail days later."""

        REQUESTED = "requested"
        PENDING = "pending"
        SUCCEEDED = "succeeded"
        FAILED = "failed"
        CANCELED = "canceled"

    CAME_TO_NOTHING: ClassVar = (Status.FAILED, Status.CANCELED)
    ORDER: ClassVar = {
        Status.REQUESTED: 0,
        Status.PENDING: 1,
        Status.SUCCEEDED: 2,
        Status.CANCELED: 3,
        Status.FAILED: 4,
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="refunds")
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    reason = models.CharField(max_length=200, blank=True)
    requested_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="requested_refunds",
        help_text="Empty when it was automatic or made at Stripe.",
    )
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.REQUESTED)
    stripe_id = models.CharField(max_length=255, blank=True, help_text="Empty until Stripe has answered.")
    failure_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = RefundQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="refund_amount_is_positive"),
            models.UniqueConstraint(fields=["stripe_id"], condition=~Q(stripe_id=""), name="one_refund_per_stripe_id"),
        ]
        indexes = [
            models.Index(fields=["id"], condition=Q(status="requested"), name="requested_refunds"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_text} of {self.payment_id}: {self.status}"

    @property
    def amount_text(self) -> str:
        """The amount as people write it in its currency."""
        return price_text(self.amount, self.payment.currency)

    def may_become(self, status: str) -> bool:
        """Whether that is further on; what we concluded ourselves, without an answer, gives way to Stripe's word."""
        return not self.stripe_id or self.ORDER[self.Status(status)] > self.ORDER[self.Status(self.status)]


class Dispute(models.Model):
    """A bank that takes a payment back on behalf of the buyer, or first inquires; we see what Stripe says of it."""

    class Status(models.TextChoices):
        """How far it is, as Stripe names it (https://docs.stripe.com/api/disputes/object)."""

        WARNING_NEEDS_RESPONSE = "warning_needs_response", "inquiry, needs a response"
        WARNING_UNDER_REVIEW = "warning_under_review", "inquiry, under review"
        WARNING_CLOSED = "warning_closed", "inquiry, closed"
        PREVENTED = "prevented"
        NEEDS_RESPONSE = "needs_response"
        UNDER_REVIEW = "under_review"
        WON = "won"
        LOST = "lost"

    INQUIRIES: ClassVar = (
        Status.WARNING_NEEDS_RESPONSE,
        Status.WARNING_UNDER_REVIEW,
        Status.WARNING_CLOSED,
        Status.PREVENTED,
    )
    CLOSED: ClassVar = (Status.WARNING_CLOSED, Status.PREVENTED, Status.WON, Status.LOST)

    id = models.CharField(primary_key=True, max_length=255, editable=False)
    payment = models.ForeignKey(Payment, on_delete=models.PROTECT, related_name="disputes")
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    currency = models.CharField(max_length=3)
    reason = models.CharField(max_length=100, blank=True)
    status = models.CharField(max_length=25, choices=Status.choices)
    evidence_due_at = models.DateTimeField(null=True, blank=True)
    opened_at = models.DateTimeField()
    closed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="dispute_amount_is_positive"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_text} {self.currency}: {self.status}"

    @property
    def amount_text(self) -> str:
        """The amount as people write it in its currency."""
        return price_text(self.amount, self.currency)

    def may_become(self, status: str) -> bool:
        """Whether that is further on; an inquiry may turn into a dispute, and nothing goes back."""
        order = list(self.Status.values)
        return order.index(status) > order.index(self.status)
