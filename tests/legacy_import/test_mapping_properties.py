"""Whatever a row holds, mapping gives fields or a reason, never an exception."""

import pickle
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from legacy_import.aliases import KNOWN, Kind, TableLayout
from legacy_import.mapping import MAPPERS, ImportOptions, Mapped, Rejected
from legacy_import.passwords import WeakPassword
from legacy_import.record import LEGACY_ID_LENGTH, LIMITS
from legacy_import.rows import SAMPLE_LENGTH, Row

ANYTHING = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.just(10**5000),
    st.floats(),
    st.decimals(),
    st.text(st.characters()),
    st.binary(),
    st.datetimes(),
    st.datetimes(timezones=st.timezones()),
    st.dates(),
    st.times(),
    st.timedeltas(),
)
LIKELY = st.sampled_from([
    1, "ada@example.com", "Ada Lovelace", "active", "admin", "9999.00", 19.99, "2023-11-14 22:13:20", b"\xff", "\0",
    "O&#x27;Brien", "JosÃ©", "x" * 300, "0000-00-00", Decimal("sNaN"), Decimal("1E+400"), float("inf"), "\ud800",
    datetime(1, 1, 1), datetime(9999, 12, 31, 23, 59, tzinfo=UTC),  # noqa: DTZ001 - a driver gives such ones
])  # fmt: skip
OPTIONS = st.builds(
    ImportOptions,
    timezone=st.sampled_from(["UTC", "Asia/Kolkata", "America/New_York", "+14:00"]),
    currency=st.sampled_from(["usd", "jpy", "kwd"]),
    price_unit=st.sampled_from(["major", "minor"]),
    no_unescape=st.sampled_from([frozenset(), frozenset({"old.message"})]),
)


@st.composite
def rows_and_layouts(draw: st.DrawFn, kind: Kind) -> tuple[Row, TableLayout]:
    """Draw a table with any of a kind's fields, and a row that may lack some of its columns."""
    fields = draw(st.sets(st.sampled_from(list(KNOWN[kind].fields))))
    columns = {field: field for field in KNOWN[kind].fields if field in fields}
    row = Row(draw(st.dictionaries(st.sampled_from(sorted(columns) or ["x"]), st.one_of(LIKELY, ANYTHING))))
    row.repaired = frozenset(draw(st.sets(st.sampled_from(list(row))))) if row else frozenset()
    return row, TableLayout("old", "id" if "id" in columns else None, columns, [])


@pytest.mark.parametrize("kind", list(Kind))
@settings(max_examples=200, deadline=None)
@given(data=st.data())
def test_any_row_gives_fields_or_a_reason(kind: Kind, data: st.DataObject) -> None:
    row, layout = data.draw(rows_and_layouts(kind))

    result = MAPPERS[kind](row, layout, data.draw(OPTIONS))

    if isinstance(result, Rejected):
        assert 0 < len(result.reason) < 200
        assert result.row.keys() == row.keys()
    else:
        assert 0 < len(result.legacy_id) <= LEGACY_ID_LENGTH
        check_fields(result)
    assert pickle.loads(pickle.dumps(result)) is not None


def check_fields(result: Mapped) -> None:
    """Every field can be stored on every database, and every note can be printed."""
    for field, value in result.fields.items():
        assert type(value) in (str, bool, int, Decimal, date, datetime, WeakPassword, type(None))
        if isinstance(value, str):
            assert "\0" not in value
            assert len(value.encode().decode()) <= LIMITS.get(field, 512)
        if isinstance(value, datetime):
            assert value.tzinfo is UTC
        if isinstance(value, Decimal):
            assert value.is_finite()
            assert 0 <= value < 10**8
    assert result.fields.get("paid_at") is None or result.fields["is_paid"] is True
    for note in result.notes:
        assert len(note.before) <= SAMPLE_LENGTH
        assert note.before.isprintable()
        assert note.before.encode()
