"""What proves a person once: backup codes and mailed links."""

from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.utils import timezone

from titanobova.ids import uuid7


class BackupCodeQuerySet(models.QuerySet["BackupCode"]):
    """Which backup codes."""

    def unused(self) -> Self:
        """Codes of a confirmed second factor that were not spent yet."""
        return self.filter(is_confirmed=True, used_at__isnull=True)


class BackupCode(models.Model):
    """A code for the day the phone is lost. Only a keyed digest is kept; the code itself is shown once."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="backup_codes", db_index=False
    )
    digest = models.CharField(max_length=64)
    is_confirmed = models.BooleanField(default=False)
    used_at = models.DateTimeField(null=True, blank=True)

    objects = BackupCodeQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="one_row_per_backup_code"),
        ]

    def __str__(self) -> str:
        return f"backup code of {self.user_id}"


class MailedLinkQuerySet(models.QuerySet["MailedLink"]):
    """Which links."""

    def open(self) -> Self:
        """Links that were neither used nor replaced, and are in time."""
        return self.filter(spent_at__isnull=True, expires_at__gt=timezone.now())

    def spend(self, pk: UUID) -> bool:
        """Use a link up; of parallel uses exactly one returns true."""
        return bool(self.open().filter(pk=pk).update(spent_at=timezone.now()))


class MailedLink(models.Model):
    """A link in a mail that proves who reads the mail. It works once; only a keyed digest of its token is kept."""

    class Purpose(models.TextChoices):
        """What the link does."""

        VERIFY_EMAIL = "verify_email"
        CHANGE_EMAIL = "change_email"
        RESET_PASSWORD = "reset_password"  # noqa: S105 - a purpose, not a password
        UNLOCK = "unlock"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="mailed_links", db_index=False
    )
    purpose = models.CharField(max_length=20, choices=Purpose.choices)
    digest = models.CharField(max_length=64, unique=True)
    email = models.EmailField(max_length=254, help_text="where it was mailed to; the new address when it changes")
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True, blank=True)

    objects = MailedLinkQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["user", "purpose"], name="mailed_links_by_user")]

    def __str__(self) -> str:
        return f"{self.purpose} for {self.email}"
