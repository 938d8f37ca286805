"""Takes the rows of a result off the wire: PyMySQL's connection, parsed by the compiled parser of asyncmy.

That is four times as fast as PyMySQL's own reading (docs/performance.md). Its connection stays for its TLS, its login,
and because one connection is one snapshot.

Most pieces of the stream hold nothing strange, so each is first read strictly: texts as UTF-8, dates by the calendar.
In a piece where that fails all rows are read again with patience: bytes that are no UTF-8 become U+FFFD and are marked,
a date that the calendar does not have stays the text that it is. Both ways give the same values where both give any.
"""

import datetime as dt
from collections.abc import Callable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import pymysql
from asyncmy.protocol import parse_rows_from_buffer
from pymysql.connections import MySQLResult
from pymysql.constants import CR, FIELD_TYPE
from pymysql.converters import convert_timedelta
from pymysql.protocol import MysqlPacket

from legacy_import.source.base import decode_text

PIECE = 256 * 1024  # bytes asked for at once
STRICT_FAILURES = 20  # pieces; a table with more of them is read with patience at once
BINARY = 63  # the number of the character set that is none
BIG_PACKET = 0xFFFFFF  # a packet of this length goes on in the next

RAW, UTF8, ASCII = 0, 1, 2  # how the parser makes a value of bytes before it calls the converter
Converter = tuple[int, str | None, Callable[[Any], Any] | None]

_TEXTS = frozenset(
    {
        FIELD_TYPE.BLOB,
        FIELD_TYPE.LONG_BLOB,
        FIELD_TYPE.MEDIUM_BLOB,
        FIELD_TYPE.TINY_BLOB,
        FIELD_TYPE.STRING,
        FIELD_TYPE.VAR_STRING,
        FIELD_TYPE.VARCHAR,
        FIELD_TYPE.ENUM,
        FIELD_TYPE.SET,
        FIELD_TYPE.GEOMETRY,
    }
)
_WHOLE = (FIELD_TYPE.TINY, FIELD_TYPE.SHORT, FIELD_TYPE.INT24, FIELD_TYPE.LONG, FIELD_TYPE.LONGLONG, FIELD_TYPE.YEAR)


def _strict_timestamp(text: str) -> dt.datetime:
    """A TIMESTAMP is an instant, told in the session's zone, which is UTC; a DATETIME stays without a zone."""
    return dt.datetime.fromisoformat(text + "Z")


def _or_text(convert: Callable[[str], Any]) -> Callable[[str], Any]:
    def patient(text: str) -> Any:
        try:
            return convert(text)
        except ValueError:
            return text

    return patient


_STRICT: dict[int, Converter] = {
    **dict.fromkeys(_WHOLE, (RAW, None, int)),
    FIELD_TYPE.FLOAT: (ASCII, "ascii", float),
    FIELD_TYPE.DOUBLE: (ASCII, "ascii", float),
    FIELD_TYPE.DECIMAL: (ASCII, "ascii", Decimal),
    FIELD_TYPE.NEWDECIMAL: (ASCII, "ascii", Decimal),
    FIELD_TYPE.DATETIME: (ASCII, "ascii", None),  # as text: dates.py knows what it means, instants.py how to hurry
    FIELD_TYPE.TIMESTAMP: (ASCII, "ascii", _strict_timestamp),
    FIELD_TYPE.DATE: (ASCII, "ascii", dt.date.fromisoformat),
    FIELD_TYPE.NEWDATE: (ASCII, "ascii", dt.date.fromisoformat),
    FIELD_TYPE.TIME: (ASCII, "ascii", convert_timedelta),
    FIELD_TYPE.BIT: (RAW, None, None),
}
_DATES = (FIELD_TYPE.TIMESTAMP, FIELD_TYPE.DATE, FIELD_TYPE.NEWDATE)


