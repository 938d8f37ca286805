"""Steps that write texts: as they are, on one line, as addresses and names. Pure."""

import ipaddress
import re
from collections.abc import Callable, Sequence
from typing import cast

from legacy_import.clean import as_text, clean_text, is_email, normalise_email, split_name
from legacy_import.record import LIMITS, Answers, Noting, Step, Table, check_length, constant, note
from legacy_import.rows import Note, NoteKind, Row, RowRefused, Value, sample

PLAIN_EMAIL = re.compile(r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+")
SPACES = "\t\r\x0b\x0c\x1c\x1d\x1e\x1f"  # of ASCII, beside the blank and the line break
ReadText = Callable[[Value, Row, list[Note]], str]


def reading(table: Table, field: str) -> ReadText:
    """Return what makes storable text of any value, and notes what it took."""
    column, limit, unescape = table.column(field), LIMITS.get(field, LIMITS["name"]), table.unescapes(field)

    def read(value: Value, row: Row, notes: list[Note]) -> str:
        text, done = clean_text(value, unescape=unescape)
        for kind in done:
            note(notes, field, kind, value)
        if column in row.repaired:
            note(notes, field, NoteKind.INVALID_UTF8_REPLACED, value)
        check_length(field, text, limit)
        return text

    return read


def unusual_texts(values: Sequence[Value], limit: int, *, unescape: bool, is_line: bool) -> list[int]:
    """Return where a value is no plain text that stays as it is.

    Most columns are asked as one long text; only where that may hold something strange its rows are gone through.
    """
    if set(map(type, values)) == {str}:
        whole = "\n".join(cast("Sequence[str]", values))
        is_strange = not whole.isascii() or "\0" in whole or (unescape and "&" in whole)
        has_breaks = whole.count("\n") >= len(values)  # more than those between the values
        has_edges = is_line and (has_breaks or _has_edges(whole))
        if not (is_strange or has_edges or max(map(len, values)) > limit):  # type: ignore[arg-type]
            return []
    return [
        position
        for position, value in enumerate(values)
        if type(value) is not str
        or not value.isascii()
        or len(value) > limit
        or "\0" in value
        or (unescape and "&" in value)
        or (is_line and value != value.strip())
    ]


def _has_edges(lines: str) -> bool:
    """Whether one of these lines may have space around it; a blank line inside of a text is taken for one, too."""
    return lines != lines.strip() or "\n " in lines or " \n" in lines or any(space in lines for space in SPACES)


def in_column(table: Table, field: str, step: Step, *, is_line: bool = True, is_needed: bool = False) -> Step:
    """Let a step that writes a text look at its whole column; NULL is "", which is not usual where one is needed."""
    limit, unescape = LIMITS.get(field, LIMITS["name"]), table.unescapes(field)

    def bulk(values: Sequence[Value]) -> Answers:
        texts = values if is_needed else ["" if value is None else value for value in values]
        others = unusual_texts(texts, limit, unescape=unescape, is_line=is_line)
        if is_needed:
            others = sorted({*others, *(position for position, text in enumerate(texts) if not text)})
        return Answers({field: list(texts)}, others)

    return table.columnwise(field, step, bulk)


def text(table: Table, field: str) -> Step:
    """Write a text as it is, but for what no database can hold; NULL is ""."""
    if not table.has(field):
        return constant(field, "")
    get, read, limit, unescape = table.get(field), reading(table, field), LIMITS[field], table.unescapes(field)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        if type(value) is str and value.isascii() and len(value) <= limit and "\0" not in value:
            fields[field] = read(value, row, notes) if unescape and "&" in value else value
        else:
            fields[field] = read(value, row, notes)

    return in_column(table, field, step, is_line=False)


def read_line(table: Table, field: str) -> Callable[[Row, list[Note]], str]:
    """Return what reads a text of one line out of a row, without space around it."""
    if not table.has(field):
        return lambda _row, _notes: ""
    get, read, unescape = table.get(field), reading(table, field), table.unescapes(field)
    limit = LIMITS.get(field, LIMITS["name"])

    def read_one(row: Row, notes: list[Note]) -> str:
        value = get(row)
        if value is None:
            return ""
        if type(value) is str and value.isascii() and len(value) <= limit and "\0" not in value:
            cleaned = read(value, row, notes) if unescape and "&" in value else value
        else:
            cleaned = read(value, row, notes)
        stripped = cleaned.strip()
        if len(stripped) != len(cleaned):
            note(notes, field, NoteKind.TRIMMED, cleaned)
        return stripped

    return read_one


def line(table: Table, field: str, *, needed_as: str = "") -> Step:
    """Write a text of one line; one that is `needed_as` something must not be empty."""
    if not table.has(field) and not needed_as:
        return constant(field, "")
    read = read_line(table, field)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        fields[field] = found = read(row, notes)
        if needed_as and not found:
            raise RowRefused(f"there is no {needed_as}")

    return in_column(table, field, step, is_needed=bool(needed_as))


def short_line(table: Table, field: str) -> Step:
    """Write a text of one line that is not worth the row: one that is too long is left out, and noted."""
    if not table.has(field):
        return constant(field, "")
    read, get = read_line(table, field), table.get(field)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        before = len(notes)
        try:
            fields[field] = read(row, notes)
        except RowRefused:
            del notes[before:]
            note(notes, field, NoteKind.TOO_LONG_LEFT_OUT, get(row))
            fields[field] = ""

    return in_column(table, field, step)


def email(table: Table, field: str = "email", *, is_needed: bool = True, must_work: bool = False) -> Step:
    """Write an e-mail address in its one spelling, with the case it was stored in."""
    if not table.has(field) and not is_needed:
        return constant(field, "")
    get, slow = table.get(field), _reading_email(table, field, is_needed=is_needed, must_work=must_work)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        is_plain = type(value) is str and len(value) <= LIMITS["email"] and PLAIN_EMAIL.fullmatch(value)
        fields[field] = value if is_plain else slow(value, row, notes)

    def bulk(values: Sequence[Value]) -> Answers:
        is_plain, longest = PLAIN_EMAIL.fullmatch, LIMITS["email"]
        others = [
            position
            for position, value in enumerate(values)
            if not (type(value) is str and len(value) <= longest and is_plain(value))
        ]
        return Answers({field: list(values)}, others)

    return table.columnwise(field, step, bulk)


def _reading_email(table: Table, field: str, *, is_needed: bool, must_work: bool) -> ReadText:
    read = reading(table, field)

    def slow(value: Value, row: Row, notes: list[Note]) -> str:
        stored = read(value, row, notes)
        address = normalise_email(stored)
        if not address and is_needed:
            raise RowRefused("there is no e-mail address")
        if address != stored:
            note(notes, field, NoteKind.EMAIL_NORMALISED, stored)
        if address and not is_email(address):
            _odd_address(stored, field, notes, must_work=must_work)
        check_length(field, address, LIMITS["email"])
        return address

    return slow


def _odd_address(stored: str, field: str, notes: list[Note], *, must_work: bool) -> None:
    if must_work:
        raise RowRefused("the e-mail address is none, and an account cannot be without one")
    note(notes, field, NoteKind.EMAIL_UNUSUAL, stored)


def names(table: Table) -> Step:
    """Write first and last name, from their columns or else from the one for both."""
    first_name, last_name, split = read_line(table, "first_name"), read_line(table, "last_name"), _splitting(table)
    has_parts, has_whole = table.has("first_name") or table.has("last_name"), table.has("name")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        first = last = ""
        if has_parts:
            first, last = first_name(row, notes), last_name(row, notes)
        if has_whole and not (first or last):
            first, last = split(row, notes)
        fields["first_name"], fields["last_name"] = first, last

    if has_parts or not has_whole:
        return step
    return table.columnwise("name", step, _splitting_all(unescape=table.unescapes("name")))


def _splitting_all(*, unescape: bool) -> Callable[[Sequence[Value]], Answers]:
    """Return what splits names of a usual form: words with one space between."""
    longest = LIMITS["first_name"]

    def bulk(values: Sequence[Value]) -> Answers:
        others = set(unusual_texts(values, longest, unescape=unescape, is_line=True))
        parts, split = [("", "", "")] * len(values), []
        for position, value in enumerate(cast("Sequence[str]", values)):
            if position in others:
                continue
            if "  " in value or not value.isprintable():
                others.add(position)
            elif (part := value.partition(" "))[1]:
                parts[position] = part
                split.append(position)
            else:
                parts[position] = part
        first, _, last = map(list, zip(*parts, strict=True)) if parts else ([], [], [])
        noted = Noting("name", NoteKind.NAME_SPLIT, split, lambda position: sample(values[position]))
        return Answers({"first_name": first, "last_name": last}, sorted(others), [noted])

    return bulk


def _splitting(table: Table) -> Callable[[Row, list[Note]], tuple[str, str]]:
    get, read, unescape = table.get("name"), reading(table, "name"), table.unescapes("name")

    def split(row: Row, notes: list[Note]) -> tuple[str, str]:
        value = get(row)
        if type(value) is str and value.isascii() and "\0" not in value and not (unescape and "&" in value):
            whole = value
        else:
            whole = read(value, row, notes)
        first, last = split_name(whole)
        if whole != first:
            note(notes, "name", NoteKind.NAME_SPLIT if last else NoteKind.TRIMMED, whole)
        check_length("first_name", first, LIMITS["first_name"])
        check_length("last_name", last, LIMITS["last_name"])
        return first, last

    return split


def full_name(table: Table) -> Step:
    """Write the whole name in one text."""
    whole, parts = read_line(table, "name"), names(table)
    has_parts = table.has("first_name") or table.has("last_name")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        name = whole(row, notes)
        if not name and has_parts:
            found: dict[str, object] = {}
            parts(row, found, notes)
            name = " ".join(str(part) for part in found.values() if part)
        fields["name"] = name

    return in_column(table, "name", step, is_needed=has_parts)


def ip_address(table: Table) -> Step:
    """Write an IP address, "" for what is none."""
    if not table.has("ip_address"):
        return constant("ip_address", "")
    get = table.get("ip_address")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        value = get(row)
        written = as_text(value).strip()
        try:
            fields["ip_address"] = str(ipaddress.ip_address(written)) if written else ""
        except ValueError:
            note(notes, "ip_address", NoteKind.NOT_AN_IP_ADDRESS, value)
            fields["ip_address"] = ""

    return step
