"""How far a run is, written down now and then for whoever watches from elsewhere."""

import time

from legacy_import.models import ImportRun
from legacy_import.report import Report

EVERY = 2.0  # seconds


class Progress:
    """Stores the unfinished report of a run, at most every EVERY seconds."""

    def __init__(self, run: ImportRun) -> None:
        self._run, self._noted_at = run, time.monotonic()

    def note(self, report: Report) -> None:
        """Store the counts so far; those of a dry run are in its transaction, where nobody else sees them."""
        if not report.is_dry_run and time.monotonic() - self._noted_at >= EVERY:
            self._noted_at = time.monotonic()
            ImportRun.objects.filter(pk=self._run.pk).update(report=report.as_json())
