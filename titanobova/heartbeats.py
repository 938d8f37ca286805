"""Signs of life of the processes that nobody asks anything: the worker and the beat.

Beat leaves its own when it looks at its clock (titanobova/beat.py) and wakes the worker's by a job that does what every
job does: it passes the queue, needs a free place in the worker and writes into the database.
"""

from celery import shared_task
from django.utils import timezone

from titanobova.models import Heartbeat

EVERY = 30  # seconds
SILENT_AFTER = 150  # seconds; a worker that is busy with one long job is not dead yet


def note(name: str) -> None:
    """Leave a sign of life of `name`."""
    Heartbeat.objects.update_or_create(pk=name, defaults={"noted_at": timezone.now()})


def age(name: str) -> float | None:
    """Return the seconds since the last sign of life of `name`; None when there never was one."""
    noted_at = Heartbeat.objects.filter(pk=name).values_list("noted_at", flat=True).first()
    return None if noted_at is None else max(0.0, (timezone.now() - noted_at).total_seconds())


@shared_task
def note_worker() -> None:
    """Job: leave the worker's sign of life; beat wakes it."""
    note("worker")
