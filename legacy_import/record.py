"""One table while its rows are mapped: what can be decided once for all rows is decided here. Pure.

A step writes one field, or a few, of each row. It is made once for a table and called for every row. Most also know
their column: of thousands of values at once they pick out the unusual ones (Columnwise), and only for these the step is
taken; so the usual value costs a few tests, and a million rows are a matter of seconds (columns.py).
"""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from operator import itemgetter
from typing import Any, NamedTuple

from legacy_import.aliases import TableLayout
from legacy_import.rows import Chunk, ImportOptions, Note, NoteKind, Row, RowRefused, Value, sample

LEGACY_ID_LENGTH = 128
LIMITS = {
    "email": 254,
    "email_canonical": 300,
    "first_name": 150,
    "last_name": 150,
    "name": 255,
    "phone": 50,
    "phone_number": 32,
    "subject": 255,
    "message": 1_000_000,
    "response": 1_000_000,
    "internal_notes": 1_000_000,
    "notes": 1_000_000,
    "experience": 10_000,
    "course_title": 255,
    "title": 255,
    "slug": 255,
    "description": 1_000_000,
    "category": 100,
    "level": 50,
    "bio": 2000,
    "user_agent": 300,
    "reference": 255,
}

Step = Callable[[Row, dict[str, object], list[Note]], None]
Get = Callable[[Mapping[str, Value]], Value]
Columns = dict[str, Any]  # lists, or what is like one (instants.py)


class Noting(NamedTuple):
    """What was done to a field of many rows: of which, and what stood there before, by position."""

    field: str
    kind: NoteKind
    positions: Sequence[int]
    before: Callable[[int], str]


def always(text: str) -> Callable[[int], str]:
    """Return what says that the same stood there in each row."""
    return lambda _position: text


class Answers(NamedTuple):
    """What many rows have in the fields that a step writes; `others` are rows whose value is not usual."""

    fields: Columns
    others: Sequence[int]
    noted: Sequence[Noting] = ()


Bulk = Callable[[Chunk, Columns], Answers]


@dataclass(frozen=True)
class Columnwise:
    """A step that also answers for many rows at once, where their values are usual, as it would for each alone."""

    step: Step
    bulk: Bulk

    def __call__(self, row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        self.step(row, fields, notes)


class Table:
    """One kind's table, with what the options of the run and the mapping file say about it."""

    def __init__(self, layout: TableLayout, options: ImportOptions, *, escaped: bool = False) -> None:
        """`escaped` says that the old site HTML-escaped the text columns of this table."""
        said = {name: getattr(layout, name) for name in ("timezone", "currency", "price_unit")}
        self.layout = layout
        self.options = replace(options, **{name: value for name, value in said.items() if value is not None})
        self._escaped = escaped
        self._json: dict[str, Callable[[Value], Any]] = {}

    def has(self, field: str) -> bool:
        """Return whether the table has a column for the field."""
        return field in self.layout.columns

    def column(self, field: str) -> str:
        """Return the source's name for the field, "" where there is none."""
        return self.layout.columns.get(field, "")

    def get(self, field: str) -> Get:
        """Return what takes the field's value out of a row; without such a column it is NULL."""
        return self.get_from(self.column(field))

    def get_from(self, column: str) -> Get:
        """Return what takes a column's value out of a row."""
        if column in self.layout.json:
            base, _, key = column.partition(".")
            return self._from_json(base, key.split("."))
        return itemgetter(column)

    def columnwise(self, field: str, step: Step, bulk: Callable[[Sequence[Value]], Answers]) -> Step:
        """Return the step, with what it does to a whole column, where the field has one of its own."""
        column = self.column(field)
        if column in self.layout.json or not column:
            return step
        return Columnwise(step, lambda chunk, _fields: bulk(chunk.column(column)))

    def words(self, field: str) -> Mapping[str, str]:
        """Return what the mapping file says about the field's words, each in the form of `plain_word`."""
        return {plain_word(word): ours for word, ours in self.layout.values.get(field, {}).items()}

    def unescapes(self, field: str) -> bool:
        """Return whether the old site's HTML escapes are to be restored in the field."""
        return self._escaped and f"{self.layout.table}.{self.column(field)}".casefold() not in self.options.no_unescape

    def _from_json(self, column: str, path: list[str]) -> Get:
        parsed = self._json.setdefault(column, _remembering_last(_parsed))

        def get(row: Mapping[str, Value]) -> Value:
            found = parsed(row[column])
            for key in path:
                found = found.get(key) if isinstance(found, dict) else None
            return json.dumps(found, ensure_ascii=False) if isinstance(found, dict | list) else found

        return get


def note(notes: list[Note], field: str, kind: NoteKind, before: Value) -> None:
    """Note what was done to a field, with a sample of what stood there."""
    notes.append(Note(field, kind, sample(before)))


@dataclass(frozen=True)
class Constant:
    """A step that gives every row the same value; such fields are written before all steps, in one go."""

    field: str
    value: object

    def __call__(self, _row: Row, fields: dict[str, object], _notes: list[Note]) -> None:
        fields[self.field] = self.value


def constant(field: str, value: object) -> Step:
    """Give every row the same value."""
    return Constant(field, value)


class Nothing:
    """A step that has nothing to do in this table."""

    def __call__(self, _row: Row, _fields: dict[str, object], _notes: list[Note]) -> None:
        """Do nothing."""


def check_length(field: str, text: str, limit: int) -> None:
    """Refuse what our column cannot hold: nothing is ever cut off.

    :raises RowRefused: then
    """
    if len(text) > limit:
        raise RowRefused(f"{field} is {len(text)} characters long, at most {limit} fit")


def plain_word(word: str) -> str:
    """Bring a word of the old site into the one form that words are compared in."""
    return " ".join(word.lower().replace("_", " ").replace("-", " ").split())


def _remembering_last(parse: Callable[[Value], Any]) -> Callable[[Value], Any]:
    """Several fields of one row ask for the same text, one after the other."""
    last: tuple[Value, Any] = (None, None)

    def remembered(value: Value) -> Any:
        nonlocal last
        if last[0] is not value:
            last = (value, parse(value))
        return last[1]

    return remembered


def _parsed(value: Value) -> Any:
    try:
        return json.loads(value) if isinstance(value, str | bytes) else None
    except (ValueError, RecursionError):
        return None
