"""The words that reading and mapping share: what a source row holds, and what becomes of it. Pure."""

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from operator import itemgetter
from typing import Literal, NamedTuple

from legacy_import.dates import zone_named

Value = None | bool | int | float | Decimal | str | bytes | dt.datetime | dt.date | dt.time | dt.timedelta
Identity = tuple[tuple[str, ...], ...]
"""Columns that tell rows apart together: of each part the first one that has a value."""
SAMPLE_LENGTH = 80


class Row(dict[str, Value]):
    """One source row under the source's own column names; a column that it lacks is NULL."""

    repaired: frozenset[str] = frozenset()
    """Columns in which bytes that were not UTF-8 became U+FFFD."""

    def __missing__(self, column: str) -> None:
        return None


class RepairedText(str):
    """Text of which some bytes were not UTF-8; they are U+FFFD now."""

    __slots__ = ()


class Chunk:
    """Rows of one table as the source gave them: the columns' names, and the values of each row in their order."""

    def __init__(self, names: tuple[str, ...], values: list[tuple[Value, ...]]) -> None:
        self.names, self.values = names, values
        self._columns: dict[str, Sequence[Value]] = {}

    def column(self, name: str) -> Sequence[Value]:
        """Return all values of a column, not to be changed; one that the table lacks is NULL."""
        found = self._columns.get(name)
        if found is None:
            is_there = name in self.names
            found = (
                list(map(itemgetter(self.names.index(name)), self.values)) if is_there else [None] * len(self.values)
            )
            self._columns[name] = found
        return found

    def among(self, positions: Sequence[int]) -> "Chunk":
        """Return a chunk of some of the rows."""
        return Chunk(self.names, [self.values[position] for position in positions])

    def row(self, position: int) -> Row:
        """Return one row; what was repaired moves from the values' types into the row."""
        row = Row(zip(self.names, self.values[position], strict=True))
        if RepairedText in map(type, row.values()):
            row.repaired = frozenset(name for name, value in row.items() if type(value) is RepairedText)
            row.update({name: str(row[name]) for name in row.repaired})
        return row

    def rows(self) -> list[Row]:
        """Return all rows."""
        return list(map(self.row, range(len(self.values))))


class NoteKind(StrEnum):
    """What was done to a value on its way; the report counts these."""

    DATE_MISSING = "date_missing"
    DATE_UNPARSABLE = "date_unparsable"
    DATE_WITHOUT_PAYMENT = "date_without_payment"
    DELETED_IN_SOURCE = "deleted_in_source"
    EMAIL_NORMALISED = "email_normalised"
    EMAIL_UNUSUAL = "email_unusual"
    EMPTY_STATE = "empty_state"
    HASHED_AT_IMPORT = "hashed_at_import"
    HTML_UNESCAPED = "html_unescaped"
    INVALID_UTF8_REPLACED = "invalid_utf8_replaced"
    MOJIBAKE_REPAIRED = "mojibake_repaired"
    NAME_SPLIT = "name_split"
    NOT_A_STRIPE_ID = "not_a_stripe_id"
    NOT_AN_IP_ADDRESS = "not_an_ip_address"
    NUL_REMOVED = "nul_removed"
    NUMBER_UNPARSABLE = "number_unparsable"
    PRICE_ROUNDED = "price_rounded"
    PRICE_UNPARSABLE = "price_unparsable"
    REFUND_INFERRED = "refund_inferred"
    ROLE_FROM_FLAG = "role_from_flag"
    ROUNDED = "rounded"
    STRIPE_ID_CUT = "stripe_id_cut"
    TOO_LONG_LEFT_OUT = "too_long_left_out"
    TRIMMED = "trimmed"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_FLAG = "unknown_flag"
    UNKNOWN_LEVEL = "unknown_level"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_STATUS = "unknown_status"
    UNUSABLE = "unusable"
    WORD_TRANSLATED = "word_translated"


class Note(NamedTuple):
    """One coercion: our field, what was done, and what stood there before (never a password)."""

    field: str
    kind: NoteKind
    before: str


class Mapped(NamedTuple):
    """A source row in our terms, ready for the loader. Notes may be shared between rows."""

    legacy_id: str
    fields: dict[str, object]
    notes: list[Note]


class Rejected(NamedTuple):
    """A source row that we cannot hold, with the reason and the whole row so that it can be fed back."""

    legacy_id: str | None
    reason: str
    row: dict[str, Value]


class RowRefused(Exception):
    """The row cannot become one of ours; the message says why."""


@dataclass(frozen=True)
class ImportOptions:
    """What the operator decides about a run.

    `timezone` is meant for dates without a zone, `currency` for prices without one, `price_unit` says whether
    100 means one hundred (major) or one (minor); `no_unescape` holds `table.column` names of the source, in
    any case; `trust_roles` is for the loader, mapping never grants a right.

    :raises ValueError: if a value has no meaning
    """

    timezone: str = "UTC"
    currency: str = "usd"
    price_unit: Literal["major", "minor"] = "major"
    no_unescape: frozenset[str] = frozenset()
    trust_roles: bool = False

    def __post_init__(self) -> None:
        zone_named(self.timezone)
        if self.price_unit not in ("major", "minor"):
            raise ValueError(f"price unit {self.price_unit!r} is neither major nor minor")
        if not (len(self.currency) == 3 and self.currency.isascii() and self.currency.isalpha()):
            raise ValueError(f"{self.currency!r} is not a currency of three letters")
        object.__setattr__(self, "currency", self.currency.lower())
        object.__setattr__(self, "no_unescape", frozenset(name.casefold() for name in self.no_unescape))


def sample(value: Value) -> str:
    """Show a value on one line, printable and at most SAMPLE_LENGTH characters long."""
    if type(value) is str:
        return repr(value[:SAMPLE_LENGTH])[:SAMPLE_LENGTH]
    if isinstance(value, int) and value.bit_length() > 1000:
        return "a huge number"  # Python refuses to print integers of more than 4300 digits
    if isinstance(value, bytes):
        value = value[:SAMPLE_LENGTH]
    return repr(value)[:SAMPLE_LENGTH]
