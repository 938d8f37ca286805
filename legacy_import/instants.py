"""A column of instants that are kept as texts, since making and writing dates is what takes most of the time. Pure."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime

from legacy_import.dates import fast_instant, means_utc

EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - all here are in UTC, and dates without a zone are made faster
DAY = 86_400_000  # milliseconds
_SAME = {4: "-", 7: "-", 13: ":", 16: ":", 19: "."}  # where all texts of a column have the same sign
_ENDS = {19: "", 23: "", 26: "", 20: "Z", 24: "Z", 27: "Z", 30: " +00:00"}  # length, and how such a text ends


class Instants:
    """Instants in UTC, or None, as `datetime` for who asks for one of them."""

    def __init__(self, dates: list[datetime | None], texts: list[str | None]) -> None:
        """`dates` are without a zone; `texts` are these, as both databases take them."""
        self._dates, self.texts = dates, texts

    @classmethod
    def of(cls, values: "list[datetime | None] | Instants") -> "Instants":
        """Return a column of instants as one of this class."""
        if isinstance(values, Instants):
            return values
        dates = [None if value is None else value.astimezone(UTC).replace(tzinfo=None) for value in values]
        return cls(dates, [None if date is None else str(date) for date in dates])

    def __len__(self) -> int:
        return len(self.texts)

    def __iter__(self) -> Iterator[datetime | None]:
        return map(self.__getitem__, range(len(self)))

    def __getitem__(self, position: int) -> datetime | None:
        date = self._dates[position]
        return None if date is None else date.replace(tzinfo=UTC)

    def __setitem__(self, position: int, value: datetime | None) -> None:
        date = None if value is None else value.astimezone(UTC).replace(tzinfo=None)
        self._dates[position], self.texts[position] = date, None if date is None else str(date)

    def milliseconds(self, positions: Iterable[int]) -> list[int]:
        """Return how many went by since 1970; 0 for what was before, or has no date."""
        since = [(self._dates[position] or EPOCH) - EPOCH for position in positions]
        return [max(0, one.days * DAY + one.seconds * 1000 + one.microseconds // 1000) for one in since]


def fast_instants(timezone: str) -> Callable[[Sequence[object]], Instants]:
    """Return what reads a whole column as dates.fast_instant reads each value."""
    read, is_utc = fast_instant(timezone), means_utc(timezone)

    def read_all(values: Sequence[object]) -> Instants:
        found = _of_one_form(values, is_utc=is_utc) if set(map(type, values)) == {str} else None
        return found or Instants.of(list(map(read, values)))

    return read_all


def _of_one_form(values: Sequence[object], *, is_utc: bool) -> Instants | None:
    """Read texts that are all written alike, in the usual way; None where they are not."""
    texts: list[str] = list(values)  # type: ignore[arg-type]  # they are texts
    (length, *others) = set(map(len, texts))
    end = _ENDS.get(length)
    if others or end is None or not (is_utc or end) or not _are_alike("".join(texts), length, end):
        return None
    if end:
        texts = [text[: length - len(end)] for text in texts]
    if texts[0][10] == "T":
        texts = [text.replace("T", " ") for text in texts]
    try:
        dates = list(map(datetime.fromisoformat, texts))
    except ValueError:
        return None
    return Instants(dates, _as_stored(texts, dates))  # type: ignore[arg-type]  # lists of less than they may hold


def _are_alike(joined: str, length: int, end: str) -> bool:
    """Whether each text has its signs at the same places; every `length`-th character is that place of all of them."""
    signs = {place: sign for place, sign in _SAME.items() if place < length - len(end)}
    signs |= {length - len(end) + place: sign for place, sign in enumerate(end)}
    return set(joined[10::length]) in ({"T"}, {" "}) and all(
        set(joined[place::length]) == {sign} for place, sign in signs.items()
    )


def _as_stored(texts: list[str], dates: Sequence[datetime]) -> list[str]:
    """Write fractions with six digits, and none where there is none, as str() does."""
    if len(texts[0]) == 19:
        return texts
    zeros = "0" * (26 - len(texts[0]))
    return [text + zeros if date.microsecond else text[:19] for text, date in zip(texts, dates, strict=True)]
