"""What every source offers, and what the dialects share."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from types import TracebackType
from typing import Literal, NamedTuple, Protocol, Self

from legacy_import.clean import as_text
from legacy_import.rows import Chunk, Identity, RepairedText, Row, Value

MESSAGE_LENGTH = 200
Dialect = Literal["sqlite", "mysql"]


class SourceError(Exception):
    """The source cannot be opened or read: one line of at most 200 characters that never holds a password."""

    def __init__(self, message: str) -> None:
        line = " ".join(message.split())
        super().__init__(line if len(line) <= MESSAGE_LENGTH else line[: MESSAGE_LENGTH - 1] + "…")


class Column(NamedTuple):
    """A column under the source's own name, with the type that the source declares."""

    name: str
    type: str


class Source(Protocol):
    """An old database, open for reading only, as it was at one moment; a context manager that closes it.

    Every method raises SourceError when the source cannot answer.
    """

    dialect: Dialect
    timezone: str

    def tables(self) -> list[str]:
        """Name the tables, then the views, each in alphabetical order."""
        ...

    def columns(self, table: str) -> list[Column]:
        """List the columns in their order; none for a view that no longer works."""
        ...

    def moving_columns(self, table: str) -> frozenset[str]:
        """Name the columns that the database itself writes anew whenever a row changes; of a view it knows none."""
        return frozenset()

    def count(self, table: str) -> int:
        """Count the rows."""
        ...

    def rows(
        self, table: str, *, key: str | None, after: object | None = None, batch_size: int = 500
    ) -> Iterator[list[Row]]:
        """Stream the rows in the order of `key`, those behind `after` only if it is given.

        Rows with the same key are never parted, so the last key of a batch is a safe place to resume from, and
        a batch may be longer than `batch_size`. Without a key the order is stable but cannot be resumed. One
        stream at a time: finish or close it before asking anything else.
        """
        ...

    def chunks(self, table: str, *, key: str | None, identity: Identity = ()) -> Iterator[Chunk]:
        """Stream the same in whatever pieces come, as they are: no row of it is put together.

        Where there is no key, rows with the same `identity` stand together.
        """
        ...

    def primary_key(self, table: str) -> list[str]:
        """Name the columns of the key that the table declares, in its order; none for a view."""
        ...

    def first_rows(self, table: str, *, limit: int) -> list[Row]:
        """Return some rows, to look at."""
        ...

    def find(self, table: str, key: str, value: Value) -> Row | None:
        """Return the row with this key, or None."""
        return self.find_by(table, {key: value})

    def find_by(self, table: str, wanted: Mapping[str, Value]) -> Row | None:
        """Return the row that has these values in its columns, or None; so for one that is NULL."""
        ...

    def odd_ids(self, table: str, columns: Sequence[str]) -> Chunk:
        """Return these columns of the rows in which one of them may be another spelling of an id in another row.

        Such are ` 8` beside 8, and in SQLite the text 7 beside the number; nearly always there are none.
        """
        ...

    def close(self) -> None:
        """Let go of the source; a second call does nothing."""
        ...

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def decode_text(raw: bytes) -> str:
    """Read UTF-8 and remember, in the type of its answer, that it had to repair."""
    try:
        return raw.decode()
    except UnicodeDecodeError:
        return RepairedText(raw.decode(errors="replace"))


def quoted(name: str) -> str:
    """Quote an identifier; SQLite takes backticks too, and never reads them as a text."""
    return "`" + name.replace("`", "``") + "`"


def selection(table: str, columns: Sequence[str], *rest: str) -> str:
    """Write a query of whole rows, from parts that are quoted already; `rest` follows the table's name.

    The columns are named: `*` leaves out those that are invisible (MySQL, MariaDB), and what it leaves out would be
    lost without a word. A view that no longer works has none that anybody knows; the database says what ails it.
    """
    return " ".join(["SELECT", ", ".join(columns) or "*", "FROM", table, *rest])


def in_batches(chunks: Iterable[Chunk], *, size: int, key: str | None) -> Iterator[list[Row]]:
    """Cut a stream into batches, never between two rows with the same key.

    Rows whose key is NULL come first and may be parted: to resume after NULL is to start again.
    """
    waiting: list[Row] = []
    for chunk in chunks:
        waiting += chunk.rows()
        start = 0
        while (end := _end_of_batch(waiting, start + size, key)) < len(waiting):
            yield waiting[start:end]
            start = end
        del waiting[:start]
    if waiting:
        yield waiting


def _end_of_batch(rows: Sequence[Row], end: int, key: str | None) -> int:
    while end < len(rows) and _same_key(rows[end - 1], rows[end], key):
        end += 1
    return end


def _same_key(row: Row, other: Row, key: str | None) -> bool:
    return key is not None and row[key] is not None and row[key] == other[key]


def could_be_key(value: Value) -> bool:
    """Return whether a database can be asked for the value: not one that no column of numbers holds."""
    return value is not None and not (isinstance(value, int) and value.bit_length() > 63)


def the_one(rows: Sequence[Row], wanted: Mapping[str, Value]) -> Row | None:
    """Return the row that has this key, spelled so: to MySQL `2x` is 2, and `a` is `A`."""
    return rows[0] if rows and all(as_text(rows[0][key]) == as_text(value) for key, value in wanted.items()) else None


def together(identity: Identity, quote: Callable[[str], str], *, cast: str = "{}") -> list[str]:
    """Write an order in which rows with the same identity stand together; `cast` makes any two columns comparable.

    An empty text gives way to the next column as NULL does, for so the identity is read. One of space alone does too;
    such ids are odd, and found wherever they stand.
    """
    parts = [list(map(quote, part)) for part in identity]
    filled = f"NULLIF({cast}, '')"
    firsts = [f"COALESCE({', '.join(map(filled.format, part))})" if len(part) > 1 else part[0] for part in parts]
    return [*firsts, *(column for part in parts if len(part) > 1 for column in part)]


def is_the_key(identity: Identity, primary_key: Sequence[str]) -> bool:
    """Say whether no two rows can have the same identity."""
    return identity == tuple((column,) for column in primary_key)


def check_key(table: str, columns: Iterable[Column], *, key: str | None, after: object | None) -> None:
    """Refuse a key that the table does not have.

    :raises SourceError: then, or if a stream without key is to be resumed
    """
    if key is None and after is not None:
        raise SourceError(f"The table {table} has no key, so reading it cannot be resumed.")
    if key is not None and key not in {column.name for column in columns}:
        raise SourceError(f"The table {table} has no column {key}.")
