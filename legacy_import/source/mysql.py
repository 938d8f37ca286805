"""Reads a MySQL or MariaDB database; a user who may only SELECT suffices."""

import codecs
import datetime as dt
import socket
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import pymysql
from pymysql.connections import MySQLResult
from pymysql.constants import ER, FIELD_TYPE
from pymysql.converters import conversions
from pymysql.cursors import Cursor, SSCursor

from legacy_import.rows import Chunk, Identity, Row, Value
from legacy_import.source.address import MysqlAddress
from legacy_import.source.base import (
    Column,
    Dialect,
    Source,
    SourceError,
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
from legacy_import.source.mysql_rows import RowStream
from legacy_import.source.mysql_schema import COLUMNS, MOVING, PRIMARY_KEY, TABLES, odd_id

CONNECT_SECONDS = 5
READ_SECONDS = 30
# The server hangs up on a client that takes no row for this long: rows may wait while passwords are hashed.
PATIENCE_SECONDS = 600
SESSION = (
    "SET SESSION time_zone = '+00:00'",
    f"SET SESSION net_write_timeout = {PATIENCE_SECONDS}",
    "SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ",
    "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY",
)
REFUSALS = {
    ER.ACCESS_DENIED_ERROR: "refused the user or the password",
    ER.DBACCESS_DENIED_ERROR: "does not let this user into the database",
    ER.BAD_DB_ERROR: "has no such database",
    ER.CON_COUNT_ERROR: "has too many connections already",
}
LOST = frozenset({2006, 2013})  # CR_SERVER_GONE_ERROR and CR_SERVER_LOST of the MySQL client errors
UTF8 = "utf8_repaired"


def _decode(raw: Any, _errors: str = "strict", /) -> tuple[str, int]:
    encoded = bytes(raw)
    return decode_text(encoded), len(encoded)


def _find_codec(name: str) -> codecs.CodecInfo | None:
    return codecs.CodecInfo(codecs.utf_8_encode, _decode, name=UTF8) if name == UTF8 else None


def _timestamp(text: str) -> dt.datetime | dt.date | str:
    """A TIMESTAMP is an instant, told in the session's zone, which is UTC; a DATETIME stays without a zone."""
    value = pymysql.converters.convert_datetime(text)
    return value.replace(tzinfo=dt.UTC) if isinstance(value, dt.datetime) else value


# PyMySQL decodes with the connection's codec and stops in mid-stream at a byte that is not UTF-8, such as the
# half emoji that MariaDB stores without complaint. This codec repairs it and says so.
codecs.register(_find_codec)
CONVERSIONS: Mapping[Any, Callable[..., Any]] = {
    **conversions,
    FIELD_TYPE.DATETIME: str,
    FIELD_TYPE.TIMESTAMP: _timestamp,
}


class _StreamCursor(SSCursor):
    """A stream that can be left where it is; the driver's own would read on to its end, even from a dead link."""

    _result: MySQLResult | None

    @property
    def result(self) -> MySQLResult:
        assert self._result is not None  # noqa: S101 - it was executed
        return self._result

    def abandon(self) -> None:
        if self._result is not None:
            self._result.unbuffered_active = False


class MysqlSource(Source):
    """An old database on a MySQL or MariaDB server, as it was when it was opened.

    The application may go on writing. A server that stops answering is given up after READ_SECONDS; closing a
    stream before its end waits for the rest of the table, since the protocol knows no other way to stop.
    """

    dialect: Dialect = "mysql"

    def __init__(self, address: MysqlAddress, *, timezone: str) -> None:
        """:raises SourceError: if the server cannot be reached or lets us not in"""
        self.timezone = timezone
        self._server = address.server
        self._stream_cursor: _StreamCursor | None = None
        with self._talking():
            self._connection = _connect(address)
            try:
                for statement in SESSION:
                    self._ask(statement)
            except BaseException:
                self._connection.close()
                raise

    def tables(self) -> list[str]:
        return [str(name) for (name,) in self._ask(TABLES)]

    def columns(self, table: str) -> list[Column]:
        return [Column(str(name), str(kind)) for name, kind in self._ask(COLUMNS, table)]

    def moving_columns(self, table: str) -> frozenset[str]:
        return frozenset(str(name) for (name,) in self._ask(MOVING, table))

    def count(self, table: str) -> int:
        ((number,),) = self._ask(" ".join(["SELECT count(*) FROM", _quoted(table)]))
        return int(number)

    def rows(
        self, table: str, *, key: str | None, after: object | None = None, batch_size: int = 500
    ) -> Iterator[list[Row]]:
        yield from in_batches(self._stream(self._selection(table, key, after), after), size=batch_size, key=key)

    def chunks(self, table: str, *, key: str | None, identity: Identity = ()) -> Iterator[Chunk]:
        yield from self._stream(self._selection(table, key, None, identity), None)

    def primary_key(self, table: str) -> list[str]:
        columns = {column.name for column in self.columns(table)}  # a history adds the end of a row's time to the key
        return [name for (name,) in self._ask(PRIMARY_KEY, table) if name in columns]

    def first_rows(self, table: str, *, limit: int) -> list[Row]:
        return self._rows(_selection(table, self.columns(table), "LIMIT %s"), limit)

    def find_by(self, table: str, wanted: Mapping[str, Value]) -> Row | None:
        columns = self.columns(table)
        for key in wanted:
            check_key(table, columns, key=key, after=None)
        if not all(map(could_be_key, wanted.values())):
            return None
        condition = " AND ".join(f"{_quoted(key)} = %s" for key in wanted)
        return the_one(self._rows(_selection(table, columns, "WHERE", condition, "LIMIT 1"), *wanted.values()), wanted)

    def odd_ids(self, table: str, columns: Sequence[str]) -> Chunk:
        types = {column.name: column.type for column in self.columns(table)}
        odd = [condition for one in columns if one in types and (condition := odd_id(_quoted(one), types[one]))]
        if not odd:
            return Chunk(tuple(columns), [])
        wanted = ", ".join(map(_quoted, columns))
        return self._chunk(" ".join(["SELECT", wanted, "FROM", _quoted(table), "WHERE", " OR ".join(odd)]))

    def close(self) -> None:
        if self._stream_cursor:
            self._stream_cursor.abandon()
        if self._connection.open:
            self._connection.close()

    def _selection(self, table: str, key: str | None, after: object | None, identity: Identity = ()) -> str:
        columns = self.columns(table)
        check_key(table, columns, key=key, after=after)
        order = self._stable_order(table, columns, identity) if key is None else _quoted(key)
        beyond = [] if after is None else ["WHERE", order, "> %s"]
        return _selection(table, columns, *beyond, "ORDER BY", order)

    def _stable_order(self, table: str, columns: Sequence[Column], identity: Identity) -> str:
        """All that the rows have, behind what tells them apart."""
        order = together(identity, _quoted, cast="CAST({} AS BINARY)")
        if not (identity and is_the_key(identity, self.primary_key(table))):
            order += [str(position + 1) for position in range(len(columns))]
        return ", ".join(order)

    def _stream(self, sql: str, after: object | None) -> Iterator[Chunk]:
        self._refuse_while_streaming()
        self._stream_cursor = cursor = self._connection.cursor(_StreamCursor)
        stream: RowStream | None = None
        try:
            with self._talking():
                cursor.execute(sql, () if after is None else (after,))
                names = tuple(column[0] for column in cursor.description or ())
                stream = RowStream(self._connection, cursor.result)
                for values in stream.pieces():
                    yield Chunk(names, values)
            self._refuse_if_closed()
        except SourceError:
            cursor.abandon()
            raise
        finally:
            self._stream_cursor = None
            with self._talking():
                if stream:
                    stream.drain()
                cursor.close()

    def _ask(self, sql: str, *arguments: object) -> Sequence[Sequence[Any]]:
        self._refuse_while_streaming()
        with self._talking(), self._connection.cursor(Cursor) as cursor:
            cursor.execute(sql, arguments)
            return cursor.fetchall()

    def _rows(self, sql: str, *arguments: object) -> list[Row]:
        return self._chunk(sql, *arguments).rows()

    def _chunk(self, sql: str, *arguments: object) -> Chunk:
        self._refuse_while_streaming()
        with self._talking(), self._connection.cursor(Cursor) as cursor:
            cursor.execute(sql, arguments)
            names = [column[0] for column in cursor.description or ()]
            return Chunk(tuple(names), list(cursor.fetchall()))

    def _refuse_while_streaming(self) -> None:
        """A second question would make the driver throw away what is left of the stream without a word."""
        if self._stream_cursor:
            raise SourceError("Finish or close the stream of rows before asking the source anything else.")

    def _refuse_if_closed(self) -> None:
        """A stream that was abandoned by `close` ends like any other; what is missing must not go unnoticed."""
        if not self._connection.open:
            raise SourceError("The source was closed in the middle of a stream of rows.")

    @contextmanager
    def _talking(self) -> Iterator[None]:
        try:
            yield
        except (pymysql.MySQLError, OSError) as error:
            raise SourceError(_reason(self._server, error)) from error


def _connect(address: MysqlAddress) -> "pymysql.Connection[Cursor]":
    """TLS is used where the server offers it; PyMySQL does so by itself since 1.2."""
    connection = pymysql.Connection(
        host=address.host,
        port=address.port,
        user=address.user,
        password=address.password.encode(),
        database=address.database,
        charset="utf8mb4",
        conv=dict(CONVERSIONS),
        autocommit=None,
        read_timeout=READ_SECONDS,
        write_timeout=READ_SECONDS,
        defer_connect=True,
    )
    connection.connect(_greeted_socket(address))
    connection.encoding = UTF8
    return connection


def _greeted_socket(address: MysqlAddress) -> socket.socket:
    """A MySQL server speaks first. One that says nothing, or something else, must not cost the read timeout."""
    link = socket.create_connection((address.host, address.port), CONNECT_SECONDS)
    try:
        greeting = link.recv(4, socket.MSG_PEEK)
        link.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    except OSError:
        link.close()
        raise
    if greeting and greeting[3:4] in (b"", b"\0"):
        return link
    link.close()
    raise SourceError(f"{address.server} does not answer like a MySQL server.")


def _selection(table: str, columns: Sequence[Column], *rest: str) -> str:
    return selection(_quoted(table), [_quoted(column.name) for column in columns], *rest)


def _quoted(name: str) -> str:
    return quoted(name).replace("%", "%%")  # the driver fills in its arguments with the % operator


def _reason(server: str, error: Exception) -> str:
    if isinstance(error, socket.gaierror):
        return f"The host of {server} is not known."
    if isinstance(error, TimeoutError):
        return f"{server} does not answer."
    if isinstance(error, OSError):
        return f"{server} cannot be reached: {error.strerror or error}."
    code = error.args[0] if error.args else 0
    if code in LOST:
        return f"The connection to {server} was lost: run it again."
    return f"{server} {REFUSALS.get(code) or f'answered: {error.args[-1] if error.args else error}'}."
