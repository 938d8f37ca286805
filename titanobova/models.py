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

    class Meta:
        indexes = [models.Index(fields=["window_ends_ms"], name="rate_limits_by_end")]

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


class Heartbeat(models.Model):
    """When a process that nobody asks anything was last known to live (titanobova/heartbeats.py)."""

    name = models.CharField(max_length=40, primary_key=True)
    noted_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.noted_at:%Y-%m-%d %H:%M:%S}"


class MailQuerySet(models.QuerySet["OutgoingMail"]):
    """Which mails."""

    def due(self) -> "MailQuerySet":
        """Mails that wait and whose next try has come."""
        return self.filter(status=OutgoingMail.Status.WAITING, next_try_at__lte=timezone.now())


class Delivery(models.TextChoices):
    """What SendGrid last told of a mail that it had taken; empty until it tells anything."""

    PROCESSED = "processed"
    DEFERRED = "deferred", "deferred by the recipient's server"
    DELIVERED = "delivered"
    DROPPED = "dropped", "dropped by SendGrid"
    BOUNCED = "bounced"
    SPAM_REPORT = "spam_report", "reported as spam"


TROUBLES = (Delivery.DEFERRED, Delivery.DROPPED, Delivery.BOUNCED, Delivery.SPAM_REPORT)


class OutgoingMail(models.Model):
    """A mail, written in the transaction that causes it and sent after the commit.

    So a mail never tells of something that was rolled back, and a crash between commit and sending loses none. While a
    worker tries it, `next_try_at` is the end of that worker's lease; `tries` says whose lease it is.
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
    failures = models.PositiveSmallIntegerField(
        default=0, help_text="Tries that failed since it was put in line, but for pauses of all mail."
    )
    resent = models.PositiveSmallIntegerField(default=0, help_text="How often staff had it sent once more.")
    delivery = models.CharField(max_length=12, choices=Delivery.choices, blank=True)
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
            models.Index(fields=["delivery", "-id"], name="mail_not_delivered", condition=Q(delivery__in=TROUBLES)),
        ]

    def __str__(self) -> str:
        return f"{self.subject} to {self.recipient}"


class MailTry(models.Model):
    """One try to send a mail: written before the mail service is asked, finished afterwards."""

    class Outcome(models.TextChoices):
        """What came of it."""

        UNDER_WAY = "under_way", "under way"
        ACCEPTED = "accepted"
        REFUSED = "refused", "refused for good"
        DEFERRED = "deferred", "not now"
        BUSY = "busy", "asked to wait"
        DOWN = "down", "the service is down"
        UNKNOWN = "unknown", "not known: no answer"
        MISCONFIGURED = "misconfigured", "our settings are wrong"

    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="attempts", db_index=False)
    number = models.PositiveSmallIntegerField()
    outcome = models.CharField(max_length=14, choices=Outcome.choices, default=Outcome.UNDER_WAY)
    reason = models.CharField(max_length=300, blank=True)
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        verbose_name_plural = "mail tries"
        ordering = ["mail", "number"]
        constraints = [models.UniqueConstraint(fields=["mail", "number"], name="one_row_for_each_try_of_a_mail")]

    def __str__(self) -> str:
        return f"try {self.number}: {self.get_outcome_display()}"


class MailEvent(models.Model):
    """What SendGrid told of a mail, once by its id; neither the address nor anything else that is in the mail."""

    id = models.CharField(primary_key=True, max_length=100, editable=False)
    mail = models.ForeignKey(OutgoingMail, on_delete=models.CASCADE, related_name="events")
    sending = models.PositiveSmallIntegerField(default=0, help_text="The mail's `resent` when it was sent.")
    kind = models.CharField(max_length=12, choices=Delivery.choices)
    reason = models.CharField(max_length=300, blank=True)
    occurred_at = models.DateTimeField()
    received_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["occurred_at"]

    def __str__(self) -> str:
        return f"{self.kind} at {self.occurred_at:%Y-%m-%d %H:%M:%S}"


class MailPause(models.Model):
    """Until when no mail is tried by one way out, for the last try of any failed; none while all is well."""

    way = models.CharField(primary_key=True, max_length=10)
    ends_at = models.DateTimeField()
    failures = models.PositiveSmallIntegerField(default=0, help_text="In a row.")
    reason = models.CharField(max_length=300, blank=True)

    def __str__(self) -> str:
        return f"{self.way} pauses until {self.ends_at:%Y-%m-%d %H:%M:%S}: {self.reason}"
