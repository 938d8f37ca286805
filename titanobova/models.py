"""The tables that no domain owns."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Upper
from django.utils import timezone

from titanobova.ids import uuid7


class RateLimitCounter(models.Model):
    """A caller's open window in a scope that guards accounts or money (titanobova/throttling.py writes it)."""

    key = models.CharField(max_length=80, primary_key=True)
    used = models.PositiveIntegerField()
    window_ends_ms = models.BigIntegerField(help_text="Unix time in milliseconds")

    def __str__(self) -> str:
        return f"{self.key}: {self.used}"


class IdempotencyKey(models.Model):
    """What came of a request that may be sent again: the object it made, but never the answer, which is rendered anew.

    `key` is the digest of where, by whom and under which name the request was sent (titanobova/idempotency.py).
    """

    key = models.CharField(max_length=64, primary_key=True)
    body_digest = models.CharField(max_length=64)
    status = models.PositiveSmallIntegerField(null=True, help_text="Empty while the first request is under way.")
    object_id = models.UUIDField(null=True)
    expires_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["expires_at"], name="idempotency_keys_by_end")]

    def __str__(self) -> str:
        return f"{self.key[:12]}: {self.status}"


class SharedVersion(models.Model):
    """The version of something that every process caches (titanobova/versions.py), where there is no Redis."""

    name = models.CharField(max_length=40, primary_key=True)
    number = models.BigIntegerField()

    def __str__(self) -> str:
        return f"{self.name}: {self.number}"


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
    button = models.TextField(blank=True, help_text="The paragraph that is laid out as a button.")
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
            models.Index(fields=["next_try_at"], name="waiting_mail_by_time", condition=Q(status="waiting")),
            models.Index(fields=["status", "-id"], name="mail_not_sent", condition=~Q(status="sent")),
            models.Index(Upper("recipient"), name="mail_by_recipient"),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"
