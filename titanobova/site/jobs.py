"""The jobs of the whole."""

from celery import shared_task

from audit.actor import Actor
from titanobova.site.retention import apply_retention

SECONDS = 60  # of one run, so that other jobs get their turn, and the worker is not taken for silent


@shared_task
def forget_old_rows() -> None:
    """Job: delete what was kept long enough; beat wakes it every night. What one run leaves is the next one's."""
    run = apply_retention(by=Actor.from_system("retention"), seconds=SECONDS)
    if not run.is_over and run.gone.total():  # a run that got nowhere would only be repeated
        forget_old_rows.delay()
