"""The import on one page: open, understand, then each table from reading to counting, parents before children."""

import gc
import os
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path

from django.db import DatabaseError, connection, transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from legacy_import.aliases import Kind, Layout, TableLayout
from legacy_import.exclusive import only_import, patient_database, wait_for_database
from legacy_import.loading.loader import look_up
from legacy_import.loading.target import takes_lines
from legacy_import.mapping import ImportOptions
from legacy_import.mapping_file import read_mapping
from legacy_import.messages import Order as ReadingOrder
from legacy_import.models import ImportedRecord, ImportRun
from legacy_import.processes import Results, reading
from legacy_import.progress_bar import Progress, silent
from legacy_import.rejects import RejectsFile
from legacy_import.report import Report
from legacy_import.rereading import tell_nobody, warning_of
from legacy_import.retrying import read_repaired, repaired_rows
from legacy_import.source import SourceError, open_source, redacted
from legacy_import.survey import read_layout
from legacy_import.tables import Tables

BATCH_SIZE = 10_000  # rows; each batch is one transaction
STOPPED = "it was stopped before its end; run it again to go on"


class ImportRefusedError(Exception):
    """The import cannot start; the message is one line. Nothing was written."""


@dataclass(frozen=True)
class Order:
    """What the operator asks for; `rejects` is the file for rejected rows.

    `tables` are names of kinds or of the old tables, none meaning all; `limit` is of each table; `since` leaves older
    rows out.
    """

    connection: str
    options: ImportOptions
    batch_size: int = BATCH_SIZE
    is_dry_run: bool = False
    rejects: Path | None = None
    mapping: Path | None = None
    tables: frozenset[str] = frozenset()
    limit: int | None = None
    since: datetime | None = None
    progress: Progress = silent
    retry: Path | None = None
    warn: Callable[[str], None] = tell_nobody


def run_import(order: Order) -> Report:
    """Import an old database and say what became of each row.

    A run that ends in the middle (killed, a lost connection) is taken up by running it again: what is here already is
    unchanged then. A dry run does the same in one transaction that is rolled back.

    :raises SourceError: if the old database cannot be opened
    :raises MappingFileError: if the mapping file says what has no meaning, or names what does not exist
    :raises ImportRefusedError: if it holds nothing that we know, or an option or our own database is not usable
    :raises AnotherImportRunsError: if somebody imports already
    """
    layout, rows = survey(order)
    _check(order, layout)
    with ExitStack() as stack:
        stack.enter_context(only_import())
        stack.enter_context(patient_database())
        stack.enter_context(_rolled_back(order.is_dry_run))
        run = _begin(order)
        rejects = stack.enter_context(RejectsFile(order.rejects or Path(f"import-rejects-{run.pk}.jsonl")))
        report = _new_report(order, run, layout)
        for warning in report.warnings:
            order.warn(warning)
        started = time.monotonic()
        try:
            _import_tables(order, layout, rows, Tables(run, order.options, report, rejects, order.progress))
        finally:
            report.seconds = round(time.monotonic() - started, 3)
            _finish(order, run, report)
    return report


def survey(order: Order) -> tuple[Layout, int]:
    """Understand the old database and count its rows, roughly: the reader counts them in its own snapshot."""
    with open_source(order.connection, timezone=order.options.timezone) as source:
        layout = read_layout(source, read_mapping(order.mapping) if order.mapping else None)
        return layout, sum(source.count(table.table) for _, table in chosen_tables(order, layout))


def _import_tables(order: Order, layout: Layout, rows: int, tables: Tables) -> None:
    """Import each table. What ends the run early is told in the report; the batches before it stand."""
    report = tables.report
    report.failure = STOPPED
    try:
        with _no_collector(), _rows(order, layout, rows) as results:
            tables.load_all(results)
    except (SourceError, DatabaseError, OSError) as error:
        report.failure = _resumable(error)
    else:
        report.failure = "" if report.balances else "the rows read are not all accounted for"


@contextmanager
def _rows(order: Order, layout: Layout, rows: int) -> Iterator[Results]:
    """Open what is to be loaded: the old database, or a file of repaired rows."""
    if order.retry is not None:
        found = read_repaired(order.retry, layout)
        with open_source(order.connection, timezone=order.options.timezone) as source:
            yield repaired_rows(source, layout, found, order.options)
        return
    known = set(ImportedRecord.objects.order_by().values_list("kind", flat=True).distinct())
    chosen = chosen_tables(order, layout)
    asked = frozenset(kind for kind, _ in chosen if kind in known)
    wanted = ReadingOrder(
        chosen, order.options, order.batch_size, asked, order.limit, order.since, as_lines=takes_lines()
    )
    with reading(order.connection, wanted, look_up, rows=rows) as results:
        yield results


