"""`manage.py import_from_nodejs`: arguments, printing, exit code."""

import json
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any, TextIO

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError, connection

from legacy_import.comparing import ComparisonStoppedError, verify
from legacy_import.dates import parse_legacy_datetime
from legacy_import.differences import Comparison, Difference
from legacy_import.exclusive import AnotherImportRunsError
from legacy_import.inspection import inspect
from legacy_import.mapping import ImportOptions
from legacy_import.mapping_file import MappingFileError, read_mapping
from legacy_import.pipeline import BATCH_SIZE, ImportRefusedError, Order, check_own_database, run_import
from legacy_import.progress_bar import shown
from legacy_import.rejects import RejectsFileError
from legacy_import.report import Report
from legacy_import.report_page import as_page
from legacy_import.source import SourceError, open_source
from legacy_import.source.address import parse_address
from legacy_import.undoing import Undone, undo
from legacy_import.written_files import open_private, overlap

SOME_REJECTED, NOT_STARTED, NOT_FINISHED = 1, 2, 3
NOT_TOLD = SOME_REJECTED  # all is stored, and the report could not be written
FILES = ("report", "retry", "mapping", "inspect", "rejects")
NEVER_EMPTY = ("undo", "tables", "since", *FILES)
NOT_WITH = {"--undo": ("dry_run", "tables", "limit", "since", "report"), "--retry": ("tables", "limit", "since")}
REFUSALS = (SourceError, ImportRefusedError, AnotherImportRunsError, MappingFileError, RejectsFileError)
MAPPING = "import-mapping.toml"
HIGHEST_BATCH_SIZE = 50_000  # rows; a few batches are held in memory


class Command(BaseCommand):
    """Import the old Node.js database; running it again brings only what is new or changed."""

    help = (
        "Imports users, contacts, enrolments and registrations of the old Node.js system, which is only read. "
        "Exit code: 0 all well; 1 some rows were rejected, differ or could not be undone; 2 it could not start; "
        "3 it stopped in the middle, run it again."
    )

    def add_arguments(self, parser: CommandParser) -> None:
        """Declare the arguments."""
        add = parser.add_argument
        add(
            "connection", nargs="?", help="mysql://user:password@host:port/db, sqlite:///path or a path; or NODE_DB_URL"
        )
        add("--timezone", default="UTC", help="of dates without a zone, such as Asia/Kolkata or +05:30 (%(default)s)")
        add("--currency", default=settings.DEFAULT_CURRENCY, help="of prices without a currency (%(default)s)")
        add("--price-unit", choices=["major", "minor"], default="major", help="whether 1999 means 1999 or 19.99")
        add("--no-unescape", action="append", default=[], metavar="TABLE.COLUMN", help="leave its &amp; alone")
        add("--trust-roles", action="store_true", help="make the old site's admins staff here")
        add("--batch-size", type=int, default=BATCH_SIZE, help="rows of one transaction (%(default)s)")
        add("--dry-run", action="store_true", help="do everything and roll it back")
        add("--tables", metavar="A,B", help="import these alone, by our name or the old one")
        add("--limit", type=int, help="so many rows of each table at most")
        add("--since", metavar="DATE", help="leave out rows last written before, such as 2024-05-31")
        add("--report", metavar="FILE", help="write the report there: JSON, or a page if it ends in .html")
        add("--verify", action="store_true", help="only compare every row of both sides; --report gets all differences")
        add("--undo", metavar="RUN", help="remove what this run created and nobody has touched since")
        add("--retry", metavar="FILE", help="feed rejected rows back, after they were repaired in this file")
        add("--mapping", metavar="FILE", help="what you know better, in TOML; --inspect writes one to begin with")
        add(
            "--inspect", nargs="?", const=MAPPING, metavar="FILE",
            help=f"import nothing: say what is understood, and write it as a mapping file ({MAPPING})",
        )  # fmt: skip
        add("--rejects", metavar="FILE", help="for rejected rows (import-rejects-RUN.jsonl)")

    def handle(self, *args: Any, **given: Any) -> None:
        """Import, and print the report.

        :raises CommandError: with the exit code that `help` tells, for everything but full success
        """
        try:
            self._do(given)
        except REFUSALS as error:
            raise CommandError(str(error), returncode=NOT_STARTED) from None
        except ComparisonStoppedError as error:
            raise CommandError(str(error), returncode=NOT_FINISHED) from None
        except DatabaseError as error:
            raise CommandError(str(error).partition("\n")[0], returncode=NOT_FINISHED) from None

    def _do(self, given: dict[str, Any]) -> None:
        _check_said(given)
        _check_together(given)
        given |= {name: Path(given[name]) for name in FILES if given[name] is not None}
        if given["undo"] is not None:
            check_own_database()
            self._tell_undone(undo(given["undo"]))
            return
        order = _order(given)
        _check_apart(order, given)
        if given["inspect"]:
            self.stdout.write(_inspected(order, given["inspect"]))
        elif given["verify"]:
            check_own_database()
            self._tell_compared(_compared(order, given["report"]))
        else:
            with shown() as progress:
                report = run_import(replace(order, progress=progress, warn=self._warn))
            self._tell(report, given["report"])

    def _tell(self, report: Report, file: Path | None) -> None:
        self.stdout.write(report.as_text())
        written = file is None or self._write(file, _as_file(report, file))
        if report.failure:
            raise CommandError(f"The import stopped: {report.failure}", returncode=NOT_FINISHED)
        if not written:
            raise CommandError("The import stands, but its report is only here and in the admin.", returncode=NOT_TOLD)
        if report.rejected:
            raise CommandError(f"{report.rejected} rows were rejected.", returncode=SOME_REJECTED)

    def _write(self, file: Path, text: str) -> bool:
        try:
            with open_private(file) as written:
                written.write(text)
        except OSError as error:
            self.stderr.write(f"{file} cannot be written: {error.strerror}.")
            return False
        return True

    def _warn(self, warning: str) -> None:
        self.stderr.write(f"Warning: {warning}")

    def _tell_compared(self, compared: Comparison) -> None:
        self.stdout.write(compared.as_text())
        if compared.differences:
            raise CommandError(f"{compared.differences:,} differences.", returncode=SOME_REJECTED)

    def _tell_undone(self, undone: Undone) -> None:
        self.stdout.write(undone.as_text())
        if undone.left:
            raise CommandError(f"{undone.left:,} objects were left.", returncode=SOME_REJECTED)


