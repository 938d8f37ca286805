"""Celery's beat, which also leaves a sign of life."""

import logging
import time
from typing import Any

from celery.beat import PersistentScheduler
from django.db import Error, connection

from titanobova.heartbeats import EVERY, note

logger = logging.getLogger("titanobova.beat")


class NotingScheduler(PersistentScheduler):
    """Wakes the periodic jobs as Celery's own does, and writes down every EVERY seconds that it is there.

    A row and not a file: the health check of the web process, on another machine, wants to know.
    """

    noted_at = -float(EVERY)

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Wake what is due; return the seconds until the next look."""
        if time.monotonic() - self.noted_at >= EVERY:
            self.noted_at = time.monotonic()
            self._note()
        seconds: float = super().tick(*args, **kwargs)
        return min(seconds, EVERY)

    def _note(self) -> None:
        try:
            note("beat")
        except Error as error:  # the jobs go on, most of them to find the same
            logger.warning("The sign of life was not written: %s", type(error).__name__)
        finally:
            connection.close()
