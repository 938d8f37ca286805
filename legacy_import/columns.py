"""Many rows mapped at once, column by column. Pure.

Each step answers for all usual values of its column together; only a row with another one is taken through that step
alone. So a row becomes what it becomes by itself (mapping.py), in a fraction of the time.
"""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, NamedTuple

from legacy_import.aliases import Kind, TableLayout
from legacy_import.identifiers import read_legacy_id, texts_of_identities, texts_of_ids
from legacy_import.mapping import steps_of
from legacy_import.record import Answers, Columns, Columnwise, Constant, Nothing, Noting, Step, Table, always
from legacy_import.rows import Chunk, ImportOptions, Note, Row, RowRefused

Noted = dict[tuple[str, str], tuple[int, str]]


class MappedColumns(NamedTuple):
    """The rows of a chunk in our terms: each field, the old ids, and which rows some step refused.

    In a refused row the fields mean nothing; what is wrong with it says the mapping of that row alone.
    """

    fields: Columns
    legacy_ids: list[str]
    refused: set[int]
    notings: list[Noting]

    def noted(self, positions: Sequence[int]) -> Noted:
        """Count what was done to the values of these rows, in ascending order, with the first one of each kind."""
        wanted: Collection[int] = range(len(self.legacy_ids)) if self._are_all(positions) else set(positions)
        counts: Counter[tuple[str, str]] = Counter()
        first: dict[tuple[str, str], tuple[int, Noting]] = {}
        for noting in self.notings:
            kind = (noting.field, noting.kind)
            if of := [position for position in noting.positions if position in wanted]:
                counts[kind] += len(of)
                first[kind] = min(first.get(kind, (of[0], noting)), (of[0], noting), key=itemgetter(0))
        return {kind: (count, first[kind][1].before(first[kind][0])) for kind, count in counts.items()}

    def _are_all(self, positions: Sequence[int]) -> bool:
        return len(positions) == len(self.legacy_ids)


class ColumnMapper:
    """Maps chunks of one table. It remembers words and nothing else; give each thread one of its own."""

    def __init__(self, kind: Kind, layout: TableLayout, options: ImportOptions) -> None:
        table, steps = steps_of(kind, layout, options)
        self._plain_ids, self._read_id = _plain_ids(table), read_legacy_id(table)
        self._constants = [step for step in steps if isinstance(step, Constant)]
        others = [step for step in steps if not isinstance(step, Constant | Nothing)]
        # Steps one after the other that look at rows share the row that is put together for them.
        self._parts = [(by_column, list(part)) for by_column, part in groupby(others, _is_columnwise)]

    def legacy_ids(self, chunk: Chunk) -> tuple[list[str], set[int]]:
        """Return the old ids, and where there is none that can be used."""
        ids: list[Any] = self._plain_ids(chunk)
        refused = set()
        for position in [position for position, one in enumerate(ids) if one is None]:
            try:
                ids[position] = self._read_id(chunk.row(position))
            except RowRefused:
                ids[position] = ""
                refused.add(position)
        return ids, refused

    def __call__(self, chunk: Chunk) -> MappedColumns:
        """Map all rows of a chunk."""
        legacy_ids, refused = self.legacy_ids(chunk)
        count = len(chunk.values)
        work = _Work(chunk, {step.field: [step.value] * count for step in self._constants}, refused)
        for by_column, steps in self._parts:
            if by_column:
                for step in steps:
                    work.take_columns(step)  # type: ignore[arg-type]  # the parts are sorted by this
            else:
                work.take_rows(steps, range(count))
        return MappedColumns(work.fields, legacy_ids, refused, work.notings)


class _Work:
    """One chunk on its way through the steps."""

    def __init__(self, chunk: Chunk, fields: Columns, refused: set[int]) -> None:
        self.chunk, self.fields, self.refused = chunk, fields, refused
        self.notings: list[Noting] = []

    def take_columns(self, step: Columnwise) -> None:
        answers = step.bulk(self.chunk, self.fields)
        self.fields |= answers.fields
        self.notings += _without(answers)
        if answers.others:
            self.take_rows([step.step], answers.others)

    def take_rows(self, steps: Sequence[Step], positions: Iterable[int]) -> None:
        """Take some rows through steps, each row by itself."""
        for position in positions:
            if position in self.refused:
                continue
            row, fields = self.chunk.row(position), self._fields_of(position)
            notes: list[Note] = []
            if self._steps(steps, row, fields, notes):
                self.notings += [Noting(one.field, one.kind, [position], always(one.before)) for one in notes]
                self._write(position, fields)
            else:
                self.refused.add(position)

    def _steps(self, steps: Sequence[Step], row: Row, fields: dict[str, object], notes: list[Note]) -> bool:
        try:
            for step in steps:
                step(row, fields, notes)
        except RowRefused:
            return False
        return True

    def _fields_of(self, position: int) -> dict[str, object]:
        return {name: values[position] for name, values in self.fields.items()}

    def _write(self, position: int, fields: dict[str, object]) -> None:
        for name, value in fields.items():
            column = self.fields.get(name)
            if column is None:
                column = self.fields[name] = [None] * len(self.chunk.values)
            column[position] = value


def _without(answers: Answers) -> Iterator[Noting]:
    """Leave out of the notes what the rows that are taken alone will say themselves."""
    others = set(answers.others)
    for noting in answers.noted:
        yield noting._replace(positions=[one for one in noting.positions if one not in others]) if others else noting


def _is_columnwise(step: Step) -> bool:
    return isinstance(step, Columnwise)


def _plain_ids(table: Table) -> Callable[[Chunk], list[str | None]]:
    """Return what reads the usual ids of a chunk, with None for those that are to be read one by one."""
    column, identity = table.column("id"), table.layout.identity
    if column and column not in table.layout.json:
        return lambda chunk: texts_of_ids(chunk.column(column))
    if identity and not column:
        return lambda chunk: texts_of_identities(identity, chunk)
    return lambda chunk: [None] * len(chunk.values)
