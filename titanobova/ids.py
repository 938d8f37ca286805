"""Time-ordered identifiers (UUID version 7, RFC 9562 section 5.7), which Python 3.11 does not have yet."""

import secrets
import time
import uuid
from datetime import datetime, timedelta

# Between a row's id and the time that it says, which are made one after the other: what a clock that is set may add to
# that, and, for rows of the old site, a time zone that was understood better later.
APART = timedelta(hours=25)


def uuid7() -> uuid.UUID:
    """Return a new UUIDv7: 48 bits of Unix milliseconds, then 12 bits of the fraction and 62 random bits.

    Time-ordered keys land at the end of an index instead of all over it. The 12 bits after the version hold the
    fraction of the millisecond (method 3 of section 6.2), so that ids of one process rise within a millisecond too.
    """
    nanoseconds = time.time_ns()
    milliseconds, rest = divmod(nanoseconds, 1_000_000)
    fraction = (rest << 12) // 1_000_000
    number = milliseconds << 80 | 0x7 << 76 | fraction << 64 | 0b10 << 62 | secrets.randbits(62)
    return uuid.UUID(int=number)


def first_at(instant: datetime) -> uuid.UUID:
    """Return the lowest id that can be made at an instant, to find rows of a time by their ids."""
    milliseconds = max(0, int(instant.timestamp() * 1000))
    return uuid.UUID(int=milliseconds << 80 | 0x7 << 76 | 0b10 << 62)


def id_before(instant: datetime) -> uuid.UUID:
    """Return an id below those of all rows that say to be from this instant or later.

    Lists are in the order of ids. With it a database begins at the first row of a time; by the time alone it would walk
    through all others to it.
    """
    try:
        return first_at(instant - APART)
    except OverflowError:
        return first_at(instant)


def id_after(instant: datetime) -> uuid.UUID:
    """Return an id above those of all rows that say to be from before this instant."""
    try:
        return first_at(instant + APART)
    except OverflowError:
        return first_at(instant)
