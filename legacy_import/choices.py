"""Steps that write one of a few answers: a word of ours, or a yes or no. Pure."""

import json
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from legacy_import.clean import as_text, parse_flag
from legacy_import.dates import parse_legacy_datetime
from legacy_import.record import Answers, Noting, Step, Table, always, constant, note, plain_word
from legacy_import.rows import Note, NoteKind, Row, Value, sample

REMEMBERED_WORDS = 1000
NO_STATES: Mapping[str, str] = MappingProxyType({})
Translated = tuple[str, Note | None]


class Words:
    """Translates words of the old site into ours, an unknown one to a default.

    Of a list (`["admin","user"]`, `admin,user`) the word that comes first in `rank` counts. What a text became is
    remembered, with its note: a table has few words and many rows.
    """

    def __init__(
        self,
        table: Table,
        field: str,
        known: Mapping[str, str],
        *,
        default: str,
        unknown: NoteKind,
        rank: Sequence[str] = (),
    ) -> None:
        self.field, self._get = field, table.get(field)
        self._translate = _translator(field, {**known, **table.words(field)}, default, unknown, rank)
        self._remembered: dict[Value, Translated] = {}

    def __call__(self, row: Row, notes: list[Note]) -> str:
        """Translate the word of one row."""
        value = self._get(row)
        answer = self._remembered.get(value) if type(value) is str else None
        if answer is None:
            answer = self._translate(value)
            self._remember(value, answer)
        if answer[1] is not None:
            notes.append(answer[1])
        return answer[0]

    def all(self, values: Sequence[Value]) -> Answers:
        """Translate the texts of a whole column."""
        for value in {value for value in values if type(value) is str} - self._remembered.keys():
            self._remember(value, self._translate(value))
        answers = [self._remembered.get(value) if type(value) is str else None for value in values]
        others = [position for position, answer in enumerate(answers) if answer is None]
        noted: dict[Note, list[int]] = {}
        if any(note for _, note in self._remembered.values()):
            for position, answer in enumerate(answers):
                if answer is not None and answer[1] is not None:
                    noted.setdefault(answer[1], []).append(position)
        return Answers(
            {self.field: [answer and answer[0] for answer in answers]},
            others,
            [Noting(one.field, one.kind, positions, always(one.before)) for one, positions in noted.items()],
        )

    def _remember(self, value: Value, answer: Translated) -> None:
        if type(value) is str and len(self._remembered) < REMEMBERED_WORDS:
            self._remembered[value] = answer


def _translator(
    field: str, known: Mapping[str, str], default: str, unknown: NoteKind, rank: Sequence[str]
) -> Callable[[Value], Translated]:
    def translate(value: Value) -> Translated:
        words = [plain_word(one) for one in listed(value)]
        ours = _best([known[one] for one in words if one in known], rank)
        if ours is None:
            return default, Note(field, unknown, sample(value))
        is_same = words == [ours.replace("_", " ")]
        return ours, None if is_same else Note(field, NoteKind.WORD_TRANSLATED, sample(value))

    return translate


def _best(words: Sequence[str], rank: Sequence[str]) -> str | None:
    if not words:
        return None
    return min(words, key=rank.index) if rank and set(words) <= set(rank) else words[0]


def listed(value: Value) -> list[str]:
    """Return the words of a value: more than one if it is a list, in JSON or with commas."""
    text = as_text(value).strip()
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, list) and all(isinstance(one, str) for one in found):
            return found
    return text.split(",")


def word(table: Table, field: str, known: Mapping[str, str], *, default: str, unknown: NoteKind) -> Step:
    """Write one of our words; `default` where the table has no such column."""
    if not table.has(field):
        return constant(field, default)
    read = Words(table, field, known, default=default, unknown=unknown)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        fields[field] = read(row, notes)

    return table.columnwise(field, step, read.all)


def read_flag(
    table: Table, field: str, *, missing: bool = False, states: Mapping[str, str] = NO_STATES, wins: bool = True
) -> Callable[[Row, list[Note]], bool]:
    """Return what reads a yes or no. A date says yes; so may words, by `states` or the mapping file.

    Of several columns the one that says `wins` counts; where none says anything, it is `missing`.
    """
    readers = [read_answer(table, field, column, states) for column in table.layout.columns_of(field)]

    def read(row: Row, notes: list[Note]) -> bool:
        answers = [reader(row, notes) for reader in readers]
        if wins in answers:
            return wins
        return not wins if (not wins) in answers else missing

    return read


def read_answer(
    table: Table, field: str, column: str, states: Mapping[str, str] = NO_STATES
) -> Callable[[Row, list[Note]], bool | None]:
    """Return what reads a yes or no in one column; None where it says neither.

    NULL says neither, and so does an empty text: a dump as CSV writes NULL so, MySQL a word that its ENUM lacks. That
    is noted where states are read, for the old code may have meant something by it; so is what cannot be read.
    """
    get, words, timezone = table.get_from(column), {**states, **table.words(field)}, table.options.timezone

    def read(row: Row, notes: list[Note]) -> bool | None:
        value = get(row)
        if value is None or (is_blank(value) and "" not in words):
            if value is not None and states:
                note(notes, field, NoteKind.EMPTY_STATE, value)
            return None
        answer = _read(value, words, timezone)
        if answer is None:
            note(notes, field, NoteKind.UNKNOWN_FLAG, value)
        return answer

    return read


def _read(value: Value, words: Mapping[str, str], timezone: str) -> bool | None:
    answer = parse_flag(words.get(plain_word(as_text(value)), value) if words else value)
    return _is_date(value, timezone) if answer is None else answer


def is_blank(value: Value) -> bool:
    """Whether a value is a text without anything in it."""
    return isinstance(value, str | bytes) and not value.strip()


def _is_date(value: Value, timezone: str) -> bool | None:
    """A date says when it came to be so; a zero date says that it never did."""
    moment, reason = parse_legacy_datetime(value, timezone=timezone)
    return True if moment else False if reason == "zero date" else None


def flag(table: Table, field: str, *, into: str, missing: bool = False) -> Step:
    """Write a yes or no."""
    if not table.has(field):
        return constant(into, missing)
    read = read_flag(table, field, missing=missing)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        fields[into] = read(row, notes)

    def bulk(values: Sequence[Value]) -> Answers:
        answers = [missing if value is None else bool(value) if is_usual(value) else None for value in values]
        others = [position for position, answer in enumerate(answers) if answer is None]
        return Answers({into: answers}, others)

    return step if table.words(field) else table.columnwise(field, step, bulk)


def is_usual(value: Value) -> bool:
    """Whether a flag is written as most databases do; 1.0 of a DECIMAL is another question."""
    return type(value) in (int, bool) and value in (0, 1)
