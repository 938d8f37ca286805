"""What an import did, in numbers that must balance. Knows no database."""

from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from io import StringIO
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDTH = 110  # characters
EXAMPLES = 20  # of each list in the report; the counts are always of all


@dataclass
class Coerced:
    """How often a value of one field was brought into another form, and one of them."""

    field: str
    note: str
    count: int
    sample: str


@dataclass
class TableReport:
    """One table of the old database: each of its rows is in exactly one of the five counts."""

    kind: str
    table: str
    unused_columns: list[str]
    in_source: int
    left_out: int = 0
    read: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    merged: int = 0
    rejected: int = 0
    seconds: float = 0
    coerced: dict[tuple[str, str], Coerced] = field(default_factory=dict)
    merges: list[list[str]] = field(default_factory=list)
    refusals: list[list[str]] = field(default_factory=list)
    switches: dict[str, list[str]] = field(default_factory=dict)
    """The columns that switch a row off, by field of ours."""

    @property
    def balances(self) -> bool:
        """Whether nothing was lost: all rows of the table were read, and each became exactly one thing.

        Those that were left out, because they are older than what was asked for, are not counted as read.
        """
        sorted_out = self.created + self.updated + self.unchanged + self.merged + self.rejected
        return self.in_source - self.left_out == self.read == sorted_out

    def forget(self) -> None:
        """Say that nothing was done, for it was rolled back."""
        self.left_out = self.read = self.created = self.updated = self.unchanged = self.merged = self.rejected = 0

    def coerce(self, on: str, note: str, sample: str, *, count: int = 1) -> None:
        """Count coercions; the first of its kind is kept as the sample."""
        self.coerced.setdefault((on, note), Coerced(on, note, 0, sample)).count += count

    def merge(self, legacy_id: str, object_id: str) -> None:
        """Name a merged row, as long as there is room; each has its record in the database."""
        if len(self.merges) < EXAMPLES:
            self.merges.append([legacy_id, object_id])

    def refuse(self, legacy_id: str | None, reason: str) -> None:
        """Count a rejected row and name it, as long as there is room; the file has them all."""
        self.rejected += 1
        if len(self.refusals) < EXAMPLES:
            self.refusals.append([legacy_id or "?", reason])


@dataclass
class Report:
    """One run."""

    run: str
    source: str
    options: dict[str, Any]
    is_dry_run: bool
    missing: list[str]
    unknown_tables: list[str]
    tables: list[TableReport] = field(default_factory=list)
    courses_created: list[str] = field(default_factory=list)
    rejects_file: str = ""
    seconds: float = 0
    passwords_hashed: int = 0
    hashing_seconds: float = 0
    failure: str = ""
    warnings: list[str] = field(default_factory=list)

    @property
    def balances(self) -> bool:
        """Whether every table balances."""
        return all(table.balances for table in self.tables)

    @property
    def rejected(self) -> int:
        """How many rows were rejected, of all tables."""
        return sum(table.rejected for table in self.tables)

    def as_json(self) -> dict[str, Any]:
        """Return the report as plain members, as the run stores it and `--report` writes it."""
        tables = [
            asdict(table) | {"coerced": [asdict(one) for one in table.coerced.values()], "balances": table.balances}
            for table in self.tables
        ]
        courses = {"count": len(self.courses_created), "titles": self.courses_created[:EXAMPLES]}
        return asdict(self) | {"tables": tables, "courses_created": courses, "balances": self.balances}

    def as_text(self) -> str:
        """Return the report as people read it."""
        console = Console(file=StringIO(), width=WIDTH, no_color=True, highlight=False, markup=False, emoji=False)
        heading = f"Import of {self.source}" + (" (dry run: nothing is stored)" if self.is_dry_run else "")
        for line in [heading, *(f"Warning: {warning}" for warning in self.warnings)]:
            console.print(Text(line), soft_wrap=True)
        console.print(self._counts())
        if any(table.coerced for table in self.tables):
            console.print(self._coercions())
        for line in self._lines():
            console.print(Text(line), soft_wrap=True)
        return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO from above

    def _counts(self) -> Table:
        counted = ["read", "created", "updated", "unchanged", "merged", "rejected"]
        shown = Table()
        shown.add_column("table")
        for name in [*counted, "seconds"]:
            shown.add_column(name, justify="right")
        for table in self.tables:
            numbers = [f"{getattr(table, name):,}" for name in counted]
            shown.add_row(Text(table.table), *numbers, f"{table.seconds:.1f}")
        return shown

    def _coercions(self) -> Table:
        shown = Table(title="Values brought into another form")
        for name in ("field", "what was done"):
            shown.add_column(name)
        shown.add_column("rows", justify="right")
        shown.add_column("for example")
        for table in self.tables:
            for one in table.coerced.values():
                where = ".".join(part for part in (table.table, one.field) if part)
                shown.add_row(Text(where), one.note, f"{one.count:,}", Text(one.sample))
        return shown

    def _lines(self) -> Iterable[str]:
        yield "Read with: " + ", ".join(f"{name} {choice or 'no'}" for name, choice in self.options.items())
        yield from self._what_was_left()
        for table in self.tables:
            yield from (f"Merged: {table.table} {old} became {new}" for old, new in table.merges)
            if table.left_out:
                yield f"Older than asked for: {table.left_out:,} rows of {table.table}"
            yield from (f"Rejected: {table.table} {old}: {reason}" for old, reason in table.refusals)
            if table.rejected > len(table.refusals):
                yield f"Rejected: {table.table}: {table.rejected - len(table.refusals):,} more, see the file"
        yield from self._ends()

    def _ends(self) -> Iterable[str]:
        if self.passwords_hashed:
            rate = self.passwords_hashed / max(self.hashing_seconds, 0.001)
            yield f"Weak passwords hashed: {self.passwords_hashed:,}, {rate:.1f} a second"
        if self.rejects_file:
            yield f"Rejected rows are in {self.rejects_file}"
        if not self.is_dry_run:
            yield f"This was run {self.run}; --undo {self.run} takes back what it created"
        if self.failure:
            yield f"The run failed: {self.failure}"

    def _what_was_left(self) -> Iterable[str]:
        if self.missing:
            yield f"Tables that the old database does not have: {', '.join(self.missing)}"
        if self.unknown_tables:
            yield f"Tables that were not understood and left alone: {', '.join(self.unknown_tables)}"
        for table in self.tables:
            yield from _columns(table)
        if self.courses_created:
            count, titles = len(self.courses_created), ", ".join(self.courses_created[:EXAMPLES])
            yield f"Courses made of titles that nobody knew, unpublished: {count} ({titles})"


def _columns(table: TableReport) -> Iterable[str]:
    if table.switches:
        switches = "; ".join(f"{field} by {', '.join(names)}" for field, names in table.switches.items())
        yield f"Columns of {table.table} that may switch a row off: {switches}"
    if table.unused_columns:
        yield f"Columns of {table.table} that were left alone: {', '.join(table.unused_columns)}"
