"""What the reader and the loader tell each other, through a pipe or directly."""

import marshal
import pickle
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from legacy_import.aliases import Kind, TableLayout
from legacy_import.columns import Noted
from legacy_import.rows import ImportOptions, Mapped, Rejected, Value

# A row as it was read: its values, whose names the batch knows, or both where rows differ.
Raw = tuple[Value, ...] | dict[str, Value]
MARSHAL = 2  # without looking for what occurs twice
Answer = Mapping[int, bool]  # which rows are to be looked at, and whether each is known already


class Begun(NamedTuple):
    """A table begins: what it is called, and how many rows it has in the snapshot that is read."""

    kind: Kind
    table: TableLayout
    in_source: int


class Question(NamedTuple):
    """Which of these are to be looked at?"""

    kind: Kind
    legacy_ids: list[str]
    checksums: list[int]


class RawRows:
    """The rows of a chunk as they were read, for those that turn out to need a closer look: few do.

    They travel as bytes, and only the part in which one is looked for is made into rows again. Python's own format for
    its compiled code is several times as fast as pickles; it knows no dates of a DATE column.
    """

    ROWS = 250  # of a part

    def __init__(self, values: Sequence[tuple[Value, ...]]) -> None:
        self._parts: list[Any] = [values[start : start + self.ROWS] for start in range(0, len(values), self.ROWS)]

    def __getitem__(self, position: int) -> tuple[Value, ...]:
        number, place = divmod(position, self.ROWS)
        part = self._parts[number]
        if isinstance(part, bytes):
            self._parts[number] = part = _unpacked(part)
        row: tuple[Value, ...] = part[place]
        return row

    def __getstate__(self) -> list[bytes]:
        return [part if isinstance(part, bytes) else _as_bytes(part) for part in self._parts]

    def __setstate__(self, parts: list[bytes]) -> None:
        self._parts = list(parts)


def _as_bytes(values: Any) -> bytes:
    try:
        return b"m" + marshal.dumps(values, MARSHAL)
    except ValueError:
        return b"p" + pickle.dumps(values, protocol=5)


def _unpacked(packed: bytes) -> Any:
    """Read what our own process wrote."""
    load = marshal.loads if packed[:1] == b"m" else pickle.loads
    return load(memoryview(packed)[1:])


class PlainRows(NamedTuple):
    """Rows that only need storing, in columns: where they stood, the old ids, the ids of their objects.

    `keys` and `open` are those of loading/shapes.py, `checksums` those of the rows as they were read. `packed` are the
    objects and `records` what is remembered of them, as the database takes them. Where something is still to be looked
    up there are no records yet, and `parts` are the columns that they are made of.
    """

    positions: Sequence[int]
    legacy_ids: list[str]
    object_ids: list[str]
    keys: Sequence[str]
    checksums: list[int]
    packed: list[Any]
    records: list[Any]
    parts: Sequence[Sequence[str | None]] = ()
    open: Sequence[tuple[str, str]] = ()

    def __reduce__(self) -> tuple[Any, ...]:
        """Travel as bytes: lists of texts and numbers, for which a pickle takes five times as long."""
        return _plain_rows, (_as_bytes([list(column) for column in self]),)


def _plain_rows(packed: bytes) -> PlainRows:
    return PlainRows(*_unpacked(packed))


class OtherRow(NamedTuple):
    """A row that needs a closer look."""

    position: int
    mapped: Mapped
    checksum: int
    raw: Raw


class Batch(NamedTuple):
    """What became of as many rows as are stored at once.

    `left_out` are older than what was asked for; `noted` is what was done to the values of plain rows, and `raw` are
    all rows by their positions.
    """

    kind: Kind
    names: tuple[str, ...]
    read: int
    unchanged: int
    left_out: int
    plain: PlainRows | None
    others: list[OtherRow]
    rejected: list[Rejected]
    noted: Noted
    raw: RawRows


Message = Begun | Question | Batch


class Order(NamedTuple):
    """What is to be read; the rows of `asked` kinds are asked about first, and older ones than `since` left out.

    `as_lines` says how the database takes rows (loading/packing.py).
    """

    tables: list[tuple[Kind, TableLayout]]
    options: ImportOptions
    batch_size: int
    asked: frozenset[Kind]
    limit: int | None = None
    since: datetime | None = None
    as_lines: bool = False
