"""The tables that no domain owns."""

from django.db import models
from django.utils import timezone

from titanobova.ids import uuid7


class RateLimitCounter(models.Model):
    """A caller's open window in a scope that guards accounts or money (titanobova/throttling.py writes it)."""

    key = models.CharField(max_length=80, primary_key=True)
    used = models.PositiveIntegerField()
    window_ends_ms = models.BigIntegerField(help_text="Unix time in milliseconds")

    def __str__(self) -> str:
        return f"{self.key}: {self.used}"


class MailQuerySet(models.QuerySet["OutgoingMail"]):
    """Which mails."""

    def due(self) -> "MailQuerySet":
        """Mails that wait and whose next try has come."""
        return self.filter(status=OutgoingMail.Status.WAITING, next_try_at__lte=timezone.now())


class OutgoingMail(models.Model):
    """A mail, written in the transaction that causes it and sent after the commit.

    So a mail never tells of something that was rolled back, and a crash between commit and sending loses none.
    """

    class Status(models.TextChoices):
        """Where the mail is on its way."""

        WAITING = "waiting"
        SENT = "sent"
        FAILED = "failed"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    recipient = models.EmailField(max_length=254)
    subject = models.CharField(max_length=200)
    text = models.TextField()
    html = models.TextField(blank=True)
    reply_to = models.EmailField(max_length=254, blank=True)
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.WAITING)
    tries = models.PositiveSmallIntegerField(default=0)
    last_error = models.CharField(max_length=300, blank=True)
    next_try_at = models.DateTimeField(default=timezone.now)
    sent_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = MailQuerySet.as_manager()

    class Meta:
        verbose_name = "outgoing mail"
        verbose_name_plural = "outgoing mail"
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["next_try_at"], name="waiting_mail_by_time", condition=models.Q(status="waiting")),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"
