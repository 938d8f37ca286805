"""What the import remembers: its runs, and what became of every row of the old database."""

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from courses.models import Enrollment
from courses.money import price_text
from legacy_import.record import LEGACY_ID_LENGTH
from titanobova.ids import uuid7

BEFORE = "before:"  # begins the old ids of rows whose id the old site has given to something else since
OF_A_TITLE = "title:"  # begins the old ids of courses that were made of a title: no row of their own brought them


class ImportRun(models.Model):
    """One import, from start to finish; a dry run leaves none."""

    class Outcome(models.TextChoices):
        """How it ended. A run that was killed is marked as failed by the next one."""

        RUNNING = "running"
        FINISHED = "finished"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    source = models.CharField(max_length=500, help_text="the address of the old database, without its password")
    started_at = models.DateTimeField(default=timezone.now)
    finished_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.RUNNING)
    options = models.JSONField(default=dict)
    report = models.JSONField(default=dict)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["outcome"], condition=Q(outcome="running"), name="one_import_runs_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.started_at:%Y-%m-%d %H:%M:%S} {self.outcome}"


class ImportedRecord(models.Model):
    """What an old row became: old id to ours by `kind` and `legacy_id`, and back by `object_id`.

    `checksum` is that of the row as it was read: the same again means that there is nothing to do. `written` is that of
    what we stored: another one means that somebody changed the object here since, and their change stays.

    There are as many of these as rows, so each column and index counts: the run says when it came, a run is looked up
    by hand, and runs are never deleted.
    """

    kind = models.CharField(max_length=20)
    legacy_id = models.CharField(max_length=LEGACY_ID_LENGTH)
    object_id = models.UUIDField(help_text="the id of what it became here")
    is_merged = models.BooleanField(default=False, help_text="the object was there already, or came of another row")
    checksum = models.BigIntegerField()
    written = models.BigIntegerField()
    run = models.ForeignKey(
        ImportRun,
        on_delete=models.PROTECT,
        related_name="records",
        db_index=False,
        db_constraint=False,
        help_text="the run that brought it first",
    )

    class Meta:
        ordering = ["-id"]
        constraints = [
            # Compared byte by byte, which PostgreSQL does faster than by the rules of a language.
            models.UniqueConstraint(
                fields=["kind", "legacy_id"], name="one_record_per_legacy_row", opclasses=("varchar_pattern_ops",) * 2
            ),
        ]
        indexes = [models.Index(fields=["object_id"], name="imported_records_by_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.legacy_id}"


class OldPayment(models.Model):
    """Money that the old site took, as it knew it: to be seen, never to be charged, refunded or reconciled.

    It is no Payment on purpose (docs/decisions/0014): nothing that talks to Stripe can come upon it.
    """

    class Status(models.TextChoices):
        """What the old site said."""

        CREATED = "created"
        FAILED = "failed"
        CANCELED = "canceled"
        SUCCEEDED = "succeeded"
        PARTIALLY_REFUNDED = "partially_refunded"
        REFUNDED = "refunded"
        DISPUTED = "disputed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="old_payments"
    )
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.SET_NULL, null=True, blank=True, related_name="old_payments"
    )
    email = models.EmailField(max_length=254, blank=True)
    course_title = models.CharField(max_length=255, blank=True)
    amount = models.DecimalField(max_digits=12, decimal_places=3)
    refunded_amount = models.DecimalField(max_digits=12, decimal_places=3, default=0)
    currency = models.CharField(max_length=3)
    status = models.CharField(max_length=20, choices=Status.choices)
    intent_id = models.CharField(max_length=255, blank=True, help_text="What Stripe called it.")
    reference = models.CharField(max_length=255, blank=True, help_text="What somebody else than Stripe called it.")
    description = models.CharField(max_length=500, blank=True)
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(condition=Q(amount__gt=0), name="old_payment_amount_is_positive"),
            models.CheckConstraint(
                condition=Q(refunded_amount__gte=0, refunded_amount__lte=F("amount")),
                name="no_more_of_an_old_payment_went_back_than_came",
            ),
        ]
        indexes = [models.Index(fields=["status", "-id"], name="old_payments_by_status")]

    def __str__(self) -> str:
        return f"{self.amount_text} {self.currency}: {self.status}"

    @property
    def amount_text(self) -> str:
        """The amount as people write it in its currency."""
        return price_text(self.amount, self.currency)


class ErasedAddress(models.Model):
    """An address whose person was erased here: no later import brings them back. The address itself is not kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "erased addresses"

    def __str__(self) -> str:
        return self.digest[:12]
