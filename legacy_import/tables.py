"""The tables of one run, from what the reader sends to what the report says."""

import gc
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from django.db import DatabaseError, reset_queries

from legacy_import.aliases import Kind, TableLayout
from legacy_import.loading import Loaded, Loader
from legacy_import.loading.bare import bare_tables, is_worth_it
from legacy_import.loading.joining import redeem_waiting_requests
from legacy_import.mapping import ImportOptions, Rejected
from legacy_import.messages import Batch, Begun
from legacy_import.models import ImportRun
from legacy_import.processes import Results
from legacy_import.progress import Progress as ProgressOfRun
from legacy_import.progress_bar import Progress
from legacy_import.rejects import RejectsFile
from legacy_import.report import Report, TableReport
from legacy_import.source import SourceError

COUNTS = ("created", "updated", "unchanged", "merged")


class Tables:
    """Loads one table after the other, and counts."""

    def __init__(
        self, run: ImportRun, options: ImportOptions, report: Report, rejects: RejectsFile, progress: Progress
    ) -> None:
        self.loader, self.report = Loader(run, options), report
        self._rejects, self._progress = rejects, progress
        self._noted = ProgressOfRun(run)

    def load_all(self, results: Results) -> None:
        """Load what the reader sends; memory holds a few batches. Then join what had to wait for the last of it."""
        with ExitStack() as of_the_table:
            for message in results:
                if isinstance(message, Begun):
                    of_the_table.close()
                    table, counted = message.table, self._begin(message)
                    of_the_table.enter_context(_timed(counted))
                    of_the_table.enter_context(_as_fast_as_may_be(message, counted))
                    of_the_table.enter_context(self._finishing(message, counted))
                    continue
                self._load(message, table, counted)
                reset_queries()  # with DEBUG, Django would keep the text of the last 9,000 statements
                gc.collect()
        redeem_waiting_requests()

    @contextmanager
    def _finishing(self, begun: Begun, counted: TableReport) -> Iterator[None]:
        """Load what still waits at the end of a table, and where the old database breaks off: it was read."""
        broken: SourceError | None = None
        try:
            yield
        except SourceError as error:
            broken = error
        self._count(self.loader.finish(begun.kind), begun.table, counted)
        if broken is not None:
            raise broken

    def _begin(self, message: Begun) -> TableReport:
        table = message.table
        counted = TableReport(
            message.kind, table.table, list(table.unused), in_source=message.in_source, switches=table.switches
        )
        self.report.tables.append(counted)
        if message.kind is Kind.USERS and message.in_source and not table.columns.get("password"):
            counted.coerce("password", "no_column_so_unusable", "", count=message.in_source)
        if message.in_source and not table.has_ids:
            counted.coerce("", "no_key_so_changes_cannot_be_followed", "", count=message.in_source)
        for moving in sorted(table.moving - {"updated_at"} if message.in_source else ()):
            counted.coerce(moving, "changes_with_every_update", table.columns[moving], count=message.in_source)
        return counted

    def _load(self, batch: Batch, table: TableLayout, counted: TableReport) -> None:
        loaded = self.loader.load(batch, table)
        counted.read += batch.read - batch.left_out
        counted.left_out += batch.left_out
        for (on, note), (count, sample) in batch.noted.items():
            counted.coerce(on, note, sample, count=count)
        for one in batch.rejected:
            self._reject(one, table, counted)
        self._count(loaded, table, counted)
        self._progress(counted)
        self._noted.note(self.report)

    def _count(self, loaded: Loaded, table: TableLayout, counted: TableReport) -> None:
        for one in loaded.rejected:
            self._reject(one, table, counted)
        _count(loaded, counted)
        self.report.courses_created += loaded.counts.courses_created
        self.report.passwords_hashed += loaded.counts.hashed
        self.report.hashing_seconds += loaded.counts.hashing_seconds

    def _reject(self, one: Rejected, table: TableLayout, counted: TableReport) -> None:
        counted.refuse(one.legacy_id, one.reason)
        self._write_down(one, table, counted)

    def _write_down(self, one: Rejected, table: TableLayout, counted: TableReport) -> None:
        self._rejects.write(
            kind=counted.kind,
            table=table.table,
            key=table.key,
            legacy_id=one.legacy_id,
            reason=one.reason,
            row=one.row,
            secrets=table.secrets,
        )
        self.report.rejects_file = str(self._rejects.path)


def _count(loaded: Loaded, counted: TableReport) -> None:
    for name in COUNTS:
        setattr(counted, name, getattr(counted, name) + getattr(loaded.counts, name))
    for merge in loaded.counts.merges:
        counted.merge(merge.legacy_id, str(merge.object_id))
    for one in (note for row in loaded.notes_of for note in row.notes):
        counted.coerce(one.field, one.kind, one.before)
    for coercion in loaded.counts.coercions:
        counted.coerce(coercion.field, coercion.note, coercion.sample)


@contextmanager
def _as_fast_as_may_be(table: Begun, counted: TableReport) -> Iterator[None]:
    """Go without indexes where that is worth it; where it fails, nothing of the table is here."""
    if not is_worth_it(table.kind, table.in_source):
        yield
        return
    try:
        with bare_tables(table.kind):
            yield
    except DatabaseError:
        counted.forget()
        raise


@contextmanager
def _timed(counted: TableReport) -> Iterator[None]:
    started = time.monotonic()
    try:
        yield
    finally:
        counted.seconds = round(time.monotonic() - started, 3)
