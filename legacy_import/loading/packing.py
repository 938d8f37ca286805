"""Columns of texts put together to rows as a database takes them: lines for COPY, or tuples. Pure."""

from collections.abc import Sequence
from typing import Any

ESCAPES = str.maketrans({"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"})
NULL = "\\N"
Column = Sequence[str]
NullableColumn = Sequence[str | None]


def pack(texts: Sequence[Column], plain: Sequence[NullableColumn] = (), *, as_lines: bool) -> list[Any]:
    """Return the rows; `texts` may hold any text, `plain` what needs no escaping and may be NULL."""
    if as_lines:
        return beside(_lines(texts), plain)
    return list(zip(*texts, *plain, strict=True))


def pack_records(
    legacy_ids: Column, object_ids: Column, checksums: Sequence[int], written: Sequence[int], *, as_lines: bool
) -> list[Any]:
    """Return what is remembered of rows."""
    return pack([legacy_ids, object_ids, list(map(str, checksums)), list(map(str, written))], as_lines=as_lines)


def beside(lines: list[str], plain: Sequence[NullableColumn]) -> list[str]:
    """Return lines with more columns at their ends."""
    if not plain:
        return lines
    return list(map("\t".join, zip(lines, *map(_with_nulls, plain), strict=True)))


def escaped(text: str) -> str:
    """Write a text so that it is one value of a line."""
    return text.translate(ESCAPES)


def _lines(texts: Sequence[Column]) -> list[str]:
    lines = list(map("\t".join, zip(*texts, strict=True)))
    if _are_as_they_are(lines, len(texts) - 1):
        return lines
    rows = zip(lines, *texts, strict=True)
    return [line if _is_as_it_is(line, len(texts) - 1) else "\t".join(map(escaped, row)) for line, *row in rows]


def _are_as_they_are(lines: Sequence[str], tabs: int) -> bool:
    """Look at all lines at once: one search for each of the four characters, and most have none to escape."""
    whole = "\n".join(lines)
    return not (
        "\\" in whole
        or "\r" in whole
        or whole.count("\n") >= max(1, len(lines))
        or whole.count("\t") != tabs * len(lines)
    )


def _is_as_it_is(line: str, tabs: int) -> bool:
    return not ("\\" in line or "\n" in line or "\r" in line or line.count("\t") != tabs)


def _with_nulls(column: NullableColumn) -> Column:
    return [NULL if value is None else value for value in column] if None in column else column  # type: ignore[return-value]
