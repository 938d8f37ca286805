"""Reads a SQLite file, live or at rest."""

import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from legacy_import.rows import Row, Value
from legacy_import.source.base import (
    Column,
    Dialect,
    Source,
    check_key,
    in_batches,
    make_row,
    quoted,
    selection,
)
from legacy_import.source.sqlite_file import ReadOnlyFile

TABLES = r"""
    SELECT name FROM sqlite_master
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY type, name
"""
COLUMNS = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1"


class SqliteSource(Source):
    """An old database in a SQLite file.

    A database in rollback journal mode cannot be written to by its application while we read it: it waits, as
    for any reader. One in WAL mode can.
    """

    dialect: Dialect = "sqlite"

    def __init__(self, path: Path, *, timezone: str) -> None:
        """:raises SourceError: if there is no SQLite database, or none that can be read"""
        self.timezone = timezone
        self._file = ReadOnlyFile(path)

    def tables(self) -> list[str]:
        return [str(name) for (name,) in self._all(TABLES)]

    def columns(self, table: str) -> list[Column]:
        try:
            return [Column(str(name), str(kind)) for name, kind in self._file.connection.execute(COLUMNS, (table,))]
        except sqlite3.OperationalError:
            return []  # a view of a table that is gone

    def count(self, table: str) -> int:
        ((number,),) = self._all(" ".join(["SELECT count(*) FROM", quoted(table)]))
        return int(str(number))

    def rows(
        self, table: str, *, key: str | None, after: object | None = None, batch_size: int = 500
    ) -> Iterator[list[Row]]:
        columns = self.columns(table)
        check_key(table, columns, key=key, after=after)
        order = self._stable_order(table, columns) if key is None else quoted(key)
        sql = selection(quoted(table), beyond=f"{order} > ?" if after is not None else "", order=order)
        yield from in_batches(self._stream(sql, after), size=batch_size, key=key)

    def close(self) -> None:
        self._file.close()

    def _stream(self, sql: str, after: object | None) -> Iterator[Row]:
        with self._reading():
            cursor = self._file.connection.execute(sql, () if after is None else (after,))
            names = [column[0] for column in cursor.description]
            for values in cursor:
                yield make_row(names, values)
            self._file.check_unchanged()

    def _all(self, sql: str) -> Sequence[Sequence[Value]]:
        with self._reading():
            return self._file.connection.execute(sql).fetchall()

    def _stable_order(self, table: str, columns: Sequence[Column]) -> str:
        """The rowid where there is one; views and tables WITHOUT ROWID are ordered by all they have."""
        try:
            self._file.connection.execute(" ".join(["SELECT rowid FROM", quoted(table), "LIMIT 0"]))
        except sqlite3.OperationalError:
            return ", ".join(str(position + 1) for position in range(len(columns)))
        return "rowid"

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._file.failure(error) from error
