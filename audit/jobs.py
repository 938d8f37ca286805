"""The periodic job of the log."""

import logging
import threading

from celery import shared_task
from django.conf import settings
from django.db import connections

from audit.sealing import seal_log

logger = logging.getLogger("titanobova.audit")

_clock: threading.Timer | None = None


@shared_task
def seal() -> int:
    """Job: seal what was written since the last time; beat wakes it every AUDIT_SEAL_SECONDS."""
    return seal_log()


def seal_in_a_while() -> None:
    """Have the log sealed in AUDIT_SEAL_SECONDS where there is no beat: the embedded mode, whose row this follows."""
    global _clock  # noqa: PLW0603 - one timer for the one process of the embedded mode
    if not settings.CELERY_TASK_ALWAYS_EAGER or not settings.AUDIT_SEAL_SECONDS:
        return
    if _clock is None or not _clock.is_alive():  # a fork leaves the thread behind
        timer = _clock = threading.Timer(settings.AUDIT_SEAL_SECONDS, _seal_in_background)
        timer.daemon = True
        timer.start()


def _seal_in_background() -> None:
    global _clock  # noqa: PLW0603 - as above
    _clock = None  # first: a row that is written while this seals gets a timer of its own
    try:
        seal_log()
    except Exception:
        logger.exception("The audit log could not be sealed; the next row tries again.")
    finally:
        connections.close_all()
