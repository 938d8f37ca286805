"""What the import remembers: its runs, and what became of every row of the old database."""

from django.db import models
from django.db.models import Q
from django.utils import timezone

from legacy_import.record import LEGACY_ID_LENGTH
from titanobova.ids import uuid7


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

    `checksum` is that of the row as it was mapped: the same again means that there is nothing to do. `written` is that
    of what we stored: another one means that somebody changed the object here since, and their change stays.
    """

    kind = models.CharField(max_length=20)
    legacy_id = models.CharField(max_length=LEGACY_ID_LENGTH)
    object_id = models.UUIDField(help_text="the id of what it became here")
    is_merged = models.BooleanField(default=False, help_text="the object was there already, or came of another row")
    checksum = models.CharField(max_length=32)
    written = models.CharField(max_length=32)
    run = models.ForeignKey(
        ImportRun, on_delete=models.PROTECT, related_name="records", help_text="the run that brought it first"
    )
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "legacy_id"], name="one_record_per_legacy_row"),
        ]
        indexes = [models.Index(fields=["object_id"], name="imported_records_by_object")]

    def __str__(self) -> str:
        return f"{self.kind} {self.legacy_id}"


class ErasedAddress(models.Model):
    """An address whose person was erased here: no later import brings them back. The address itself is not kept."""

    digest = models.CharField(max_length=64, primary_key=True)
    erased_at = models.DateTimeField(default=timezone.now)

    class Meta:
        verbose_name_plural = "erased addresses"

    def __str__(self) -> str:
        return self.digest[:12]
