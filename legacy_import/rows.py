"""The words that reading and mapping share: what a source row holds, and what becomes of it. Pure."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from typing import Literal, NamedTuple

from legacy_import.dates import zone_named

Value = None | bool | int | float | Decimal | str | bytes | dt.datetime | dt.date | dt.time | dt.timedelta
SAMPLE_LENGTH = 80


class Row(dict[str, Value]):
    """One source row under the source's own column names."""

    repaired: frozenset[str] = frozenset()
    """Columns in which bytes that were not UTF-8 became U+FFFD."""


class NoteKind(StrEnum):
    """What was done to a value on its way; the report counts these."""

    DATE_MISSING = "date_missing"
    DATE_UNPARSABLE = "date_unparsable"
    DATE_WITHOUT_PAYMENT = "date_without_payment"
    EMAIL_NORMALISED = "email_normalised"
    EMAIL_UNUSUAL = "email_unusual"
    HTML_UNESCAPED = "html_unescaped"
    INVALID_UTF8_REPLACED = "invalid_utf8_replaced"
    MOJIBAKE_REPAIRED = "mojibake_repaired"
    NAME_SPLIT = "name_split"
    NUL_REMOVED = "nul_removed"
    PRICE_ROUNDED = "price_rounded"
    PRICE_UNPARSABLE = "price_unparsable"
    TRIMMED = "trimmed"
    UNKNOWN_CURRENCY = "unknown_currency"
    UNKNOWN_FLAG = "unknown_flag"
    UNKNOWN_ROLE = "unknown_role"
    UNKNOWN_STATUS = "unknown_status"
    UNUSABLE = "unusable"
    WORD_TRANSLATED = "word_translated"


class Note(NamedTuple):
    """One coercion: our field, what was done, and what stood there before (never a password)."""

    field: str
    kind: NoteKind
    before: str


@dataclass(frozen=True, slots=True)
class Mapped:
    """A source row in our terms, ready for the loader."""

    legacy_id: str
    fields: dict[str, object]
    notes: list[Note]


@dataclass(frozen=True, slots=True)
class Rejected:
    """A source row that we cannot hold, with the reason and the whole row so that it can be fed back."""

    legacy_id: str | None
    reason: str
    row: dict[str, Value]


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
    if isinstance(value, int) and value.bit_length() > 1000:
        return "a huge number"  # Python refuses to print integers of more than 4300 digits
    if isinstance(value, str | bytes):
        value = value[:SAMPLE_LENGTH]
    return repr(value)[:SAMPLE_LENGTH]
