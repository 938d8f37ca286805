"""Steps that write what is no free text: instants, numbers, money, passwords. Pure."""

import re
from collections.abc import Callable, Sequence
from datetime import date, datetime
from decimal import ROUND_CEILING, Decimal
from functools import partial

from legacy_import.clean import as_text, parse_price, round_price
from legacy_import.dates import fast_instant, parse_legacy_datetime
from legacy_import.instants import fast_instants
from legacy_import.password_column import read_password, read_raw_digest
from legacy_import.passwords import WeakPassword
from legacy_import.record import Answers, Step, Table, constant, note
from legacy_import.rows import Note, NoteKind, Row, RowRefused, Value

HIGHEST_PRICE = Decimal("99999999.99")
EARLIEST_BIRTH = 1900

_USUAL_BCRYPT = re.compile(r"\$2[ab]\$(?:0[4-9]|1[0-5])\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
_INTEGER = re.compile(r"\d{1,9}(?:\.\d{1,6})?", re.ASCII)


def read_instant(table: Table, field: str) -> Callable[[Row, list[Note]], datetime | None]:
    """Return what reads an instant in UTC; never "now" for what cannot be read."""
    if not table.has(field):
        return lambda _row, _notes: None
    get, timezone = table.get(field), table.options.timezone
    fast = fast_instant(timezone)

    def read(row: Row, notes: list[Note]) -> datetime | None:
        value = get(row)
        found = fast(value)
        if found is not None:
            return found
        parsed = parse_legacy_datetime(value, timezone=timezone)
        if parsed.value is None and parsed.reason != "empty":
            note(notes, field, NoteKind.DATE_UNPARSABLE, value)
        return parsed.value

    return read


def instant(table: Table, field: str, *, is_expected: bool = False) -> Step:
    """Write an instant in UTC, or None; that one is missing is noted where every row should have one."""
    read, is_expected = read_instant(table, field), is_expected and table.has(field)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        before = len(notes)
        fields[field] = found = read(row, notes)
        if found is None and is_expected and len(notes) == before:
            note(notes, field, NoteKind.DATE_MISSING, None)

    fast = fast_instants(table.options.timezone)

    def bulk(values: Sequence[Value]) -> Answers:
        found = fast(values)
        others = [
            position
            for position, one in enumerate(found.texts)
            if one is None and (is_expected or values[position] is not None)
        ]
        return Answers({field: found}, others)

    return table.columnwise(field, step, bulk) if table.has(field) else constant(field, None)


def day(table: Table, field: str) -> Step:
    """Write a date of birth."""
    if not table.has(field):
        return constant(field, None)
    get = table.get(field)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        parsed: date | None = value if type(value) is date else None
        reason = None
        if parsed is None:
            moment, reason = parse_legacy_datetime(value, timezone="UTC")
            parsed = moment.date() if moment else None
        if parsed is not None and parsed.year < EARLIEST_BIRTH:
            parsed, reason = None, "too early"
        if parsed is None and reason != "empty":
            note(notes, field, NoteKind.DATE_UNPARSABLE, value)
        fields[field] = parsed

    return step


def number(table: Table, field: str, *, highest: int) -> Step:
    """Write a whole number between 0 and `highest`, rounded up; None for what is none."""
    if not table.has(field):
        return constant(field, None)
    get = table.get(field)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        written = as_text(value).strip()
        fields[field] = None
        if not written:
            return
        exact = Decimal(written) if _INTEGER.fullmatch(written) else None
        if exact is None or exact > highest:
            note(notes, field, NoteKind.NUMBER_UNPARSABLE, value)
            return
        fields[field] = whole = int(exact.to_integral_value(ROUND_CEILING))
        if whole != exact:
            note(notes, field, NoteKind.ROUNDED, value)

    return table.columnwise(field, step, partial(_usual_numbers, field, highest))


def _usual_numbers(field: str, highest: int, values: Sequence[Value]) -> Answers:
    others = [
        position
        for position, value in enumerate(values)
        if value is not None and not (type(value) is int and 0 <= value <= highest)
    ]
    return Answers({field: list(values)}, others)


def currency(table: Table) -> Step:
    """Write the row's own currency in small letters, or else that of the options."""
    default = table.options.currency
    if not table.has("currency"):
        return constant("currency", default)
    get = table.get("currency")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        code = as_text(value).strip().lower()
        is_code = len(code) == 3 and code.isascii() and code.isalpha()
        if code and not is_code:
            note(notes, "currency", NoteKind.UNKNOWN_CURRENCY, value)
        fields["currency"] = code if is_code else default

    return step


def money(table: Table, field: str, *, minor: str, into: str) -> Step:
    """Write an amount in major units, or None; it comes after the currency. The column `minor` holds cents.

    An amount beyond any column for money is refused.
    """
    source = field if table.has(field) else minor
    if not table.has(source):
        return constant(into, None)
    get, unit = table.get(source), table.options.price_unit if source == field else "minor"

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value, code = get(row), str(fields["currency"])
        exact = parse_price(value, currency=code, unit=unit)
        if exact is not None:
            fields[into] = _in_coins(exact, code, into, value, notes)
            return
        fields[into] = None
        if value is not None:
            note(notes, into, NoteKind.PRICE_UNPARSABLE, value)

    return step


def _in_coins(exact: Decimal, code: str, into: str, value: Value, notes: list[Note]) -> Decimal:
    amount = round_price(exact, currency=code)
    if amount != exact:
        note(notes, into, NoteKind.PRICE_ROUNDED, value)
    if amount > HIGHEST_PRICE:
        raise RowRefused(f"the price {amount} is higher than {HIGHEST_PRICE}")
    return amount


def password(table: Table) -> Step:
    """Write what is stored of the old password, what must be hashed first, or None.

    The notes name the kind and never show a value: a plain password would end up in the report.
    """
    if not table.has("password"):
        return constant("password", None)
    get, get_salt, rules = table.get("password"), table.get("salt"), table.layout.passwords

    def slow(value: Value, salt: Value, notes: list[Note]) -> str | WeakPassword | None:
        text = read_raw_digest(value) if isinstance(value, bytes) else as_text(value)
        salt_text = read_raw_digest(salt) if isinstance(salt, bytes) else as_text(salt)
        kind, stored = read_password(text, salt_text, rules)
        if not isinstance(stored, str):
            done = NoteKind.UNUSABLE if stored is None else NoteKind.HASHED_AT_IMPORT
            notes.append(Note(f"password ({kind})", done, kind))
        return stored

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        if type(value) is str and len(value) == 60 and _USUAL_BCRYPT.fullmatch(value) and rules.scheme == "auto":
            fields["password"] = "bcrypt_node$" + value
        else:
            fields["password"] = slow(value, get_salt(row), notes)

    return table.columnwise("password", step, _usual_passwords) if rules.scheme == "auto" else step


def _usual_passwords(values: Sequence[Value]) -> Answers:
    is_usual = _USUAL_BCRYPT.fullmatch
    others = [
        position
        for position, value in enumerate(values)
        if not (type(value) is str and len(value) == 60 and is_usual(value))
    ]
    return Answers({"password": [f"bcrypt_node${value}" if type(value) is str else None for value in values]}, others)
