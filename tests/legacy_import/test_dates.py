"""Every form in which an old site wrote an instant, and what becomes of it."""

from datetime import UTC, date, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_import.dates import fast_instant, parse_legacy_datetime, zone_named

MOMENT = datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
SECOND = MOMENT.replace(microsecond=0)
MIDNIGHT = datetime(2023, 11, 14, tzinfo=UTC)

READABLE = [
    ("2023-11-14T22:13:20.123Z", MOMENT),
    ("2023-11-14t22:13:20.123z", MOMENT),
    ("2023-11-15T03:43:20.123+05:30", MOMENT),
    ("2023-11-15T03:43:20.123+0530", MOMENT),
    ("2023-11-14T17:13:20.123-05", MOMENT),
    ("2023-11-14 22:13:20.123 +00:00", MOMENT),
    ("2023-11-14T22:13:20.123", MOMENT),
    ("2023-11-14 22:13:20.123456", MOMENT.replace(microsecond=123_456)),
    ("2023-11-14 22:13:20.1234567891", MOMENT.replace(microsecond=123_456)),
    ("  2023-11-14 22:13:20,123 ", MOMENT),
    ("2023-11-14 22:13:20", SECOND),
    ("2023/11/14 22:13:20", SECOND),
    ("2023-11-14 22:13", SECOND.replace(second=0)),
    ("2023-11-14 22:13:20 UTC", SECOND),
    ("2023-11-14", MIDNIGHT),
    ("2023-11-13T24:00:00Z", MIDNIGHT),
    (1_700_000_000, SECOND),
    (1_700_000_000.123, MOMENT),
    (1_700_000_000_123, MOMENT),
    (1_700_000_000_123_000, MOMENT),
    ("1700000000", SECOND),
    ("1700000000.123", MOMENT),
    ("1700000000123", MOMENT),
    ("1700000000123456", MOMENT.replace(microsecond=123_456)),
    (Decimal("1700000000.123"), MOMENT),
    (-315_619_200, datetime(1960, 1, 1, tzinfo=UTC)),
    ("1960-01-01 00:00:00", datetime(1960, 1, 1, tzinfo=UTC)),
    ("Tue Nov 14 2023 22:13:20 GMT+0000 (Coordinated Universal Time)", SECOND),
    ("Wed Nov 15 2023 03:43:20 GMT+0530 (India Standard Time)", SECOND),
    ("Tue Nov 14 2023", MIDNIGHT),
    ("Tue, 14 Nov 2023 22:13:20 GMT", SECOND),
    ("Tue, 14 Nov 2023 22:13:20 +0000", SECOND),
    (b"2023-11-14T22:13:20.123Z", MOMENT),
    ("1000-01-01 00:00:00", datetime(1000, 1, 1, tzinfo=UTC)),
    ("9999-12-31 23:59:59", datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ("2024-02-29", datetime(2024, 2, 29, tzinfo=UTC)),
    (MOMENT, MOMENT),
    (MOMENT.replace(tzinfo=None), MOMENT),
    (MOMENT.astimezone(timezone(timedelta(hours=-8))), MOMENT),
    (date(2023, 11, 14), MIDNIGHT),
]
UNREADABLE = [
    (None, "empty"),
    ("", "empty"),
    ("   ", "empty"),
    ("null", "no date"),
    ("Invalid Date", "no date"),
    ("0000-00-00", "zero date"),
    ("0000-00-00 00:00:00", "zero date"),
    (0, "zero date"),
    ("0", "zero date"),
    ("2023-11", "partial date"),
    ("2023-00-00", "partial date"),
    ("2023-11-00 00:00:00", "partial date"),
    ("2023-02-31", "impossible date"),
    ("2023-02-29 10:00:00", "impossible date"),
    ("2023-11-14 25:00:00", "impossible date"),
    ("2023-11-14T22:13:20+99:00", "impossible date"),
    ("Tue Foo 14 2023", "impossible date"),
    ("14/11/2023", "unknown form"),
    ("yesterday", "unknown form"),
    ("\N{FULLWIDTH DIGIT TWO}023-11-14", "unknown form"),
    (20_231_114, "a number that is no time between 1973 and 2200"),
    ("2023", "a number that is no time between 1973 and 2200"),
    (float("nan"), "a number that is no time between 1973 and 2200"),
    (float("inf"), "a number that is no time between 1973 and 2200"),
    (10**30, "a number that is no time between 1973 and 2200"),
    (b"\xff\xfe", "binary"),
    (True, "a bool is not a date"),
    (timedelta(hours=838), "a timedelta is not a date"),
]


@pytest.mark.parametrize(("written", "instant"), READABLE)
def test_a_known_form_becomes_its_instant(written: object, instant: datetime) -> None:
    assert parse_legacy_datetime(written) == (instant, None)


@pytest.mark.parametrize(("written", "reason"), UNREADABLE)
def test_anything_else_becomes_nothing_with_a_reason(written: object, reason: str) -> None:
    assert parse_legacy_datetime(written) == (None, reason)


@pytest.mark.parametrize("zone", ["Asia/Kolkata", "+05:30"])
@pytest.mark.parametrize("written", ["2023-11-15 03:43:20.123", MOMENT.replace(tzinfo=None, hour=3, minute=43, day=15)])
def test_a_time_without_zone_is_in_the_zone_of_the_option(written: object, zone: str) -> None:
    assert parse_legacy_datetime(written, timezone=zone).value == MOMENT


def test_a_time_with_a_zone_does_not_care_for_the_option() -> None:
    assert parse_legacy_datetime("2023-11-14T22:13:20.123Z", timezone="Asia/Kolkata").value == MOMENT


def test_an_instant_beyond_the_calendar_is_no_date() -> None:
    assert parse_legacy_datetime("9999-12-31 23:59:59", timezone="-05:00") == (None, "impossible date")


@pytest.mark.parametrize("name", ["Mars/Olympus", "", "../etc/passwd", "+99:00", "Europe"])
def test_an_unknown_zone_is_refused_by_name(name: str) -> None:
    with pytest.raises(ValueError, match="is not a time zone"):
        zone_named(name)


@given(st.datetimes(min_value=datetime(1973, 3, 4), max_value=datetime(2199, 12, 31)))  # noqa: DTZ001 - given UTC below
def test_milliseconds_survive_every_way_of_writing_them(moment: datetime) -> None:
    moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000, tzinfo=UTC)
    milliseconds = (moment - datetime(1970, 1, 1, tzinfo=UTC)) // timedelta(milliseconds=1)
    text = moment.isoformat(sep=" ", timespec="milliseconds")

    for written in (milliseconds, milliseconds * 1000, milliseconds / 1000, str(milliseconds), text, text[:-6]):
        assert parse_legacy_datetime(written).value == moment