def _compared(order: Order, file: Path | None) -> Comparison:
    """Compare; all differences go to the file, one JSON object a line."""
    with shown() as progress, _opened(file) if file else nullcontext() as lines:

        def write(difference: Difference) -> None:
            if lines:
                lines.write(json.dumps(difference.as_json()) + "\n")

        return verify(replace(order, progress=progress), write)


def _opened(file: Path) -> TextIO:
    try:
        return open_private(file)
    except OSError as error:
        raise ImportRefusedError(f"{file} cannot be written: {error.strerror}.") from None


def _check_said(given: dict[str, Any]) -> None:
    """Refuse an option without a value: `--undo "$RUN"` where RUN is not set would import instead."""
    for name in NEVER_EMPTY:
        if given[name] is not None and not str(given[name]).strip(" ,"):
            raise ImportRefusedError(f"--{name} was given nothing: say what, or leave it out.")


def _check_together(given: dict[str, Any]) -> None:
    """Refuse what somebody may have meant otherwise than it would be done."""
    modes = [f"--{name}" for name in ("undo", "verify", "inspect", "retry") if _is_given(given[name])]
    if len(modes) > 1:
        raise ImportRefusedError(f"Say one of {' and '.join(modes)}.")
    for mode in modes:
        strange = [name for name in NOT_WITH.get(mode, ()) if _is_given(given[name])]
        if strange:
            raise ImportRefusedError(f"{mode} knows no --{strange[0].replace('_', '-')}: it does all of it, for good.")


def _check_apart(order: Order, given: dict[str, Any]) -> None:
    """Refuse to write over what is read: a report in the place of the old database would be the end of it."""
    old = parse_address(order.connection)
    ours = connection.settings_dict["NAME"] if connection.vendor == "sqlite" else None
    read = {
        "the old database": old if isinstance(old, Path) else None,
        "our own database": Path(ours) if ours else None,
        "the file of --mapping": order.mapping,
        "the file of --retry": order.retry,
    }
    written = {f"--{name}": given[name] for name in ("rejects", "inspect", "report")}
    if problem := overlap(written, read):
        raise ImportRefusedError(problem)


def _is_given(value: object) -> bool:
    return value is not None and value is not False


def _as_file(report: Report, file: Path) -> str:
    if file.suffix.lower() in (".html", ".htm"):
        return as_page(report.as_json())
    return json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n"


def _inspected(order: Order, file: Path) -> str:
    """Say what would be understood, and write the mapping file; one that is there is never overwritten."""
    mapping = read_mapping(order.mapping) if order.mapping else None
    with open_source(order.connection, timezone=order.options.timezone) as source:
        inspection = inspect(source, mapping)
    try:
        with file.open("x", encoding="utf-8") as written:
            written.write(inspection.as_toml())
    except OSError as error:
        raise ImportRefusedError(
            f"{file} cannot be written: {error.strerror}. Name another with --inspect FILE."
        ) from None
    return f"{inspection.as_text()}Written as a mapping file: {file}"


def _order(given: dict[str, Any]) -> Order:
    if not 1 <= given["batch_size"] <= HIGHEST_BATCH_SIZE:
        raise ImportRefusedError(f"--batch-size is between 1 and {HIGHEST_BATCH_SIZE}.")
    if given["report"] and not given["report"].absolute().parent.is_dir():
        raise ImportRefusedError(f"There is no folder for {given['report']}.")
    if given["report"] and given["report"].is_dir():
        raise ImportRefusedError(f"{given['report']} is a folder: name a file with --report.")
    names = ("timezone", "currency", "price_unit", "trust_roles")
    try:
        options = ImportOptions(no_unescape=frozenset(given["no_unescape"]), **{name: given[name] for name in names})
    except ValueError as error:
        raise ImportRefusedError(str(error)) from None
    return Order(
        settings.NODE_DB_URL if given["connection"] is None else given["connection"],
        options,
        given["batch_size"],
        given["dry_run"],
        given["rejects"],
        given["mapping"],
        frozenset(name.strip().casefold() for name in (given["tables"] or "").split(",") if name.strip()),
        _limit(given["limit"]),
        _instant(given["since"], options.timezone),
        retry=given["retry"],
    )


def _limit(limit: int | None) -> int | None:
    if limit is not None and limit < 1:
        raise ImportRefusedError("--limit is a number of rows, at least 1.")
    return limit


def _instant(since: str | None, zone: str) -> datetime | None:
    if since is None:
        return None
    parsed = parse_legacy_datetime(since, timezone=zone)
    if parsed.value is None:
        raise ImportRefusedError(f"--since {since[:40]!r} is no date such as 2024-05-31: {parsed.reason}.")
    return parsed.value
