"""Rows as CSV and as JSON lines."""

import csv
import enum
import io
import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

# With these a cell begins that a spreadsheet would calculate, or strip until it does (ASVS 1.2.10); the last four are
# the wide forms of the first four, which Excel takes for the same.
FORMULA_STARTS = frozenset("=+-@\t\r\n\0\uff1d\uff0b\uff0d\uff20")
# JSON has them stand as they are, but many programs take each for the end of a line.
LINE_ENDS = str.maketrans({"\x85": "\\u0085", "\u2028": "\\u2028", "\u2029": "\\u2029"})


class FileFormat(enum.StrEnum):
    """What a file is written in; also the end of its name."""

    CSV = "csv"
    JSONL = "jsonl"


def csv_lines(rows: Iterable[Iterable[object]]) -> str:
    """Return the rows as RFC 4180 has it; no cell of them is a formula."""
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerows([plain_cell(value) for value in row] for row in rows)
    return text.getvalue()


def plain_cell(value: object) -> str:
    """Return the text of a cell, behind a quote if a spreadsheet would take it for a formula.

    A text of quotes and then such a character gets one more, so that taking one quote away always gives the original.
    """
    text = _text(value)
    return f"'{text}" if text.lstrip("'")[:1] in FORMULA_STARTS else text


def json_lines(rows: Iterable[Mapping[str, Any]]) -> str:
    """Return each row as an object on a line of its own, with its values as they are."""
    lines = (json.dumps(row, default=_text, ensure_ascii=False) for row in rows)
    return "".join(f"{line.translate(LINE_ENDS)}\n" for line in lines)


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(map(str, value))
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False, sort_keys=True)
    return value.isoformat() if isinstance(value, datetime) else str(value)
