"""The checksum of a row as it was read: the same again means that nobody need look at it.

It is made of the columns that are understood, and under a key. The key comes from SECRET_KEY, for a row may hold a
plain password, and a digest of that at rest would be a weak hash. It also depends on everything that decides what a row
becomes here: the options, the columns' meaning, and the code of the mapping; where one of these changed, all rows are
looked at again, which takes time and changes nothing that stayed the same.
"""

from collections.abc import Mapping, Sequence
from datetime import datetime
from functools import cache
from hashlib import blake2b, sha256
from pathlib import Path

from django.conf import settings

from legacy_import.aliases import TableLayout
from legacy_import.digests import BYTES, SEPARATOR, checksums
from legacy_import.rows import Chunk, ImportOptions, Value
from titanobova.crypto import derive_key

THE_MAPPING = (
    "choices", "clean", "columns", "dates", "finishing", "identifiers", "instants", "mapping", "password_column",
    "password_forms", "passwords", "record", "rows", "texts", "values", "words",
)  # fmt: skip


class RowChecksum:
    """What sums up rows of one table, read with these options."""

    def __init__(self, table: TableLayout, options: ImportOptions) -> None:
        rules = repr((_in_order(vars(table)), _in_order(vars(options)), _code()))
        self._start = blake2b(digest_size=BYTES, key=derive_key(settings.SECRET_KEY, f"import checksums {rules}"))
        named = {name.partition(".")[0] if name in table.json else name for name in table.understood}
        self._names = sorted(named if table.has_ids else {*named, *table.unused})

    def __call__(self, row: Mapping[str, Value]) -> int:
        """Sum up one row."""
        return checksums([SEPARATOR.join([_sign(row[name]) for name in self._names])], self._start)[0]

    def all(self, chunk: Chunk) -> list[int]:
        """Sum up each row of a chunk."""
        columns = [_signs(chunk.column(name)) for name in self._names]
        return checksums(map(SEPARATOR.join, zip(*columns, strict=True)), self._start)


def _sign(value: Value) -> str:
    """Write a value so that no other one is written alike; a text has its quotes, and a date none."""
    return str(value) if type(value) is datetime else repr(value)


def _signs(values: Sequence[Value]) -> list[str]:
    types = set(map(type, values))
    if datetime not in types:
        return list(map(repr, values))
    return list(map(str if types == {datetime} else _sign, values))


def _in_order(rules: Mapping[str, object]) -> list[tuple[str, object]]:
    """List rules in one order: that of a set differs from process to process."""
    return [(name, sorted(value) if isinstance(value, frozenset) else value) for name, value in rules.items()]


@cache
def _code() -> str:
    """Sum up the code that says what a row becomes."""
    files = [Path(__file__).with_name(f"{name}.py") for name in THE_MAPPING]
    return sha256(b"".join(file.read_bytes() for file in files)).hexdigest()
