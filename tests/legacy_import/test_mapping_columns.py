"""Mapped by columns, rows become what each of them becomes by itself."""

import re
from collections import Counter
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from legacy_import.aliases import KNOWN, Kind, TableLayout
from legacy_import.columns import ColumnMapper, Noted
from legacy_import.instants import Instants, fast_instants
from legacy_import.loading.ids import NumberedIds, uuid7_of, uuid7_texts
from legacy_import.loading.packing import NULL, pack
from legacy_import.mapping import ImportOptions, Mapped, compile_mapper
from legacy_import.row_checksums import RowChecksum
from legacy_import.rows import Chunk, RepairedText, Value
from legacy_import.texts import unusual_texts
from tests.legacy_import.test_mapping_properties import ANYTHING, OPTIONS

# What columns really hold, beside everything: whole columns of usual values must come up as well.
USUAL: dict[str, st.SearchStrategy[Any]] = {
    "numbers": st.integers(0, 200),
    "addresses": st.sampled_from(["ada@example.com", "B.C@Example.org", "x@y.example"]),
    "hashes": st.just("$2b$10$" + "a" * 21 + "u" + "x" * 31),
    "names": st.sampled_from(["Ada Lovelace", "Ada", "", " Ada", "Ada  King", "Ada\tKing", "Müller", "O&#x27;Brien"]),
    "words": st.sampled_from(["active", "admin", "Student", "in_progress", "what", "completed", "pending"]),
    "dates": st.sampled_from(["2023-11-14 22:13:20", "2024-02-29 00:00:00"]),
    "fine dates": st.sampled_from(["2023-11-14T22:13:20.000Z", "1969-12-31T23:59:59.999Z"]),
    "dates of Sequelize": st.sampled_from(["2023-11-14 22:13:20.120 +00:00", "2023-02-29 22:13:20.120 +00:00"]),
    "moments": st.datetimes(),
    "flags": st.sampled_from([0, 1, True, None, Decimal("1.0"), "yes"]),
    "texts": st.text("ab &\0\n\té", max_size=6),
    "repaired": st.builds(RepairedText, st.text("a\ufffd")),
}
MOMENT = datetime(2023, 1, 1)  # noqa: DTZ001 - as a driver gives it
LETTERS = {"t": "\t", "n": "\n", "r": "\r"}
COLUMN = st.sampled_from([*USUAL.values(), st.one_of(*USUAL.values()), st.one_of(st.none(), *USUAL.values()), ANYTHING])


@st.composite
def chunks(draw: st.DrawFn, kind: Kind) -> tuple[Chunk, TableLayout]:
    """Draw some rows of a table with any of a kind's fields."""
    fields = sorted(draw(st.sets(st.sampled_from(list(KNOWN[kind].fields)), min_size=1)))
    count = draw(st.integers(1, 6))
    columns = [draw(st.lists(draw(COLUMN), min_size=count, max_size=count)) for _ in fields]
    layout = TableLayout("old", "id" if "id" in fields else None, {field: field for field in fields}, [])
    return Chunk(tuple(fields), list(zip(*columns, strict=True))), layout


def notes_of(rows: list[Mapped]) -> Noted:
    """Count notes as they are, row by row."""
    counts = Counter((note.field, note.kind) for row in rows for note in row.notes)
    first = {(note.field, note.kind): note.before for row in reversed(rows) for note in reversed(row.notes)}
    return {of: (count, first[of]) for of, count in counts.items()}


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_columns_give_what_rows_give(kind: Kind, data: st.DataObject) -> None:
    chunk, layout = data.draw(chunks(kind))
    options = data.draw(OPTIONS)
    alone = compile_mapper(kind, layout, options)

    by_columns = ColumnMapper(kind, layout, options)(chunk)

    rows = list(map(alone, chunk.rows()))
    mapped = {position: row for position, row in enumerate(rows) if isinstance(row, Mapped)}
    assert set(range(len(rows))) - by_columns.refused == set(mapped)
    for position, row in mapped.items():
        found = {name: values[position] for name, values in by_columns.fields.items()}
        assert found == row.fields
        assert list(map(type, (found[name] for name in row.fields))) == list(map(type, row.fields.values()))
        assert by_columns.legacy_ids[position] == row.legacy_id
    assert by_columns.noted(list(mapped)) == notes_of(list(mapped.values()))


