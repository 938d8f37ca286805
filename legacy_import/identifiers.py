"""Ids of the old database as texts, the same however the source types them. Pure."""

import hashlib
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import cast

from legacy_import.clean import as_text, clean_text
from legacy_import.record import LEGACY_ID_LENGTH, Answers, Get, Step, Table, check_length, constant
from legacy_import.rows import Chunk, Identity, Note, Row, RowRefused, Value


def read_id(get: Get, field: str) -> Callable[[Row], str | None]:
    """Return what reads an id as text, the same however the source types it; None where there is none."""

    def read(row: Row) -> str | None:
        value = get(row)
        if type(value) is int and -(10**18) < value < 10**18:
            return str(value)
        written = _id_text(value)
        check_length(field, written, LEGACY_ID_LENGTH)
        return written or None

    return read


def _id_text(value: Value) -> str:
    written = as_text(value).strip()
    if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
        written = as_text(value.to_integral_value())  # 7.00 and 7 are one id
    if isinstance(value, bytes) and not (written.isascii() and written.isprintable()):
        return value.hex()  # a UUID kept as BINARY(16)
    return clean_text(written).text.strip()


def identifier(table: Table, field: str, *, into: str) -> Step:
    """Write the old id of something else."""
    if not table.has(field):
        return constant(into, None)
    read = read_id(table.get(field), field)

    def step(row: Row, fields: dict[str, object], _notes: list[Note]) -> None:
        fields[into] = read(row)

    def bulk(values: Sequence[Value]) -> Answers:
        ids = texts_of_ids(values)
        others = [position for position, one in enumerate(ids) if one is None and values[position] is not None]
        return Answers({into: ids}, others)

    return table.columnwise(field, step, bulk)


def texts_of_ids(values: Sequence[Value]) -> list[str | None]:
    """Return ids that are plain numbers as texts, None for all others."""
    if set(map(type, values)) == {int}:
        numbers = cast("Sequence[int]", values)
        if min(numbers) > -(10**18) and max(numbers) < 10**18:
            return list(map(str, numbers))
    return [str(value) if type(value) is int and -(10**18) < value < 10**18 else None for value in values]


def read_legacy_id(table: Table) -> Callable[[Row], str]:
    """Return what reads the row's own id.

    A table without any id column gets ids of the columns that tell its rows apart. Where nothing does, they are made
    of the rows' content: a rerun meets the same ones, but a row that changed is a new one.
    """
    if not table.has("id"):
        return _read_identity(table.layout.identity) if table.layout.identity else _id_of_content
    read = read_id(table.get("id"), "id")

    def legacy_id(row: Row) -> str:
        found = read(row)
        if found is None:
            raise RowRefused("the id is missing")
        return found

    return legacy_id


def texts_of_identities(identity: Identity, chunk: Chunk) -> list[str | None]:
    """Return ids that are made of plain numbers alone as texts, None for all others."""
    columns = [texts_of_ids(chunk.column(part[0])) for part in identity]
    return [_joined(cast("list[str]", parts)) if None not in parts else None for parts in zip(*columns, strict=True)]


def _read_identity(identity: Identity) -> Callable[[Row], str]:
    """Return what puts a row's id together. One of which a part is missing has no other id than its content."""

    def legacy_id(row: Row) -> str:
        parts = [next(filter(None, (_id_text(row[column]) for column in part)), "") for part in identity]
        return _joined(parts) if all(parts) else _id_of_content(row)

    return legacy_id


def _joined(parts: Sequence[str]) -> str:
    """Write several ids as one, and no others alike.

    One that is too long for our column becomes its digest, and so does one with an address in it: ids are named in
    reports, and stay when somebody is erased.
    """
    whole = ",".join(part.replace("\\", r"\\").replace(",", r"\,") for part in parts) if len(parts) > 1 else parts[0]
    return "key:" + _digest(whole) if len(whole) > LEGACY_ID_LENGTH or "@" in whole else whole


def _id_of_content(row: Mapping[str, Value]) -> str:
    content = repr(sorted((name, as_text(value)) for name, value in row.items()))
    return "content:" + _digest(content)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest()[:32]
