"""Every way in which an old Node site wrote down an instant. Pure: no clock, so no date can become "now".

| form | example | becomes |
|---|---|---|
| ISO 8601 | `2023-11-14T22:13:20.123Z`, `+05:30`, `+0530`, no zone | the instant; no zone means `timezone` |
| Sequelize on SQLite | `2023-11-14 22:13:20.123 +00:00` | the instant |
| MySQL, SQLite text | `2023-11-14 22:13:20`, with or without fraction | in `timezone` |
| date only | `2023-11-14` | midnight in `timezone` |
| epoch in s, ms, µs | `1700000000123` as number or text | told apart by size, see EPOCH_SCALES |
| JavaScript | `Tue Nov 14 2023 22:13:20 GMT+0000 (UTC)`, `Tue, 14 Nov 2023 22:13:20 GMT` | the instant |
| end of day | `2023-11-14T24:00:00Z` | midnight of the next day, as ISO 8601 says |
| years 1000 and 9999 | `1000-01-01`, `9999-12-31 23:59:59` | kept as they are: valid instants, if odd ones |
| zero | `0000-00-00 00:00:00`, `0` | nothing, "zero date" |
| partial | `2023-11`, `2023-00-00` | nothing, "partial date" |
| NULL, empty, `null`, `Invalid Date` | | nothing, "empty" or "no date" |
| anything else | `14/11/2023`, `20231114` | nothing and the reason: day and month are not guessed |

Digits finer than a microsecond are cut off. A zone-less time that a clock change skipped or repeated is read
with the offset that held before the change.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo
from decimal import Decimal
from functools import lru_cache
from typing import NamedTuple
from zoneinfo import ZoneInfo

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
# From, to (in the unit itself), microseconds in one unit. Seconds start in 1973 so that 20231114 and 2023 are
# not taken for seconds of 1970; everything ends in the year 2200, so that no number has two readings.
EPOCH_SCALES = (
    (Decimal(10**8), Decimal(7_258_118_400), 1_000_000),
    (Decimal(10**11), Decimal(7_258_118_400_000), 1_000),
    (Decimal(10**14), Decimal(7_258_118_400_000_000), 1),
)
USUAL_EPOCH = (10**11, 7_258_118_400_000)  # milliseconds
# Length of a text, and how it ends: with a zone of the instant itself, or without.
_USUAL_ENDS = {19: "", 23: "", 26: "", 20: "Z", 24: "Z", 27: "Z", 30: " +00:00"}
NO_DATE = frozenset({"null", "none", "undefined", "nan", "invalid date", "invalid"})
MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")

_NUMBER = re.compile(r"[+-]?\d{1,20}(?:\.\d{1,20})?", re.ASCII)
_PARTIAL = re.compile(r"\d{4}-\d{1,2}", re.ASCII)
_OFFSET = re.compile(r"([+-])(\d{2}):?(\d{2})?", re.ASCII)
_CLOCK = r"(?P<hour>\d{1,2}):(?P<minute>\d{2})(?::(?P<second>\d{2})(?:[.,](?P<fraction>\d+))?)?"
_ZONE = r"(?P<offset>Z|UTC|GMT|[+-]\d{2}:?\d{2}|[+-]\d{2})"
_ISO = rf"(?P<year>\d{{4}})([-/])(?P<month>\d{{1,2}})\2(?P<day>\d{{1,2}})(?:[T ]{_CLOCK}\s?{_ZONE}?)?"
_JS_DAY = r"[a-z]{3} (?P<month>[a-z]{3}) (?P<day>\d{1,2}) (?P<year>\d{4})"
_JS_TEXT = rf"{_JS_DAY}(?: {_CLOCK}(?: GMT{_ZONE})?(?: \([^()]*\))?)?"
_HTTP = rf"(?:[a-z]{{3}}, )?(?P<day>\d{{1,2}}) (?P<month>[a-z]{{3}}) (?P<year>\d{{4}}) {_CLOCK} {_ZONE}"
_FORMS = tuple(re.compile(form, re.ASCII | re.IGNORECASE) for form in (_ISO, _JS_TEXT, _HTTP))


class ParsedDate(NamedTuple):
    """An instant in UTC, or nothing and the reason."""

    value: datetime | None
    reason: str | None


class _Unreadable(ValueError):
    """The value is no instant; the message says why."""


def parse_legacy_datetime(value: object, *, timezone: str = "UTC") -> ParsedDate:
    """Read an instant from whatever the old database held; it never raises for a value.

    :raises ValueError: if `timezone` names no zone
    """
    zone = zone_named(timezone)
    try:
        return ParsedDate(_instant(value, zone), None)
    except _Unreadable as unreadable:
        return ParsedDate(None, str(unreadable))
    except (ValueError, OverflowError):
        return ParsedDate(None, "impossible date")


def fast_instant(timezone: str) -> Callable[[object], datetime | None]:
    """Return what reads the usual forms as parse_legacy_datetime does, only faster; None for all others."""
    is_utc = means_utc(timezone)

    def read(value: object) -> datetime | None:
        if isinstance(value, str):
            value = _usual_text(value)
        if isinstance(value, datetime):
            if value.tzinfo is UTC:
                return value
            return value.replace(tzinfo=UTC) if is_utc and value.tzinfo is None else None
        if type(value) is int and USUAL_EPOCH[0] <= value < USUAL_EPOCH[1]:
            return EPOCH + timedelta(milliseconds=value)
        return None

    return read


def means_utc(timezone: str) -> bool:
    """Return whether a zone is UTC under this name."""
    zone = zone_named(timezone)
    return zone is UTC or getattr(zone, "key", "") == "UTC"


def _usual_text(text: str) -> datetime | None:
    end = _USUAL_ENDS.get(len(text))
    if end is None or not (text[4] == text[7] == "-" and text[10] in "T " and text[13] == text[16] == ":"):
        return None
    try:
        moment = datetime.fromisoformat(text[:23] + "Z" if end == " +00:00" else text)
    except ValueError:
        return None
    return moment if text.endswith(end) and (moment.tzinfo is UTC) == bool(end) else None


@lru_cache(maxsize=64)
def zone_named(name: str) -> tzinfo:
    """Find the zone: an IANA name such as `Asia/Kolkata`, or an offset such as `+05:30`.

    :raises ValueError: if there is no such zone
    """
    try:
        return _offset(name) if _OFFSET.fullmatch(name) else ZoneInfo(name)
    except (OSError, LookupError, ValueError):
        raise ValueError(f"{name!r} is not a time zone such as UTC, Asia/Kolkata or +05:30") from None


def _instant(value: object, zone: tzinfo) -> datetime:
    if isinstance(value, bytes):
        value = _decoded(value)
    if isinstance(value, str):
        return _from_text(value.strip(), zone)
    if isinstance(value, int | float | Decimal) and not isinstance(value, bool):
        return _from_epoch(Decimal(str(value)))
    if isinstance(value, date):
        return _from_date(value, zone)
    raise _Unreadable("empty" if value is None else f"a {type(value).__name__} is not a date")


def _decoded(raw: bytes) -> str:
    try:
        return raw.decode("ascii")
    except UnicodeDecodeError:
        raise _Unreadable("binary") from None


def _from_date(value: date, zone: tzinfo) -> datetime:
    moment = value if isinstance(value, datetime) else datetime.combine(value, time.min)
    return (moment if moment.tzinfo else moment.replace(tzinfo=zone)).astimezone(UTC)


def _from_epoch(number: Decimal) -> datetime:
    if number.is_zero():
        raise _Unreadable("zero date")
    for first, last, microseconds in EPOCH_SCALES:
        if number.is_finite() and first <= abs(number) <= last:
            return EPOCH + timedelta(microseconds=int((number * microseconds).to_integral_value()))
    raise _Unreadable("a number that is no time between 1973 and 2200")


def _from_text(text: str, zone: tzinfo) -> datetime:
    if not text or text.lower() in NO_DATE:
        raise _Unreadable("no date" if text else "empty")
    if _NUMBER.fullmatch(text):
        return _from_epoch(Decimal(text))
    for form in _FORMS:
        if found := form.fullmatch(text):
            return _from_parts(found.groupdict(), zone)
    raise _Unreadable("partial date" if _PARTIAL.fullmatch(text) else "unknown form")


def _from_parts(parts: dict[str, str | None], zone: tzinfo) -> datetime:
    year, month, day = int(parts["year"] or 0), _month(parts["month"] or ""), int(parts["day"] or 0)
    if not (year and month and day):
        raise _Unreadable("partial date" if year else "zero date")
    hour, minute, second = (int(parts[name] or 0) for name in ("hour", "minute", "second"))
    microsecond = int((parts["fraction"] or "").ljust(6, "0")[:6])
    if parts["offset"]:
        zone = _offset(parts["offset"])
    if (hour, minute, second, microsecond) == (24, 0, 0, 0):
        return datetime(year, month, day, tzinfo=zone).astimezone(UTC) + timedelta(days=1)
    return datetime(year, month, day, hour, minute, second, microsecond, tzinfo=zone).astimezone(UTC)


def _month(text: str) -> int:
    return int(text) if text.isdigit() else MONTHS.index(text.lower()) + 1


def _offset(text: str) -> tzinfo:
    found = _OFFSET.fullmatch(text)
    if not found:
        return UTC
    sign = -1 if found[1] == "-" else 1
    return timezone(sign * timedelta(hours=int(found[2]), minutes=int(found[3] or 0)))
