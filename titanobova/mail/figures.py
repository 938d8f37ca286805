"""How the outbox is doing, in figures: for metrics, health and the doctor. Each is one query that an index serves."""

from django.utils import timezone

from titanobova.mail.pausing import is_on, pause_of
from titanobova.mail.sending import way_out
from titanobova.models import OutgoingMail

Status = OutgoingMail.Status


def oldest_waiting_seconds() -> float:
    """Return the age of the oldest mail that still waits; 0 when none does."""
    waiting = OutgoingMail.objects.filter(status=Status.WAITING).order_by("pk")  # ids rise with time
    created_at = waiting.values_list("created_at", flat=True).first()
    return max(0.0, (timezone.now() - created_at).total_seconds()) if created_at else 0.0


def waiting_count() -> int:
    """Return how many mails wait."""
    return OutgoingMail.objects.filter(status=Status.WAITING).count()


def failed_count() -> int:
    """Return how many mails were refused or given up; those of people who were erased do not count."""
    return OutgoingMail.objects.filter(status=Status.FAILED).exclude(text="").count()


def paused_seconds() -> float:
    """Return how long all mail still pauses; 0 when it does not."""
    pause = pause_of(way_out())
    return (pause.ends_at - timezone.now()).total_seconds() if pause and is_on(pause) else 0.0


def pause_reason() -> str:
    """Return why all mail pauses; empty when it does not."""
    pause = pause_of(way_out())
    return pause.reason if pause and is_on(pause) else ""
