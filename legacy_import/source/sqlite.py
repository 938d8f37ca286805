"""Reads a SQLite file, live or at rest."""

import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from legacy_import.rows import Chunk, Identity, Row, Value
from legacy_import.source.base import (
    Column,
    Dialect,
    Source,
    check_key,
    could_be_key,
    decode_text,
    in_batches,
    is_the_key,
    quoted,
    selection,
    the_one,
    together,
)
from legacy_import.source.sqlite_file import ReadOnlyFile

PIECE = 500  # rows taken at once
UNDECODABLE = "Could not decode to UTF-8"
TABLES = r"""
    SELECT name FROM sqlite_master
    WHERE type IN ('table', 'view') AND name NOT LIKE 'sqlite\_%' ESCAPE '\' ORDER BY type, name
"""
PRIMARY_KEY = "SELECT name FROM pragma_table_xinfo(?) WHERE pk > 0 ORDER BY pk"
COLUMNS = "SELECT name, type FROM pragma_table_xinfo(?) WHERE hidden <> 1"
# A column may hold values of any type; numbers sort before all texts, those of which some may be written like a number.
HOLDS = "SELECT EXISTS(SELECT 1 FROM {table} WHERE {column} < ''), EXISTS(SELECT 1 FROM {table} WHERE {column} >= '')"
ODD_TEXT = "{0} GLOB '*[^ -~]*' OR {0} GLOB ' *' OR {0} GLOB '* ' OR instr({0}, char(0))"
LIKE_A_NUMBER = " OR {0} GLOB '[-0-9]*'"
STRIPPED = "trim(CAST({0} AS TEXT), char(9, 10, 11, 12, 13, 28, 29, 30, 31, 32))"
ODD_ID = f"typeof({{0}}) = 'text' AND ({{1}}) OR typeof({{0}}) = 'blob' AND NOT {STRIPPED} GLOB '*[^ -~]*'"


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
        yield from in_batches(self._stream(self._selection(table, key, after), after), size=batch_size, key=key)

    def chunks(self, table: str, *, key: str | None, identity: Identity = ()) -> Iterator[Chunk]:
        yield from self._stream(self._selection(table, key, None, identity), None)

    def primary_key(self, table: str) -> list[str]:
        with self._reading():
            return [str(name) for (name,) in self._file.connection.execute(PRIMARY_KEY, (table,))]

    def first_rows(self, table: str, *, limit: int) -> list[Row]:
        return self._rows(_selection(table, self.columns(table), "LIMIT ?"), limit)

    def find_by(self, table: str, wanted: Mapping[str, Value]) -> Row | None:
        columns = self.columns(table)
        for key in wanted:
            check_key(table, columns, key=key, after=None)
        if not all(map(could_be_key, wanted.values())):
            return None
        condition = " AND ".join(f"{quoted(key)} = ?" for key in wanted)
        return the_one(self._rows(_selection(table, columns, "WHERE", condition, "LIMIT 1"), *wanted.values()), wanted)

    def odd_ids(self, table: str, columns: Sequence[str]) -> Chunk:
        odd = [condition for column in columns if (condition := self._odd(quoted(table), quoted(column)))]
        if not odd:
            return Chunk(tuple(columns), [])
        wanted = ", ".join(map(quoted, columns))
        return self._chunk(" ".join(["SELECT", wanted, "FROM", quoted(table), "WHERE", " OR ".join(odd)]))

    def close(self) -> None:
        self._file.close()

    def _selection(self, table: str, key: str | None, after: object | None, identity: Identity = ()) -> str:
        columns = self.columns(table)
        check_key(table, columns, key=key, after=after)
        order = self._stable_order(table, columns, identity) if key is None else quoted(key)
        beyond = [] if after is None else ["WHERE", order, "> ?"]
        return _selection(table, columns, *beyond, "ORDER BY", order)

    def _stream(self, sql: str, after: object | None) -> Iterator[Chunk]:
        """Read strictly, which is twice as fast; at the first text that is not UTF-8 go on with patience from there.

        The order of a query does not change within one snapshot, so the rows that were read already can be skipped.
        """
        arguments, taken = () if after is None else (after,), 0
        with self._reading():
            try:
                for piece in self._pieces(sql, arguments, text_factory=str):
                    yield piece
                    taken += len(piece.values)
            except sqlite3.OperationalError as error:
                if UNDECODABLE not in str(error):
                    raise
                yield from _behind(taken, self._pieces(sql, arguments, text_factory=decode_text))
            self._file.check_unchanged()

    def _pieces(
        self, sql: str, arguments: Sequence[object], *, text_factory: Callable[[bytes], str]
    ) -> Iterator[Chunk]:
        connection = self._file.connection
        cursor = connection.execute(sql, arguments)
        names = tuple(column[0] for column in cursor.description)
        while True:
            connection.text_factory = text_factory
            try:
                rows = cursor.fetchmany(PIECE)
            finally:
                connection.text_factory = decode_text
            if not rows:
                return
            yield Chunk(names, rows)

    def _odd(self, table: str, column: str) -> str:
        """Say in SQL which ids of a column are odd; "" where all are numbers, which an index tells at once."""
        ((has_numbers, has_others),) = self._all(HOLDS.format(table=table, column=column))
        texts = ODD_TEXT + LIKE_A_NUMBER if has_numbers else ODD_TEXT
        return ODD_ID.format(column, texts.format(column)) if has_others else ""

    def _rows(self, sql: str, *arguments: object) -> list[Row]:
        return self._chunk(sql, *arguments).rows()

    def _chunk(self, sql: str, *arguments: object) -> Chunk:
        with self._reading():
            cursor = self._file.connection.execute(sql, arguments)
            names = [column[0] for column in cursor.description]
            return Chunk(tuple(names), cursor.fetchall())

    def _all(self, sql: str) -> Sequence[Sequence[Value]]:
        with self._reading():
            return self._file.connection.execute(sql).fetchall()

    def _stable_order(self, table: str, columns: Sequence[Column], identity: Identity) -> str:
        """What tells the rows apart, and the rowid; views and tables WITHOUT ROWID are ordered by all they have."""
        order = together(identity, quoted)
        if identity and is_the_key(identity, self.primary_key(table)):
            return ", ".join(order)
        try:
            self._file.connection.execute(" ".join(["SELECT rowid FROM", quoted(table), "LIMIT 0"]))
        except sqlite3.OperationalError:
            return ", ".join([*order, *(str(position + 1) for position in range(len(columns)))])
        return ", ".join([*order, "rowid"])

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.Error as error:
            raise self._file.failure(error) from error


def _selection(table: str, columns: Sequence[Column], *rest: str) -> str:
    return selection(quoted(table), [quoted(column.name) for column in columns], *rest)


def _behind(taken: int, pieces: Iterator[Chunk]) -> Iterator[Chunk]:
    for piece in pieces:
        if taken < len(piece.values):
            yield Chunk(piece.names, piece.values[taken:])
        taken = max(0, taken - len(piece.values))