@given(st.one_of(st.text(), st.binary(), st.integers(), st.floats(), st.decimals(), st.from_regex(r"[0-9TZ:+ .-]+")))
def test_no_value_at_all_raises(written: object) -> None:
    value, reason = parse_legacy_datetime(written, timezone="America/New_York")

    assert (value is None) == (reason is not None)
    assert value is None or value.tzinfo is UTC


ALMOST = st.from_regex(
    r"\A20[0-9]{2}-[01][0-9]-[0-3][0-9][T ][0-2][0-9]:[0-6][0-9]:[0-6][0-9]([.,][0-9]{3,6})?(Z| \+00:00)?\Z"
)


@given(
    st.one_of(
        ALMOST, st.from_regex(r"\A[0-9TZW:+. -]{19,30}\Z"), st.datetimes(), st.integers(0, 10**13),
        st.sampled_from([written for written, _ in READABLE + UNREADABLE]),
    ),
    st.sampled_from(["UTC", "Asia/Kolkata", "+00:00"]),
)  # fmt: skip
def test_the_fast_way_never_gives_another_instant(written: object, zone: str) -> None:
    found = fast_instant(zone)(written)

    assert found is None or (found, None) == parse_legacy_datetime(written, timezone=zone)


@pytest.mark.parametrize("written", ["2023-11-14 22:13:20.123", "2023-11-14T22:13:20.123Z", 1_700_000_000_123, MOMENT,
                                     "2023-11-14 22:13:20.123 +00:00", MOMENT.replace(tzinfo=None)])  # fmt: skip
def test_the_usual_forms_go_the_fast_way(written: object) -> None:
    assert fast_instant("UTC")(written) == MOMENT
