"""Rejected rows that somebody repaired in their file, as if the old database had held them so."""

import math
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from legacy_import.aliases import Kind, Layout, TableLayout
from legacy_import.mapping import compile_mapper
from legacy_import.messages import Batch, Begun, OtherRow, RawRows
from legacy_import.rejects import RejectsFileError, Repaired, read_rejects
from legacy_import.repeats import is_repeat
from legacy_import.row_checksums import RowChecksum
from legacy_import.rows import ImportOptions, Mapped, Rejected, Row
from legacy_import.source import Source


def read_repaired(path: Path, layout: Layout) -> dict[Kind, list[Repaired]]:
    """Read the file and sort its rows by kind, parents before children.

    :raises RejectsFileError: if it cannot be read, or holds rows of a table that is not imported
    """
    found: dict[Kind, list[Repaired]] = defaultdict(list)
    for repaired in read_rejects(path):
        if problem := _problem_of(repaired, layout):
            raise RejectsFileError(f"{path.name}, line {repaired.line}: {problem}.")
        found[repaired.kind].append(repaired)
    return {kind: found[kind] for kind in layout.tables if kind in found}


def _problem_of(one: Repaired, layout: Layout) -> str:
    """Say why a line cannot be what this program wrote and somebody repaired."""
    table = layout.tables.get(one.kind)
    if table is None:
        return f"no table of {one.kind} is imported"
    if (one.table, one.key) != (table.table, table.key):
        return f"{one.kind} come from the table {table.table} with the key {table.key}"
    id_value = one.row.get(one.key) if one.key else None
    if isinstance(id_value, float) and not math.isfinite(id_value):
        return "its id is no number"
    if any(isinstance(value, str) and not _is_text(value) for value in one.row.values()):
        return "it holds half of a character"
    return ""


def _is_text(value: str) -> bool:
    return value.isascii() or not any("\ud800" <= letter <= "\udfff" for letter in value)


def repaired_rows(
    source: Source, layout: Layout, found: dict[Kind, list[Repaired]], options: ImportOptions
) -> Iterator[Begun | Batch]:
    """Map the repaired rows; what their lines leave out (passwords, above all) comes from the old database again."""
    for kind, repaired in found.items():
        table = layout.tables[kind]
        yield Begun(kind, table, len(repaired))
        yield _batch(kind, table, repaired, [_whole(source, table, one) for one in repaired], options)


def _whole(source: Source, table: TableLayout, one: Repaired) -> Row:
    columns = [one.key] if one.key else table.id_columns
    known = source.find_by(one.table, {column: one.row[column] for column in columns}) if columns else None
    return Row({**(known or {}), **one.row})


def _batch(kind: Kind, table: TableLayout, repaired: list[Repaired], rows: list[Row], options: ImportOptions) -> Batch:
    map_row, checksum = compile_mapper(kind, table, options), RowChecksum(table, options)
    mapped = [_refused_again(one, map_row(row), row) for one, row in zip(repaired, rows, strict=True)]
    others = [
        OtherRow(position, one, checksum(row), dict(row))
        for position, (row, one) in enumerate(zip(rows, mapped, strict=True))
        if isinstance(one, Mapped)
    ]
    rejected = [one for one in mapped if not isinstance(one, Mapped)]
    return Batch(kind, (), len(rows), 0, 0, None, others, rejected, {}, RawRows([]))


def _refused_again(line: Repaired, mapped: Mapped | Rejected, row: Row) -> Mapped | Rejected:
    """Keep a row out that still has the id of another one: it would take that one's place."""
    if mapped.legacy_id == line.legacy_id and is_repeat(line.legacy_id, line.reason):
        return Rejected(line.legacy_id, line.reason, dict(row))
    return mapped
