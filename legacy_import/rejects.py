"""The rejected rows in a file, one JSON object a line, with the reason: to be repaired and fed back.

| member | what it is |
|---|---|
| `kind`, `table` | what the row is to become, and where it comes from |
| `key` | the column that tells the rows of the table apart; null where there is none |
| `legacy_id`, `reason` | which row it is, and why it was rejected |
| `row` | the row under the source's own names; repair it here |

Bytes are `{"base64": "…"}`, dates are ISO 8601, exact numbers are texts. Passwords and
whatever else lets somebody in (secret_names.py) are not in the file; when it is fed back they come from the source
again, as does every column that was taken out of `row`.
"""

import base64
import json
import os
import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Any, NamedTuple, Self, TextIO

from legacy_import.clean import as_text
from legacy_import.rows import Row, Value
from legacy_import.secret_names import is_secret_name
from legacy_import.synonyms import Kind

JSON_KEY = re.compile(r'"([^"]*)"\s*:')
LONGEST_LINE = 64 * 2**20  # characters


class RejectsFileError(ValueError):
    """A file of rejected rows cannot be fed back; one line that names the line in it."""


class Repaired(NamedTuple):
    """One line of the file, to be tried again."""

    line: int
    kind: Kind
    table: str
    key: str | None
    legacy_id: str | None
    reason: str
    row: Row


class RejectsFile:
    """Made at the first rejected row and not before; only its owner may read it, for it holds people's data.

    Passwords and their hashes are left out, whatever their columns are called, and JSON that has such a key.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    @property
    def is_written(self) -> bool:
        """Whether any row was rejected."""
        return self._file is not None

    def write(
        self,
        *,
        kind: str,
        table: str,
        key: str | None,
        legacy_id: str | None,
        reason: str,
        row: Mapping[str, Value],
        secrets: Collection[str],
    ) -> None:
        """Add a row; `secrets` are the columns that are known to hold passwords."""
        if self._file is None:
            self._file = _private_file(self.path)
        shown = {name: value for name, value in row.items() if name == key or not _is_secret(name, value, secrets)}
        line = {"kind": kind, "table": table, "key": key, "legacy_id": legacy_id, "reason": reason, "row": shown}
        self._file.write(json.dumps(line, default=_as_text, ensure_ascii=True) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def read_rejects(path: Path) -> Iterator[Repaired]:
    """Read a file of rejected rows, line by line; empty lines are skipped.

    :raises RejectsFileError: at the first line that is none of ours, or if the file cannot be read
    """
    try:
        with path.open(encoding="utf-8") as file:
            for number, line in enumerate(file, start=1):
                if len(line) > LONGEST_LINE:
                    raise RejectsFileError(f"{path.name}, line {number}: it is too long.")
                if line.strip():
                    yield _repaired(path.name, number, line)
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is not UTF-8"
        raise RejectsFileError(f"{path.name} cannot be read: {reason}.") from None


def _repaired(name: str, number: int, line: str) -> Repaired:
    try:
        said = json.loads(line)
        row, key = said["row"], said.get("key")
        kind = Kind(said["kind"])
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise RejectsFileError(f"{name}, line {number}: it is no rejected row with a kind and a row.") from None
    if not isinstance(row, dict) or not (key is None or isinstance(key, str)):
        raise RejectsFileError(f"{name}, line {number}: its row or its key is none.")
    values = Row({column: _value(value) for column, value in row.items()})
    legacy_id = None if said.get("legacy_id") is None else str(said["legacy_id"])
    return Repaired(number, kind, str(said.get("table", "")), key, legacy_id, str(said.get("reason", "")), values)


def _value(value: Any) -> Value:
    if isinstance(value, dict) and value.keys() == {"base64"}:
        try:
            return base64.b64decode(str(value["base64"]), validate=True)
        except ValueError:
            return str(value["base64"])
    if isinstance(value, dict | list):
        return json.dumps(value)
    return value if value is None or isinstance(value, bool | int | float | str) else str(value)


def _is_secret(column: str, value: Value, secrets: Collection[str]) -> bool:
    return column in secrets or is_secret_name(column) or _holds_secret(value)


def _holds_secret(value: Value) -> bool:
    """Whether a value is JSON that has a secret somewhere: `{"password": "…"}` in a column `data`."""
    text = as_text(value) if isinstance(value, str | bytes) else ""
    return text.lstrip()[:1] in ("{", "[", '"') and any(map(is_secret_name, set(JSON_KEY.findall(text))))


def _private_file(path: Path) -> TextIO:
    """O_EXCL: whoever may write into the folder could have put a link or an own file there first."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _as_text(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return value.isoformat() if isinstance(value, date | time) else _plain(value)


def _plain(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else str(value)
