"""Waking the job that carries out what lies in rows: refunds to be sent to Stripe, payments to be asked about.

The job is named, not imported: it calls the services that wake it.
"""

import logging
from concurrent.futures import ThreadPoolExecutor

from celery import current_app
from django.conf import settings
from django.db import connections, transaction
from kombu.exceptions import OperationalError

from titanobova.shared import redis
from titanobova.waking import Waker

logger = logging.getLogger("titanobova.payments")

JOB = "payments.jobs.catch_up"
# Works for the embedded mode, which has no worker; at exit Python waits for it.
_embedded_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="payments")


def wake_on_commit() -> None:
    """Have the job run once the caller's transaction commits; nobody waits for it."""
    transaction.on_commit(_wake, robust=True)


def _wake() -> None:
    if settings.CELERY_TASK_ALWAYS_EAGER:
        _embedded_worker.submit(_run_here)
    else:
        _queue_waker.wake()


def _run_here() -> None:
    try:
        current_app.tasks[JOB]()
    except Exception:
        logger.exception("Payments could not be brought up to date; the next one, or the sweep, tries again.")
    finally:
        connections.close_all()


def _put_into_queue() -> None:
    if redis.failed_a_moment_ago:  # it carries the jobs too
        return
    try:
        current_app.tasks[JOB].apply_async(retry=False)
    except OperationalError:
        logger.warning("The job queue is down; the sweep will bring payments up to date.")


_queue_waker = Waker(_put_into_queue)