class RowStream:
    """What is left of one unbuffered result."""

    def __init__(self, connection: Any, result: MySQLResult) -> None:
        """`connection` is PyMySQL's, which has sent the query and read the columns."""
        self._connection, self._result = connection, result
        fields: Sequence[Any] = result.fields  # type: ignore[attr-defined]  # the stubs do not know it
        self._strict = tuple(_strict_converter(field) for field in fields)
        self._patient = tuple(_patient_converter(field) for field in fields)
        self._failures = 0
        self._buffer, self._position = bytearray(), 0

    def pieces(self) -> Iterator[list[tuple[Any, ...]]]:
        """Yield the rows in pieces as they arrive.

        :raises pymysql.MySQLError: if the server reports an error or hangs up
        """
        while self._result.unbuffered_active:
            if rows := self._parsed():
                yield rows
            elif self._holds_packet():
                if single := self._take_packet():
                    yield [single]
            else:
                self._fill()

    def drain(self) -> None:
        """Read to the end, for the protocol knows no other way to stop; at once if the stream was abandoned."""
        for _ in self.pieces():
            pass

    def _parsed(self) -> list[tuple[Any, ...]]:
        """Take all whole rows that have arrived."""
        if self._failures < STRICT_FAILURES:
            try:
                return self._parse(self._strict)
            except ValueError:
                self._failures += 1
        return self._parse(self._patient)

    def _parse(self, converters: tuple[Converter, ...]) -> list[tuple[Any, ...]]:
        rows: list[tuple[Any, ...]] = []
        self._position, self._connection._next_seq_id = parse_rows_from_buffer(
            self._buffer, self._position, len(self._buffer), converters, self._connection._next_seq_id, rows
        )
        return rows

    def _fill(self) -> None:
        """Wait for more, no longer than the connection's read timeout."""
        del self._buffer[: self._position]
        self._position = 0
        try:
            self._connection._sock.settimeout(self._connection._read_timeout)
            piece = self._connection._rfile.read1(PIECE)
        except OSError as error:
            raise self._lost(str(error)) from error
        if not piece:
            raise self._lost("the server hung up")
        self._buffer += piece

    def _lost(self, why: str) -> pymysql.OperationalError:
        self._connection._force_close()
        return pymysql.OperationalError(CR.CR_SERVER_LOST, why)

    def _holds_packet(self) -> bool:
        left = len(self._buffer) - self._position
        return left >= 4 and left >= 4 + self._length()

    def _length(self) -> int:
        return int.from_bytes(self._buffer[self._position : self._position + 3], "little")

    def _take_packet(self) -> tuple[Any, ...] | None:
        """Take what the parser does not: the end, an error, or a row of more than 16 MiB. PyMySQL knows them."""
        packet = MysqlPacket(self._payload(), self._connection.encoding)
        packet.check_error()
        if packet.is_eof_packet():
            self._result.unbuffered_active = False
            self._result.connection = None
            return None
        row: tuple[Any, ...] = self._result._read_row_from_packet(packet)  # type: ignore[attr-defined]  # as above
        return row

    def _payload(self) -> bytes:
        payload = bytearray()
        while True:
            while not self._holds_packet():
                self._fill()
            size, number = self._length(), self._buffer[self._position + 3]
            if number != self._connection._next_seq_id:
                raise self._lost("the packets are out of order")
            self._connection._next_seq_id = (number + 1) % 256
            payload += self._buffer[self._position + 4 : self._position + 4 + size]
            self._position += 4 + size
            if size < BIG_PACKET:
                return bytes(payload)


def _strict_converter(field: Any) -> Converter:
    if field.type_code in _STRICT:
        return _STRICT[field.type_code]
    return (RAW, None, None) if _is_binary(field) else (UTF8, "utf8", None)


def _patient_converter(field: Any) -> Converter:
    way, encoding, convert = _strict_converter(field)
    if way == UTF8:
        return RAW, None, decode_text
    return (way, encoding, _or_text(convert)) if convert and field.type_code in _DATES else (way, encoding, convert)


def _is_binary(field: Any) -> bool:
    """A JSON column of MySQL is called binary and is UTF-8 all the same."""
    return field.type_code in _TEXTS and field.charsetnr == BINARY
