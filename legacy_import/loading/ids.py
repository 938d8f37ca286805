"""Our ids for rows that were made long ago."""

import os
import secrets
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
MILLISECOND = timedelta(milliseconds=1)
ID_BYTES = 16
RANDOM_DIGITS = 20  # hexadecimal, for one id; the last one is not used


def uuid7_of(instant: datetime) -> UUID:
    """Make a UUIDv7 of the moment in which the row was made, not of the import's.

    Lists are in the order of the ids, newest first: so an old message stands where its date says. Years before 1970
    have no such id and get that of 1970.
    """
    random = secrets.randbits(74)
    return UUID(
        int=_milliseconds(instant) << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1
    )


def uuid7_texts(milliseconds: Sequence[int]) -> list[str]:
    """Make as many at once, of the times since 1970, as 32 hexadecimal digits."""
    return [f"{time:012x}{rest}" for time, rest in zip(milliseconds, _rests(len(milliseconds)), strict=True)]


def uuid7_texts_beside(others: Sequence[str]) -> list[str]:
    """Make an id of the same moment as each of these."""
    return [other[:12] + rest for other, rest in zip(others, _rests(len(others)), strict=True)]


class NumberedIds:
    """Our ids of old rows with small numbers, 16 bytes each: millions fit where a dict holds a tenth of them."""

    MOST = 4_000_000  # the highest number that is remembered: 64 MB

    def __init__(self) -> None:
        self._ids = bytearray()

    def remember(self, numbers: Sequence[str], ids: Sequence[str]) -> None:
        """Remember the ids, as 32 digits, of those old ids that are such numbers."""
        for number, pk in zip(numbers, ids, strict=True):
            if number.isdecimal() and number.isascii() and number == str(place := int(number)) and place < self.MOST:
                if (place + 1) * ID_BYTES > len(self._ids):
                    self._ids.extend(bytes((place + 1) * ID_BYTES * 5 // 4 - len(self._ids)))
                self._ids[place * ID_BYTES : (place + 1) * ID_BYTES] = bytes.fromhex(pk)

    def of(self, numbers: Iterable[str]) -> dict[str, str]:
        """Return what is known of these."""
        found = {number: self._of(int(number)) for number in numbers if number.isdecimal() and number.isascii()}
        return {number: pk for number, pk in found.items() if pk is not None and number == str(int(number))}

    def _of(self, place: int) -> str | None:
        one = self._ids[place * ID_BYTES : (place + 1) * ID_BYTES]
        return one.hex() if one.strip(b"\0") else None


def _rests(count: int) -> list[str]:
    """Return the part of an id that is not its time, at random."""
    random = os.urandom(RANDOM_DIGITS // 2 * count).hex()
    parts = [random[start : start + RANDOM_DIGITS] for start in range(0, len(random), RANDOM_DIGITS)]
    return [f"7{part[:3]}{VARIANTS[part[3]]}{part[4:19]}" for part in parts]


def _milliseconds(instant: datetime) -> int:
    return max(0, (instant - EPOCH) // MILLISECOND)


VARIANTS = {f"{digit:x}": f"{8 | digit & 3:x}" for digit in range(16)}
