"""The rejected rows in a file, one JSON object a line, with the reason: to be repaired and fed back."""

import base64
import json
import os
import re
from collections.abc import Mapping
from datetime import date, time, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self, TextIO

from legacy_import.rows import Value

SECRET_COLUMN = re.compile(r"pass|pwd|hash|salt|secret|token", re.IGNORECASE)


class RejectsFile:
    """Made at the first rejected row and not before; only its owner may read it, for it holds people's data.

    Passwords and their hashes are left out, whatever their columns are called.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._file: TextIO | None = None

    @property
    def is_written(self) -> bool:
        """Whether any row was rejected."""
        return self._file is not None

    def write(
        self, *, kind: str, table: str, legacy_id: str | None, reason: str, row: Mapping[str, Value], secret: str | None
    ) -> None:
        """Add a row; `secret` is the column that is known to hold the password."""
        if self._file is None:
            self._file = _private_file(self.path)
        shown = {name: value for name, value in row.items() if name != secret and not SECRET_COLUMN.search(name)}
        line = {"kind": kind, "table": table, "legacy_id": legacy_id, "reason": reason, "row": shown}
        self._file.write(json.dumps(line, default=_as_text, ensure_ascii=True) + "\n")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._file is not None:
            self._file.close()


def _private_file(path: Path) -> TextIO:
    """O_EXCL: whoever may write into the folder could have put a link or an own file there first."""
    return os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8")


def _as_text(value: object) -> object:
    if isinstance(value, bytes):
        return {"base64": base64.b64encode(value).decode()}
    return value.isoformat() if isinstance(value, date | time) else _plain(value)


def _plain(value: object) -> object:
    return value.total_seconds() if isinstance(value, timedelta) else str(value)
