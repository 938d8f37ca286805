"""The import on one page: open, understand, then each table from reading to counting, parents before children."""

import os
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

from django.db import DatabaseError, connection, reset_queries, transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from legacy_import.aliases import Kind, Layout, TableLayout, understand
from legacy_import.exclusive import only_import, patient_database
from legacy_import.loading import BatchCounts, load_batch
from legacy_import.mapping import MAPPERS, ImportOptions, Mapped, Rejected
from legacy_import.models import ImportRun
from legacy_import.rejects import RejectsFile
from legacy_import.report import Report, TableReport
from legacy_import.source import Row, Source, SourceError, open_source, read_schema, redacted

BATCH_SIZE = 500  # rows; each batch is one transaction
STOPPED = "it was stopped before its end; run it again to go on"


class ImportRefusedError(Exception):
    """The import cannot start; the message is one line. Nothing was written."""


@dataclass(frozen=True)
class Order:
    """What the operator asks for; `rejects` is the file for rejected rows."""

    connection: str
    options: ImportOptions
    batch_size: int = BATCH_SIZE
    is_dry_run: bool = False
    rejects: Path | None = None


@dataclass(frozen=True)
class _AtWork:
    order: Order
    run: ImportRun
    report: Report
    rejects: RejectsFile


def run_import(order: Order) -> Report:
    """Import an old database and say what became of each row.

    A run that ends in the middle (killed, a lost connection) is taken up by running it again: what is here already is
    unchanged then. A dry run does the same in one transaction that is rolled back.

    :raises SourceError: if the old database cannot be opened
    :raises ImportRefusedError: if it holds nothing that we know, or an option or our own database is not usable
    :raises AnotherImportRunsError: if somebody imports already
    """
    with ExitStack() as stack:
        source = stack.enter_context(open_source(order.connection, timezone=order.options.timezone))
        layout = understand(read_schema(source))
        _check(order, layout)
        stack.enter_context(only_import())
        stack.enter_context(patient_database())
        stack.enter_context(_rolled_back(order.is_dry_run))
        run = _begin(order)
        rejects = stack.enter_context(RejectsFile(order.rejects or Path(f"import-rejects-{run.pk}.jsonl")))
        at_work = _AtWork(order, run, _new_report(order, run, layout), rejects)
        try:
            _import_tables(source, layout, at_work)
        finally:
            _finish(at_work)
    return at_work.report


def _import_tables(source: Source, layout: Layout, at_work: _AtWork) -> None:
    """Import each table. What ends the run early is told in the report; the batches before it stand."""
    report = at_work.report
    report.failure = STOPPED
    try:
        for kind, table in layout.tables.items():
            _import_table(source, kind, table, at_work)
    except (SourceError, DatabaseError, OSError) as error:
        report.failure = f"{_first_line(error)} Run it again to go on."
    else:
        report.failure = "" if report.balances else "the rows read are not all accounted for"
    finally:
        source.close()  # before Python drops a stream that was not read to its end, which would read on


def _import_table(source: Source, kind: Kind, table: TableLayout, at_work: _AtWork) -> None:
    """Stream, map, load and count; memory holds one batch at a time."""
    counted = TableReport(kind, table.table, list(table.unused), in_source=source.count(table.table))
    at_work.report.tables.append(counted)
    started = time.monotonic()
    for rows in source.rows(table.table, key=table.key, batch_size=at_work.order.batch_size):
        _import_batch(rows, kind, table, counted, at_work)
        counted.seconds = round(time.monotonic() - started, 3)
        reset_queries()  # with DEBUG, Django would keep the text of the last 9,000 statements


def _import_batch(rows: Sequence[Row], kind: Kind, table: TableLayout, counted: TableReport, at_work: _AtWork) -> None:
    mapped: list[Mapped] = []
    origins: dict[int, Row] = {}
    rejected: list[Rejected] = []
    for row in rows:
        outcome = MAPPERS[kind](row, table, at_work.order.options)
        if isinstance(outcome, Mapped):
            mapped.append(outcome)
            origins[id(outcome)] = row
        else:
            rejected.append(outcome)
    counts = load_batch(kind, mapped, run=at_work.run, options=at_work.order.options)
    rejected += [Rejected(one.row.legacy_id, one.reason, origins[id(one.row)]) for one in counts.rejected]
    for one in rejected:
        _reject(one, kind, table, counted, at_work)
    _count(len(rows), mapped, counts, counted)
    at_work.report.courses_created += counts.courses_created


