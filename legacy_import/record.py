"""One row while it is being mapped: values come out clean, what was done to them is noted. Pure."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from decimal import Decimal

from legacy_import.aliases import TableLayout
from legacy_import.clean import (
    as_text,
    clean_text,
    is_email,
    normalise_email,
    parse_flag,
    parse_price,
    round_price,
    split_name,
)
from legacy_import.dates import parse_legacy_datetime
from legacy_import.passwords import classify
from legacy_import.rows import ImportOptions, Note, NoteKind, Row, Value, sample

LEGACY_ID_LENGTH = 128
LIMITS = {
    "email": 254,
    "first_name": 150,
    "last_name": 150,
    "name": 255,
    "phone": 50,
    "subject": 255,
    "message": 1_000_000,
    "notes": 1_000_000,
    "experience": 10_000,
    "course_title": 255,
    "level": 50,
}
HIGHEST_PRICE = Decimal("99999999.99")


class RowRefused(Exception):
    """The row cannot become one of ours; the message says why."""


class RowReader:
    """Reads our fields out of one source row, whatever the source calls them, and keeps the notes."""

    def __init__(self, row: Mapping[str, Value], layout: TableLayout, options: ImportOptions, *, escaped: bool) -> None:
        """`escaped` says that the old site HTML-escaped the text columns of this table."""
        self.notes: list[Note] = []
        self._row, self._layout, self._options, self._escaped = row, layout, options, escaped
        self._repaired = row.repaired if isinstance(row, Row) else frozenset[str]()

    def has(self, field: str) -> bool:
        """True if the table has a column for the field."""
        return field in self._layout.columns

    def raw(self, field: str) -> Value:
        """Return the value as the source held it; None where there is no such column."""
        return self._row.get(self._layout.columns.get(field, ""))

    def note(self, field: str, kind: NoteKind, before: Value) -> None:
        """Note what was done to a field, with a sample of what stood there."""
        self.notes.append(Note(field, kind, sample(before)))

    def legacy_id(self) -> str:
        """Return the old id as text, the same however the source types it.

        A table without any id column gets one from the row's content, so that a rerun meets the same ids.

        :raises RowRefused: if the id is missing or too long
        """
        if not self.has("id"):
            content = repr(sorted((name, as_text(value)) for name, value in self._row.items()))
            return "content:" + hashlib.sha256(content.encode("utf-8", "backslashreplace")).hexdigest()[:32]
        found = self.identifier("id")
        if found is None:
            raise RowRefused("the id is missing")
        return found

    def identifier(self, field: str) -> str | None:
        """Return an id as text, or None where there is none.

        :raises RowRefused: if it is too long to be one
        """
        value = self.raw(field)
        text = as_text(value).strip()
        if isinstance(value, Decimal) and value.is_finite() and value == value.to_integral_value():
            text = as_text(value.to_integral_value())  # 7.00 and 7 are one id
        if isinstance(value, bytes) and not (text.isascii() and text.isprintable()):
            text = value.hex()  # a UUID kept as BINARY(16)
        text = clean_text(text).text
        self._limit(field, text, LEGACY_ID_LENGTH)
        return text or None

    def text(self, field: str) -> str:
        """Return the text as written, but for what no database can hold; NULL is "".

        :raises RowRefused: if it is longer than our column: nothing is ever cut off
        """
        value = self.raw(field)
        cleaned = clean_text(value, unescape=self._escaped and self._may_unescape(field))
        for kind in cleaned.notes:
            self.note(field, kind, value)
        if self._layout.columns.get(field) in self._repaired:
            self.note(field, NoteKind.INVALID_UTF8_REPLACED, value)
        self._limit(field, cleaned.text, LIMITS.get(field, LIMITS["name"]))
        return cleaned.text

    def line(self, field: str) -> str:
        """Return a text of one line, without space around it.

        :raises RowRefused: if it is too long
        """
        text = self.text(field)
        if text.strip() != text:
            self.note(field, NoteKind.TRIMMED, text)
        return text.strip()

    def required(self, field: str, what: str) -> str:
        """Return a text of one line that must not be empty; `what` names it in the refusal.

        :raises RowRefused: if nothing but space is there, or too much
        """
        text = self.line(field)
        if not text:
            raise RowRefused(f"there is no {what}")
        return text

    def email(self) -> str:
        """Return the e-mail address in its one spelling, with the case it was stored in.

        :raises RowRefused: if there is none
        """
        stored = self.text("email")
        address = normalise_email(stored)
        if not address:
            raise RowRefused("there is no e-mail address")
        if address != stored:
            self.note("email", NoteKind.EMAIL_NORMALISED, stored)
        if not is_email(address):
            self.note("email", NoteKind.EMAIL_UNUSUAL, stored)
        self._limit("email", address, LIMITS["email"])
        return address

    def names(self) -> tuple[str, str]:
        """Return first and last name, from their columns or else from the one for both."""
        first, last = self.line("first_name"), self.line("last_name")
        if first or last or not self.has("name"):
            return first, last
        whole = self.text("name")
        first, last = split_name(whole)
        if whole != first:
            self.note("name", NoteKind.NAME_SPLIT if last else NoteKind.TRIMMED, whole)
        self._limit("first_name", first, LIMITS["first_name"])
        self._limit("last_name", last, LIMITS["last_name"])
        return first, last

    def full_name(self) -> str:
        """Return the whole name in one text."""
        return self.line("name") or " ".join(part for part in self.names() if part)

    def instant(self, field: str) -> datetime | None:
        """Return the instant in UTC; never "now" for what cannot be read."""
        value = self.raw(field)
        parsed = parse_legacy_datetime(value, timezone=self._options.timezone)
        if parsed.value is None and self.has(field):
            missing = parsed.reason == "empty"
            self.note(field, NoteKind.DATE_MISSING if missing else NoteKind.DATE_UNPARSABLE, value)
        return parsed.value

    def word(self, field: str, known: Mapping[str, str], *, default: str, unknown: NoteKind) -> str:
        """Translate a word of the old site into one of ours, an unknown one to `default`."""
        if not self.has(field):
            return default
        value = self.raw(field)
        word = " ".join(as_text(value).lower().replace("_", " ").replace("-", " ").split())
        ours = known.get(word)
        if ours is None:
            self.note(field, unknown, value)
            return default
        if ours != word:
            self.note(field, NoteKind.WORD_TRANSLATED, value)
        return ours

    def password(self) -> str | None:
        """Return the old hash as it is, or None where its owner must choose a new password.

        The note names the kind and never shows the value: a plain password would end up in the report.
        """
        stored = as_text(self.raw("password")).strip()
        kind = classify(stored)
        if kind.is_usable:
            return stored
        self.note("password", NoteKind.UNUSABLE, kind.value)
        return None

    def flag(self, field: str) -> bool:
        """Read a yes or no; what is neither counts as no."""
        value = self.raw(field)
        answer = False if value is None else parse_flag(value)
        if answer is None:
            self.note(field, NoteKind.UNKNOWN_FLAG, value)
        return bool(answer)

    def currency(self) -> str:
        """Return the row's own currency in small letters, or else that of the options."""
        code = as_text(self.raw("currency")).strip().lower()
        if len(code) == 3 and code.isascii() and code.isalpha():
            return code
        if code:
            self.note("currency", NoteKind.UNKNOWN_CURRENCY, self.raw("currency"))
        return self._options.currency

    def price(self, currency: str) -> Decimal | None:
        """Return the price in major units; None where there is none that can be read.

        :raises RowRefused: if it is beyond any column for money
        """
        value = self.raw("price")
        exact = parse_price(value, currency=currency, unit=self._options.price_unit)
        if exact is None:
            if value is not None:
                self.note("price", NoteKind.PRICE_UNPARSABLE, value)
            return None
        price = round_price(exact, currency=currency)
        if price != exact:
            self.note("price", NoteKind.PRICE_ROUNDED, value)
        if price > HIGHEST_PRICE:
            raise RowRefused(f"the price {price} is higher than {HIGHEST_PRICE}")
        return price

    def _may_unescape(self, field: str) -> bool:
        spared = self._options.no_unescape
        return not spared or f"{self._layout.table}.{self._layout.columns.get(field)}".casefold() not in spared

    def _limit(self, field: str, text: str, limit: int) -> None:
        if len(text) > limit:
            raise RowRefused(f"{field} is {len(text)} characters long, at most {limit} fit")
