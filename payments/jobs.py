"""The jobs of payments; each does work that lies in rows already, so a job that is lost is made up for by the next."""

import logging
from collections.abc import Callable
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from audit.actor import Actor
from payments.gateway import GatewayUnavailable
from payments.services import catching_up, reconciling
from payments.stripe_lists import TooMuchToList

logger = logging.getLogger("titanobova.payments")

RECONCILED_SPAN = timedelta(days=2)  # by the hourly job; Stripe gives up an event after three days


@shared_task
def catch_up() -> None:
    """Job: carry out what was just written down; woken by the commit that wrote it.

    The embedded mode has no clock that wakes jobs, so there it also sweeps.
    """
    work = catching_up.sweep if settings.CELERY_TASK_ALWAYS_EAGER else catching_up.catch_up
    _run(lambda: work(by=Actor.from_system("payments")))


@shared_task
def sweep() -> None:
    """Job: carry out what waits, and close what nobody will end; beat wakes it every five minutes."""
    _run(lambda: catching_up.sweep(by=Actor.from_system("payments")))


@shared_task
def reconcile() -> None:
    """Job: compare with Stripe and record what was missed; beat wakes it every hour."""
    _run(_reconcile)


def _reconcile() -> None:
    report = reconciling.reconcile(timezone.now() - RECONCILED_SPAN, by=Actor.from_system("reconciliation"))
    for line in report.unrepairable:
        logger.error("Reconciliation: %s", line)


def _run(work: Callable[[], None]) -> None:
    if not settings.STRIPE_SECRET_KEY:
        return
    try:
        work()
    except (GatewayUnavailable, TooMuchToList) as refusal:
        logger.warning("Stripe could not be asked: %s. The next run goes on.", refusal.code)