def _reject(one: Rejected, kind: Kind, table: TableLayout, counted: TableReport, at_work: _AtWork) -> None:
    counted.refuse(one.legacy_id, one.reason)
    secret = table.columns.get("password")
    at_work.rejects.write(
        kind=kind, table=table.table, legacy_id=one.legacy_id, reason=one.reason, row=one.row, secret=secret
    )
    at_work.report.rejects_file = str(at_work.rejects.path)


def _count(read: int, mapped: Sequence[Mapped], counts: BatchCounts, counted: TableReport) -> None:
    counted.read += read
    for name in ("created", "updated", "unchanged", "merged"):
        setattr(counted, name, getattr(counted, name) + getattr(counts, name))
    for row in mapped:
        for note in row.notes:
            counted.coerce(note.field, note.kind, note.before)
    for coercion in counts.coercions:
        counted.coerce(coercion.field, coercion.note, coercion.sample)
    for merge in counts.merges:
        counted.merge(merge.legacy_id, str(merge.object_id))


def _check(order: Order, layout: Layout) -> None:
    """Refuse before the first write what cannot end well."""
    if not layout.tables:
        tables = ", ".join(layout.unknown_tables) or "none"
        raise ImportRefusedError(
            f"There is no table of users, contacts, enrolments or registrations (found: {tables})."
        )
    columns = {f"{table.table}.{name}".casefold() for table in layout.tables.values() for name in _columns(table)}
    if strange := sorted(order.options.no_unescape - columns):
        raise ImportRefusedError(f"--no-unescape names {strange[0]}, which is no column of a table that is imported.")
    folder = (order.rejects or Path("import-rejects")).absolute().parent
    if order.rejects and order.rejects.exists():
        raise ImportRefusedError(f"{order.rejects} exists already: name another file with --rejects.")
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ImportRefusedError(f"Rejected rows cannot be written to {folder}: name a file with --rejects.")
    try:
        ImportRun.objects.exists()
    except DatabaseError as error:
        raise ImportRefusedError(f"Our own database cannot be used: {_first_line(error)}") from error


def _columns(table: TableLayout) -> list[str]:
    return [*table.columns.values(), *table.unused]


@contextmanager
def _rolled_back(is_dry_run: bool) -> Iterator[None]:
    if not is_dry_run:
        yield
        return
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


def _begin(order: Order) -> ImportRun:
    """Note the start. A run that still counts as running was killed, for only one holds the lock."""
    options = asdict(order.options) | {"no_unescape": sorted(order.options.no_unescape)}
    with transaction.atomic():
        killed = ImportRun.objects.filter(outcome=ImportRun.Outcome.RUNNING)
        killed.update(outcome=ImportRun.Outcome.FAILED, finished_at=timezone.now())
        return ImportRun.objects.create(source=redacted(order.connection)[:500], options=options)


def _new_report(order: Order, run: ImportRun, layout: Layout) -> Report:
    return Report(
        run=str(run.pk),
        source=run.source,
        options=run.options,
        is_dry_run=order.is_dry_run,
        missing=[str(kind) for kind in layout.missing],
        unknown_tables=list(layout.unknown_tables),
    )


def _finish(at_work: _AtWork) -> None:
    """Store how it ended, with the one audit row of the run; over a new connection, if the old one was lost."""
    if not connection.in_atomic_block and not connection.is_usable():
        connection.close()
    run, report = at_work.run, at_work.report
    run.outcome = ImportRun.Outcome.FAILED if report.failure else ImportRun.Outcome.FINISHED
    run.finished_at, run.report = timezone.now(), report.as_json()
    tables = {one.table: [one.created, one.updated, one.unchanged, one.merged, one.rejected] for one in report.tables}
    with transaction.atomic():
        run.save(update_fields=["outcome", "finished_at", "report"])
        record(
            "create",
            "import.failed" if report.failure else "import.finished",
            by=Actor.from_system("import"),
            on=run,
            details={"source": run.source, "options": run.options, "created_updated_unchanged_merged_rejected": tables},
            outcome="failure" if report.failure else "success",
        )


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
