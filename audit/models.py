"""The audit log."""

from django.conf import settings
from django.db import models
from django.utils import timezone

from titanobova.ids import uuid7


class AuditLog(models.Model):
    """One fact: who did what to which object, from where, and whether it succeeded."""

    class Action(models.TextChoices):
        """The guide's five; the finer fact is `details["event"]`."""

        LOGIN = "login"
        LOGOUT = "logout"
        CREATE = "create"
        UPDATE = "update"
        DELETE = "delete"

    class Outcome(models.TextChoices):
        """How it ended."""

        SUCCESS = "success"
        FAILURE = "failure"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    # No constraint in the database and nothing on delete: a row outlives the account it speaks of.
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.DO_NOTHING,
        db_constraint=False,
        null=True,
        blank=True,
        related_name="audit_logs",
    )
    action = models.CharField(max_length=10, choices=Action.choices)
    resource_type = models.CharField(max_length=60, blank=True)
    resource_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.SUCCESS)
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    timestamp = models.DateTimeField(default=timezone.now)
    details = models.JSONField(default=dict)

    class Meta:
        verbose_name = "audit log"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["user", "-id"], name="audit_by_user"),
            models.Index(fields=["resource_type", "resource_id", "-id"], name="audit_by_resource"),
            models.Index(fields=["ip_address", "-id"], name="audit_by_address"),
            models.Index(fields=["action", "-id"], name="audit_by_action"),
            models.Index(fields=["-timestamp"], name="audit_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.details.get('event', self.action)} at {self.timestamp:%Y-%m-%d %H:%M:%S}"