@contextmanager
def _no_collector() -> Iterator[None]:
    """Keep the garbage collector from looking through the rows of a batch again and again; half of the time was its."""
    was_on = gc.isenabled()
    gc.freeze()
    gc.disable()
    try:
        yield
    finally:
        gc.unfreeze()
        if was_on:
            gc.enable()


def chosen_tables(order: Order, layout: Layout) -> list[tuple[Kind, TableLayout]]:
    """Return the tables that are asked for, by the name of what they hold or by their own."""
    return [
        (kind, table)
        for kind, table in layout.tables.items()
        if not order.tables or order.tables.intersection((kind, table.table.casefold()))
    ]


def _check(order: Order, layout: Layout) -> None:
    """Refuse before the first write what cannot end well."""
    if order.retry is not None:
        read_repaired(order.retry, layout)
    if not layout.tables:
        tables = ", ".join(layout.unknown_tables) or "none"
        raise ImportRefusedError(
            f"There is no table of users, contacts, enrolments or registrations (found: {tables})."
        )
    _check_names(order, layout)
    _check_files(order)
    check_own_database()


def check_own_database() -> None:
    """Find out early whether our own database is there, and migrated.

    :raises ImportRefusedError: if it is not
    """
    try:
        ImportRun.objects.exists()
    except DatabaseError as error:
        raise ImportRefusedError(f"Our own database cannot be used: {_first_line(error)}") from error


def _check_names(order: Order, layout: Layout) -> None:
    names = {name for kind, table in layout.tables.items() for name in (str(kind), table.table.casefold())}
    if strange := sorted(order.tables - names):
        raise ImportRefusedError(
            f"--tables names {strange[0]}, which is not there (found: {', '.join(sorted(names))})."
        )
    columns = {f"{table.table}.{name}".casefold() for table in layout.tables.values() for name in _columns(table)}
    if strange := sorted(order.options.no_unescape - columns):
        raise ImportRefusedError(f"--no-unescape names {strange[0]}, which is no column of a table that is imported.")


def _check_files(order: Order) -> None:
    folder = (order.rejects or Path("import-rejects")).absolute().parent
    if order.rejects and order.rejects.exists():
        raise ImportRefusedError(f"{order.rejects} exists already: name another file with --rejects.")
    if not (folder.is_dir() and os.access(folder, os.W_OK)):
        raise ImportRefusedError(f"Rejected rows cannot be written to {folder}: name a file with --rejects.")


def _columns(table: TableLayout) -> list[str]:
    return [*table.understood, *table.unused]


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
    mapping = read_mapping(order.mapping).name_and_digest if order.mapping else ""
    options = asdict(order.options) | {"no_unescape": sorted(order.options.no_unescape), "mapping": mapping}
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
        warnings=[warning] if (warning := warning_of(run)) else [],
    )


def _finish(order: Order, run: ImportRun, report: Report) -> None:
    """Store how it ended; where our own database does not come back, the next run marks this one as failed.

    What hides in an exception would hide the report, too, which says what stands.
    """
    try:
        wait_for_database()
        _store_end(order, run, report)
    except DatabaseError as error:
        report.failure = report.failure or _resumable(error)


def _store_end(order: Order, run: ImportRun, report: Report) -> None:
    """Store how it ended, with the one audit row of the run."""
    run.outcome = ImportRun.Outcome.FAILED if report.failure else ImportRun.Outcome.FINISHED
    run.finished_at, run.report = timezone.now(), report.as_json()
    tables = {one.table: [one.created, one.updated, one.unchanged, one.merged, one.rejected] for one in report.tables}
    with transaction.atomic():
        if connection.vendor == "postgresql" and not order.is_dry_run:
            with connection.cursor() as cursor:
                cursor.execute("SET LOCAL synchronous_commit = on")  # and with it all commits before it
        run.save(update_fields=["outcome", "finished_at", "report"])
        record(
            "create",
            "import.failed" if report.failure else "import.finished",
            by=Actor.from_system("import"),
            on=run,
            details={"source": run.source, "options": run.options, "created_updated_unchanged_merged_rejected": tables},
            outcome="failure" if report.failure else "success",
        )


def _resumable(error: Exception) -> str:
    """Say in one line what happened, and once that running it again goes on."""
    line = _first_line(error).rstrip(".")
    return f"{line}." if line.endswith(("run it again", "run the import again")) else f"{line}. Run it again to go on."


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:300]
