"""Rejected rows that somebody repaired in their file, as if the old database had held them so."""

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

from legacy_import.aliases import Kind, Layout, TableLayout
from legacy_import.mapping import compile_mapper
from legacy_import.messages import Batch, Begun, OtherRow, RawRows
from legacy_import.rejects import RejectsFileError, Repaired, read_rejects
from legacy_import.row_checksums import RowChecksum
from legacy_import.rows import ImportOptions, Mapped, Row
from legacy_import.source import Source


def read_repaired(path: Path, layout: Layout) -> dict[Kind, list[Repaired]]:
    """Read the file and sort its rows by kind, parents before children.

    :raises RejectsFileError: if it cannot be read, or holds rows of a table that is not imported
    """
    found: dict[Kind, list[Repaired]] = defaultdict(list)
    for repaired in read_rejects(path):
        if repaired.kind not in layout.tables:
            raise RejectsFileError(f"{path.name}, line {repaired.line}: no table of {repaired.kind} is imported.")
        found[repaired.kind].append(repaired)
    return {kind: found[kind] for kind in layout.tables if kind in found}


def repaired_rows(
    source: Source, layout: Layout, found: dict[Kind, list[Repaired]], options: ImportOptions
) -> Iterator[Begun | Batch]:
    """Map the repaired rows; what their lines leave out (passwords, above all) comes from the old database again."""
    for kind, repaired in found.items():
        table = layout.tables[kind]
        yield Begun(kind, table, len(repaired))
        yield _batch(kind, table, [_whole(source, one) for one in repaired], options)


def _whole(source: Source, one: Repaired) -> Row:
    known = source.find(one.table, one.key, one.row[one.key]) if one.key and one.row.get(one.key) is not None else None
    return Row({**(known or {}), **one.row})


def _batch(kind: Kind, table: TableLayout, rows: list[Row], options: ImportOptions) -> Batch:
    map_row, checksum = compile_mapper(kind, table, options), RowChecksum(table, options)
    mapped = [map_row(row) for row in rows]
    others = [
        OtherRow(position, one, checksum(row), dict(row))
        for position, (row, one) in enumerate(zip(rows, mapped, strict=True))
        if isinstance(one, Mapped)
    ]
    rejected = [one for one in mapped if not isinstance(one, Mapped)]
    return Batch(kind, (), len(rows), 0, 0, None, others, rejected, {}, RawRows([]))
