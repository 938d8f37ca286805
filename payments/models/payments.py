"""Payments."""

from datetime import UTC, date, datetime, time
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Length, Lower
from django.db.models.lookups import Exact
from django.utils import timezone

from courses.models import Enrollment
from courses.money import price_text
from payments import states
from titanobova.ids import id_after, id_before, uuid7
from titanobova.models import OutgoingMail
from users.models import User


class PaymentQuerySet(models.QuerySet["Payment"]):
    """Which payments."""

    def visible_to(self, person: User) -> Self:
        """Every payment for staff, for anyone else their own."""
        return self if person.is_staff else self.filter(user=person)

    def open(self) -> Self:
        """Payments that may still be paid."""
        return self.filter(status__in=states.OPEN)

    def matching(
        self,
        *,
        is_flagged: bool | None = None,
        date_from: date | None = None,
        date_to: date | None = None,
        **exactly: object,
    ) -> Self:
        """Payments of this status and person, started between two days (UTC), both included."""
        found = self.filter(**exactly)
        if is_flagged is not None:
            found = found.filter(is_flagged=is_flagged)
        if date_from is not None:
            start = datetime.combine(date_from, time.min, UTC)
            found = found.filter(created_at__gte=start, pk__gte=id_before(start))
        if date_to is not None:
            end = datetime.combine(date_to, time.max, UTC)
            found = found.filter(created_at__lte=end, pk__lt=id_after(end))
        return found

    def arrived(self) -> Self:
        """Payments whose money arrived, whatever became of it."""
        return self.filter(status__in=states.ARRIVED)


class Payment(models.Model):
    """An amount that a person pays, with or without an enrolment that it opens.

    The row stands before Stripe is asked, and its id is the idempotency key of that request: however often it is
    repeated, there is one intent. Stripe's client secret is handed to the buyer and kept nowhere.

    What became of it is a set of facts (LedgerEntry). `status` and the two amounts repeat what follows from them
    (payments/ledger.py), for lists; payments/services/settling.py alone writes them, and `check_ledger` compares.
    """

    Status = states.Status
    OPEN: ClassVar = states.OPEN
    ARRIVED: ClassVar = states.ARRIVED

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="payments", db_index=False
    )
    enrollment = models.ForeignKey(Enrollment, on_delete=models.PROTECT, null=True, blank=True, related_name="payments")
    course_title = models.CharField(max_length=255, blank=True, help_text="As it was called when it was paid for.")
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    amount_refunded = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    amount_disputed = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    currency = models.CharField(max_length=3)
    description = models.CharField(max_length=500, blank=True)
    status = models.CharField(max_length=20, choices=states.Status.choices, default=states.Status.CREATED)
    intent_id = models.CharField(max_length=255, blank=True, help_text="Empty until Stripe has answered.")
    attempt = models.CharField(max_length=64, blank=True, help_text="Digest of the Idempotency-Key it was started by.")
    network_digest = models.CharField(max_length=64, blank=True, help_text="From where it was started.")
    is_flagged = models.BooleanField(default=False, help_text="Somebody has to look at it.")
    flag_reason = models.CharField(max_length=200, blank=True)
    sync_wanted_at = models.DateTimeField(null=True, blank=True, help_text="Since when Stripe is to be asked about it.")
    mails = models.ManyToManyField(OutgoingMail, related_name="+", blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = PaymentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(amount_refunded__gte=0, amount_disputed__gte=0), name="payment_amounts_are_not_negative"
            ),
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
            models.Index(fields=["status", "-id"], name="payments_by_status"),
            models.Index(fields=["-id"], condition=Q(is_flagged=True), name="flagged_payments"),
            models.Index(fields=["sync_wanted_at"], condition=Q(sync_wanted_at__isnull=False), name="payments_to_sync"),
            models.Index(fields=["network_digest"], condition=~Q(network_digest=""), name="payments_by_network"),
        ]

    def __str__(self) -> str:
        return f"{self.amount_text} {self.currency} by {self.user_id}: {self.status}"

    @property
    def amount_text(self) -> str:
        """The amount as people write it in its currency."""
        return price_text(self.amount, self.currency)

    @property
    def amount_refunded_text(self) -> str:
        """What went back, as people write it in its currency."""
        return price_text(self.amount_refunded, self.currency)

    @property
    def amount_disputed_text(self) -> str:
        """What a bank has taken, as people write it in its currency."""
        return price_text(self.amount_disputed, self.currency)

    @property
    def metadata(self) -> dict[str, str]:
        """What Stripe keeps beside the intent and sends back with every event of it."""
        known = {"payment_id": self.pk, "user_id": self.user_id, "enrollment_id": self.enrollment_id}
        return {name: str(value) for name, value in known.items() if value is not None}