@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_rows_are_summed_up_alike_alone_and_together(data: st.DataObject) -> None:
    chunk, layout = data.draw(chunks(Kind.USERS))
    assume(not any(isinstance(value, int) and value.bit_length() > 64 for row in chunk.values for value in row))
    checksum = RowChecksum(layout, ImportOptions())

    assert checksum.all(chunk) == [checksum(row) for row in chunk.rows()]


@pytest.mark.parametrize(
    ("one", "other"), [(5, "5"), (None, "None"), ("a", b"a"), (MOMENT, str(MOMENT)), (MOMENT, MOMENT.date())]
)
def test_values_that_look_alike_are_not_the_same(one: Value, other: Value) -> None:
    checksum = RowChecksum(TableLayout("old", None, {"name": "name"}, []), ImportOptions())

    first, second = checksum.all(Chunk(("name",), [(one,), (other,)]))

    assert first != second


@given(st.lists(st.datetimes(datetime(1950, 1, 1), datetime(2200, 1, 1)), min_size=1, max_size=5))  # noqa: DTZ001
def test_instants_as_texts_are_the_dates_that_they_stand_for(dates: list[datetime]) -> None:
    found = fast_instants("UTC")([date.isoformat(sep=" ", timespec="microseconds") for date in dates])

    assert list(found) == [date.replace(tzinfo=UTC) for date in dates]
    assert found.texts == list(map(str, dates))
    since = datetime(1970, 1, 1)  # noqa: DTZ001
    wanted = [max(0, (date - since) // timedelta(milliseconds=1)) for date in dates]
    assert found.milliseconds(range(len(dates))) == wanted
    assert Instants.of(list(found)).texts == found.texts
    assert [one[:12] for one in uuid7_texts(wanted)] == [uuid7_of(date).hex[:12] for date in found if date]


@given(st.lists(st.tuples(st.text("a\\\t\n\r", max_size=4), st.text(max_size=4)), max_size=4))
def test_a_line_for_copy_holds_its_values_and_nothing_else(rows: list[tuple[str, str]]) -> None:
    lines = pack(list(zip(*rows, strict=True)), [[None] * len(rows)], as_lines=True) if rows else []

    for line, row in zip(lines, rows, strict=True):
        assert not {"\n", "\r"} & set(line)
        assert [unescaped(value) for value in line.split("\t")] == [*row, None]


def unescaped(value: str) -> str | None:
    """Read one value of a line as COPY does (PostgreSQL, COPY, text format)."""
    return None if value == NULL else re.sub(r"\\(.)", lambda found: LETTERS.get(found[1], found[1]), value)


def test_small_numbers_are_remembered_and_nothing_else() -> None:
    people, ids = NumberedIds(), [uuid7_of(datetime(2023, 1, 1, tzinfo=UTC)).hex for _ in range(6)]

    people.remember(["7", "0", "007", "x", "-1", str(NumberedIds.MOST)], ids)

    assert people.of(["7", "0", "007", "x", "-1", str(NumberedIds.MOST), "8", "²"]) == {"7": ids[0], "0": ids[1]}


@pytest.mark.parametrize("edge", ["\n", "a\n", "\na", " a", "a\t"])
@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_line_break_at_the_edge_of_a_value_is_seen_wherever_it_stands(edge: str, place: int) -> None:
    values: list[Value] = ["x", "", "y"]
    values[place] = edge

    assert unusual_texts(values, 10, unescape=True, is_line=True) == [place]
