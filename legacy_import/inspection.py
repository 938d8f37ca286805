"""What the importer understands of an old database, before anything is imported: for people, and as a mapping file."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from io import StringIO

from rich.console import Console
from rich.table import Table as Shown
from rich.text import Text

from legacy_import.aliases import KNOWN, Kind, Layout, TableLayout, TableOverride
from legacy_import.mapping import compile_mapper
from legacy_import.masking import password_kinds, shown, shown_unknown
from legacy_import.rows import ImportOptions, Mapped, NoteKind, Rejected, Row
from legacy_import.source import Source, read_schema
from legacy_import.survey import read_layout

LOOKED_AT = 200  # rows of each table
WIDTH = 120
BEST_NAME, GOOD_NAME = 100, 90  # percent of confidence in a name that is our first synonym, or a later one
# Notes that say that a value was not understood, in contrast to those that say how it was.
DOUBTS = frozenset(
    {
        NoteKind.DATE_UNPARSABLE, NoteKind.EMAIL_UNUSUAL, NoteKind.NOT_A_STRIPE_ID, NoteKind.NOT_AN_IP_ADDRESS,
        NoteKind.NUMBER_UNPARSABLE, NoteKind.PRICE_UNPARSABLE, NoteKind.UNKNOWN_CURRENCY, NoteKind.UNKNOWN_FLAG,
        NoteKind.UNKNOWN_LEVEL, NoteKind.UNKNOWN_ROLE, NoteKind.UNKNOWN_STATUS, NoteKind.UNUSABLE,
    }
)  # fmt: skip


@dataclass(frozen=True)
class Found:
    """One column that is understood. `confidence` is in percent: of the name, times the share of values understood."""

    field: str
    column: str
    sample: str
    confidence: int


@dataclass(frozen=True)
class Looked:
    """One table, its columns, and what of the rows that were looked at would be rejected."""

    kind: Kind
    layout: TableLayout
    count: int
    columns: list[Found]
    left_over: list[tuple[str, str, str]]
    """Name, declared type and sample of each column that is not understood."""
    refusals: list[str]


@dataclass(frozen=True)
class Inspection:
    """What was understood of a database, and what was not."""

    tables: list[Looked]
    layout: Layout
    unknown: list[tuple[str, int, list[str]]]
    """Name, number of rows and columns of each table that is not understood."""

    def as_text(self) -> str:
        """Return it as people read it."""
        console = Console(file=StringIO(), width=WIDTH, no_color=True, highlight=False, markup=False, emoji=False)
        for looked in self.tables:
            console.print(_shown(looked))
            for refusal in looked.refusals:
                console.print(Text(f"Would be rejected: {refusal}"), soft_wrap=True)
        for line in self._what_is_left():
            console.print(Text(line), soft_wrap=True)
        return str(console.file.getvalue())  # type: ignore[attr-defined]  # it is the StringIO from above

    def as_toml(self) -> str:
        """Return it as a mapping file that means what was understood."""
        lines = ["# Written by import_from_nodejs --inspect. Edit it and pass it back with --mapping.", ""]
        for looked in self.tables:
            lines += _as_toml(looked)
        return "\n".join([*lines, *(f"# {line}" for line in self._what_is_left()), ""])

    def _what_is_left(self) -> Iterator[str]:
        if self.layout.missing:
            yield f"Not found in this database: {', '.join(self.layout.missing)}"
        for name, count, columns in self.unknown:
            yield _one_line(f"Table that is not understood: {name} ({count:,} rows): {', '.join(columns)}")


def inspect(source: Source, overrides: Mapping[str, TableOverride] | None = None) -> Inspection:
    """Look at an old database and say what an import would make of it; only the beginning of each table is read.

    :raises LayoutError: as read_layout
    :raises MappingFileError: as read_layout
    """
    layout = read_layout(source, overrides)
    schema = read_schema(source)
    tables = [_look_at(source, kind, table) for kind, table in layout.tables.items()]
    unknown = [(name, source.count(name) if schema[name] else 0, schema[name]) for name in layout.unknown_tables]
    return Inspection(tables, layout, unknown)


def _look_at(source: Source, kind: Kind, table: TableLayout) -> Looked:
    rows = source.first_rows(table.table, limit=LOOKED_AT)
    map_row = compile_mapper(kind, table, ImportOptions(timezone=source.timezone))
    results = [map_row(row) for row in rows]
    found = [(field, column) for field in table.columns for column in table.columns_of(field)]
    columns = [_found(looked_for, table, rows, results, kind) for looked_for in found]
    types = {column.name: column.type for column in source.columns(table.table)}
    left = [(name, types.get(name, ""), _sample_of(rows, name)) for name in table.unused]
    reasons = dict.fromkeys(f"{one.reason}" for one in results if isinstance(one, Rejected))
    return Looked(kind, table, source.count(table.table), columns, left, list(reasons))


def _found(
    looked_for: tuple[str, str], table: TableLayout, rows: list[Row], results: list[Mapped | Rejected], kind: Kind
) -> Found:
    field, column = looked_for
    doubted = sum(
        any(note.kind in DOUBTS and note.field.partition(" ")[0] == field for note in one.notes)
        for one in results
        if isinstance(one, Mapped)
    )
    understood = 1 - doubted / len(results) if results else 1
    sample = _shown_sample(table, field, column, rows)
    return Found(field, column, sample, round(_name_confidence(kind, field, column) * understood))


def _name_confidence(kind: Kind, field: str, column: str) -> int:
    best = KNOWN[kind].fields[field].split()[0].replace("_", "")
    return BEST_NAME if best == "".join(filter(str.isalnum, column)).lower() else GOOD_NAME


def _shown_sample(table: TableLayout, field: str, column: str, rows: list[Row]) -> str:
    if field == "password" and column not in table.json:
        return password_kinds(rows, column, table.columns.get("salt", ""), table.passwords)
    if field in ("password", "salt"):
        return "(hidden)"
    base, _, key = column.partition(".") if column in table.json else (column, "", "")
    values = [row[base] for row in rows if row[base] not in (None, "")]
    return (f"JSON, {key}" if key else shown(field, values[0])) if values else "NULL"


def _sample_of(rows: list[Row], column: str) -> str:
    values = [row[column] for row in rows if row[column] not in (None, "")]
    return shown_unknown(column, values[0]) if values else "NULL"


def _shown(looked: Looked) -> Shown:
    table = Shown(
        title=_one_line(f"{looked.layout.table} ({looked.count:,} rows) → {looked.kind}"), title_justify="left"
    )
    for name in ("column", "our field", "sample"):
        table.add_column(name)
    table.add_column("confidence", justify="right")
    for one in looked.columns:
        table.add_row(Text(_one_line(one.column)), one.field, Text(one.sample), f"{one.confidence} %")
    for name, kind, sample in looked.left_over:
        table.add_row(Text(_one_line(name)), Text(f"left over ({_one_line(kind)})"), Text(sample), "")
    return table


def _as_toml(looked: Looked) -> Iterator[str]:
    table = looked.layout
    yield f"[{looked.kind}]  # {looked.count:,} rows"
    yield f"table = {_quoted(table.table)}"
    if table.key:
        yield f"key = {_quoted(table.key)}"
    for name in ("timezone", "currency", "price_unit"):
        if (value := getattr(table, name)) is not None:
            yield f"{name} = {_quoted(value)}"
    yield f"\n[{looked.kind}.columns]"
    for field in table.columns:
        yield from _columns_as_toml(field, [one for one in looked.columns if one.field == field])
    for name, kind, _ in looked.left_over:
        yield f"# left over: {_one_line(name)} ({_one_line(kind)})"
    yield from _values_as_toml(looked)
    yield ""


def _columns_as_toml(field: str, found: list[Found]) -> Iterator[str]:
    written = [(_quoted(one.column), f"# {one.confidence} %, {_one_line(one.sample)}") for one in found]
    if len(written) == 1:
        yield f"{field} = {written[0][0]}  {written[0][1]}"
        return
    yield f"{field} = [  # each counts: any may switch a row off"
    yield from (f"    {column},  {comment}" for column, comment in written)
    yield "]"


def _values_as_toml(looked: Looked) -> Iterator[str]:
    for field, words in looked.layout.values.items():
        yield f"\n[{looked.kind}.values.{field}]"
        yield from (f"{_quoted(theirs)} = {_quoted(ours)}" for theirs, ours in words.items())
    rules = looked.layout.passwords
    changed = {name: value for name, value in vars(rules).items() if value != getattr(type(rules)(), name)}
    if changed:
        yield f"\n[{looked.kind}.passwords]"
        yield from (f"{name} = {json.dumps(value)}" for name, value in changed.items())


def _quoted(text: str) -> str:
    return json.dumps(text.encode("utf-8", "replace").decode(), ensure_ascii=False).replace("\x7f", "\\u007f")


def _one_line(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)
