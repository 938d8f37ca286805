"""The events that Stripe sent."""

from typing import Any, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone


class WebhookEventQuerySet(models.QuerySet["WebhookEvent"]):
    """Which events."""

    def waiting(self) -> Self:
        """Events about an intent that no payment has named yet."""
        return self.filter(outcome=WebhookEvent.Outcome.WAITING)


class WebhookEvent(models.Model):
    """An event of Stripe, stored once: its id is the key, so a second delivery finds the row and changes nothing."""

    class Outcome(models.TextChoices):
        """What it did here."""

        APPLIED = "applied"
        UNCHANGED = "unchanged", "changed nothing any more"
        MISMATCH = "mismatch", "does not fit the payment"
        WAITING = "waiting", "waits for its payment"
        IGNORED = "ignored", "is none of our concern"

    id = models.CharField(primary_key=True, max_length=255, editable=False)
    type = models.CharField(max_length=100)
    payload = models.JSONField(help_text="As it came, without the client secret; of others, the money alone.")
    livemode = models.BooleanField()
    intent_id = models.CharField(max_length=255, blank=True, help_text="The payment intent that it is about.")
    buyer_id = models.UUIDField(null=True, blank=True, help_text="Whose it is, if it says so or its payment does.")
    outcome = models.CharField(max_length=10, choices=Outcome.choices, default=Outcome.IGNORED)
    received_at = models.DateTimeField(default=timezone.now)

    objects = WebhookEventQuerySet.as_manager()

    class Meta:
        ordering = ["-received_at"]
        indexes = [
            models.Index(fields=["-received_at"], name="webhook_events_by_time"),
            models.Index(fields=["intent_id"], condition=~Q(intent_id=""), name="webhook_events_by_intent"),
            models.Index(fields=["buyer_id"], condition=Q(buyer_id__isnull=False), name="webhook_events_by_buyer"),
            models.Index(fields=["received_at"], condition=Q(outcome="waiting"), name="waiting_webhook_events"),
        ]

    def __str__(self) -> str:
        return f"{self.type} ({self.id})"

    @property
    def subject(self) -> dict[str, Any]:
        """The object that the event is about, as it was then."""
        subject: dict[str, Any] = self.payload["data"]["object"]
        return subject
