"""`manage.py import_from_nodejs`: arguments, printing, exit code."""

import json
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.db import DatabaseError

from legacy_import.exclusive import AnotherImportRunsError
from legacy_import.mapping import ImportOptions
from legacy_import.pipeline import BATCH_SIZE, ImportRefusedError, Order, run_import
from legacy_import.report import Report
from legacy_import.source import SourceError

SOME_REJECTED, NOT_STARTED, NOT_FINISHED = 1, 2, 3
HIGHEST_BATCH_SIZE = 5000  # SQLite takes at most 32,766 parameters in one statement


class Command(BaseCommand):
    """Import the old Node.js database; running it again brings only what is new or changed."""

    help = (
        "Imports users, contacts, enrolments and registrations of the old Node.js system, which is only read. "
        "Exit code: 0 all well, 1 some rows were rejected, 2 it could not start, 3 it stopped in the middle."
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
        add("--report", type=Path, metavar="FILE", help="write the report there as JSON")
        add("--rejects", type=Path, metavar="FILE", help="for rejected rows (import-rejects-RUN.jsonl)")

    def handle(self, *args: Any, **given: Any) -> None:
        """Import, and print the report.

        :raises CommandError: with the exit code that `help` tells, for everything but full success
        """
        try:
            report = run_import(_order(given))
        except (SourceError, ImportRefusedError, AnotherImportRunsError) as error:
            raise CommandError(str(error), returncode=NOT_STARTED) from None
        except DatabaseError as error:
            raise CommandError(str(error).partition("\n")[0], returncode=NOT_FINISHED) from None
        self._tell(report, given["report"])

    def _tell(self, report: Report, file: Path | None) -> None:
        self.stdout.write(report.as_text())
        if file:
            file.write_text(json.dumps(report.as_json(), indent=2, ensure_ascii=False) + "\n")
        if report.failure:
            raise CommandError(f"The import stopped: {report.failure}", returncode=NOT_FINISHED)
        if report.rejected:
            raise CommandError(f"{report.rejected} rows were rejected.", returncode=SOME_REJECTED)


def _order(given: dict[str, Any]) -> Order:
    if not 1 <= given["batch_size"] <= HIGHEST_BATCH_SIZE:
        raise ImportRefusedError(f"--batch-size is between 1 and {HIGHEST_BATCH_SIZE}.")
    if given["report"] and not given["report"].absolute().parent.is_dir():
        raise ImportRefusedError(f"There is no folder for {given['report']}.")
    names = ("timezone", "currency", "price_unit", "trust_roles")
    try:
        options = ImportOptions(no_unescape=frozenset(given["no_unescape"]), **{name: given[name] for name in names})
    except ValueError as error:
        raise ImportRefusedError(str(error)) from None
    connection = given["connection"] or settings.NODE_DB_URL
    return Order(connection, options, given["batch_size"], given["dry_run"], given["rejects"])
