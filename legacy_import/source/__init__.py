"""The reading half: an old database, whatever its dialect, as streams of rows. Nothing here writes to it."""

from pathlib import Path

from legacy_import.dates import zone_named
from legacy_import.rows import Row, Value
from legacy_import.source.address import parse_address, redacted
from legacy_import.source.base import Column, Source, SourceError
from legacy_import.source.mysql import MysqlSource
from legacy_import.source.sqlite import SqliteSource

__all__ = ["Column", "Row", "Source", "SourceError", "Value", "open_source", "read_schema", "redacted"]


def open_source(connection: str, *, timezone: str = "UTC") -> Source:
    """Open an old database for reading, in one snapshot; use it with `with`.

    `timezone` is meant for dates without a zone; it is checked here, before the first row is read.

    :raises SourceError: if the address, the zone, the server or the file is wrong; within seconds and in one line
    """
    try:
        zone_named(timezone)
    except ValueError as error:
        raise SourceError(str(error)) from None
    address = parse_address(connection)
    if isinstance(address, Path):
        return SqliteSource(address, timezone=timezone)
    return MysqlSource(address, timezone=timezone)


def read_schema(source: Source) -> dict[str, list[str]]:
    """Name all tables with their columns, as `understand` wants them."""
    return {table: [column.name for column in source.columns(table)] for table in source.tables()}
