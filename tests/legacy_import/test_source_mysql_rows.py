"""Rows come off the wire whole, however the wire cuts them. No server is needed: the bytes are made here."""

import io
from collections.abc import Iterable, Iterator
from types import SimpleNamespace
from typing import Any

import pymysql
import pytest
from pymysql.connections import MySQLResult
from pymysql.constants import FIELD_TYPE

from legacy_import.source.mysql_rows import BIG_PACKET, RowStream

END = b"\xfe\0\0\0\0"
UTF8MB4 = 45


class Trickle(io.BytesIO):
    """A link that gives so many bytes at a time."""

    def __init__(self, content: bytes, step: int) -> None:
        super().__init__(content)
        self.step = step

    def read1(self, size: int | None = -1) -> bytes:
        return super().read1(min(self.step, size or self.step))


def text(value: str) -> bytes:
    """Write a text as a row of one column."""
    encoded = value.encode()
    if len(encoded) < 251:
        return bytes([len(encoded)]) + encoded
    return b"\xfe" + len(encoded).to_bytes(8, "little") + encoded


def packets(payloads: Iterable[bytes], *, first: int = 0) -> Iterator[bytes]:
    """Put headers before the payloads, and part those that are too long for one packet."""
    number = first
    for payload in payloads:
        for start in range(0, len(payload) + 1, BIG_PACKET):
            piece = payload[start : start + BIG_PACKET]
            yield len(piece).to_bytes(3, "little") + bytes([number % 256]) + piece
            number += 1


def stream_of(content: bytes, *, step: int = 1 << 18) -> RowStream:
    """Return the stream of a result with one text column."""
    connection: Any = SimpleNamespace(
        _rfile=Trickle(content, step),
        _sock=SimpleNamespace(settimeout=lambda _seconds: None),
        _read_timeout=1,
        _next_seq_id=0,
        _force_close=lambda: None,
        encoding="utf8",
    )
    result: Any = MySQLResult(connection)
    result.fields = [SimpleNamespace(type_code=FIELD_TYPE.VAR_STRING, charsetnr=UTF8MB4)]
    result.converters = [("utf8", None)]
    result.unbuffered_active = True
    return RowStream(connection, result)


def read(stream: RowStream) -> list[str]:
    """Return all values."""
    try:
        return [value for rows in stream.pieces() for (value,) in rows]
    finally:
        stream._result.unbuffered_active = False  # or the driver would read on when it is dropped


@pytest.mark.parametrize("step", [1, 3, 7, 1 << 18])
def test_rows_are_whole_however_few_bytes_arrive_at_once(step: int) -> None:
    values = [f"é {number}" for number in range(600)]  # the packets' numbers go round twice

    assert read(stream_of(b"".join(packets([*map(text, values), END])), step=step)) == values


def test_a_row_longer_than_a_packet_is_put_together() -> None:
    values = ["before", "x" * (BIG_PACKET + 5), "é" * BIG_PACKET, "after"]

    assert read(stream_of(b"".join(packets([*map(text, values), END])))) == values


def test_a_row_exactly_as_long_as_a_packet_is_put_together() -> None:
    values = ["x" * (BIG_PACKET - 9), "after"]

    assert read(stream_of(b"".join(packets([*map(text, values), END])))) == values


@pytest.mark.parametrize(
    "content",
    [
        b"".join(packets([text("a")])),
        b"".join(packets([text("a"), text("b")]))[:-1],
        b"".join(packets([text("a"), END], first=7)),
        b"".join([*packets([text("a")]), *packets([text("b")], first=9)]),
        b"",
    ],
)
def test_a_stream_that_ends_too_early_or_out_of_order_is_a_lost_connection(content: bytes) -> None:
    with pytest.raises(pymysql.OperationalError) as lost:
        read(stream_of(content))

    assert lost.value.args[0] == 2013


def test_an_error_in_the_stream_is_the_servers() -> None:
    error = b"\xff" + (1317).to_bytes(2, "little") + b"#70100Query execution was interrupted"

    with pytest.raises(pymysql.MySQLError, match="interrupted"):
        read(stream_of(b"".join(packets([text("a"), error]))))
