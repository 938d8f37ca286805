"""Payments, and the events that Stripe sent."""

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact
from django.utils import timezone

from courses.models import Enrollment
from courses.money import price_text
from titanobova.ids import uuid7


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Which payments."""

    def open(self) -> Self:
        """Payments that may still be paid."""
        return self.filter(status__in=Payment.OPEN)

    def move(self, to: str) -> int:
        """Move the payments that may move to this status and return how many did; the others stay as they are.

        One conditional UPDATE: of any number of parallel calls exactly one counts a row.
        """
        sources = [status for status, targets in Payment.MOVES.items() if to in targets]
        return self.filter(status__in=sources).update(status=to, updated_at=timezone.now())


class Payment(models.Model):
    """An amount that a person pays, with or without an enrolment that it opens.

    The row stands before Stripe is asked, and its id is the idempotency key of that request: however often it is
    repeated, there is one intent. Stripe's client secret is handed to the buyer and kept nowhere.
    """

    class Status(models.TextChoices):
        """How far it is. `failed` means the last try was declined; the buyer may try again."""

        CREATED = "created"
        REQUIRES_ACTION = "requires_action"
        PROCESSING = "processing"
        FAILED = "failed"
        CANCELED = "canceled"
        SUCCEEDED = "succeeded"
        PARTIALLY_REFUNDED = "partially_refunded"
        REFUNDED = "refunded"
        DISPUTED = "disputed"

    OPEN: ClassVar = (Status.CREATED, Status.REQUIRES_ACTION, Status.PROCESSING, Status.FAILED)
    # From each status those that it may move to. Events arrive in any order, and the table knows no way back, so every
    # order ends in the same status. Money that arrived counts in the end, even after a cancellation.
    MOVES: ClassVar = {
        Status.CREATED: {
            Status.REQUIRES_ACTION,
            Status.PROCESSING,
            Status.FAILED,
            Status.CANCELED,
            Status.SUCCEEDED,
        },
        Status.REQUIRES_ACTION: {Status.PROCESSING, Status.FAILED, Status.CANCELED, Status.SUCCEEDED},
        Status.PROCESSING: {Status.FAILED, Status.CANCELED, Status.SUCCEEDED},
        Status.FAILED: {Status.CANCELED, Status.SUCCEEDED},
        Status.CANCELED: {Status.SUCCEEDED},
    }

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payments")
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    course_title = models.CharField(max_length=255, blank=True, help_text="As it was called when it was paid for.")
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=20, choices=Status.choices, default=Status.CREATED)
    intent_id = models.CharField(max_length=255, blank=True, help_text="Empty until Stripe has answered.")
    is_flagged = models.BooleanField(default=False, help_text="Somebody has to look at it.")
    flag_reason = models.CharField(max_length=200, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(Exact(Length("currency"), 3)) & Q(Exact(F("currency"), Lower("currency"))),
                name="payment_currency_is_three_small_letters",
            ),
            models.CheckConstraint(
                condition=Q(is_flagged=False, flag_reason="") | (Q(is_flagged=True) & ~Q(flag_reason="")),
                name="flagged_payment_has_a_reason",
            ),
            models.UniqueConstraint(fields=["intent_id"], condition=~Q(intent_id=""), name="one_payment_per_intent"),
            models.UniqueConstraint(
                fields=["enrollment"],
                condition=Q(status__in=["created", "requires_action", "processing", "failed"]),
                name="one_open_payment_per_enrollment",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="payments_by_user"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_text} {self.currency} by {self.user_id}: {self.status}"

    @property
    def amount_text(self) -> str:
        """The amount as people write it in its currency."""
        return price_text(self.amount, self.currency)

    @property
    def metadata(self) -> dict[str, str]:
        """What Stripe keeps beside the intent and sends back with every event of it."""
        known = {"payment_id": self.pk, "user_id": self.user_id, "enrollment_id": self.enrollment_id}
        return {name: str(value) for name, value in known.items() if value is not None}


class WebhookEvent(models.Model):
    """An event of Stripe, stored once: its id is the key, so a second delivery finds the row and changes nothing."""

    class Outcome(models.TextChoices):
        """What it did here."""

        APPLIED = "applied"
        UNCHANGED = "unchanged", "changed nothing any more"
        MISMATCH = "mismatch", "does not fit the payment"
        IGNORED = "ignored", "is none of our concern"

    id = models.CharField(primary_key=True, max_length=255, editable=False)
    type = models.CharField(max_length=100)
    payload = models.JSONField(help_text="As it came, without the client secret.")
    livemode = models.BooleanField()
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.IGNORED)
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-received_at"]
        indexes = [models.Index(fields=["-received_at"], name="webhook_events_by_time")]

    def __str__(self) -> str:
        return f"{self.type} ({self.id})"
