"""Our ids for rows that were made long ago."""

import secrets
from datetime import UTC, datetime, timedelta
from uuid import UUID

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def uuid7_of(instant: datetime) -> UUID:
    """Make a UUIDv7 of the moment in which the row was made, not of the import's.

    Lists are in the order of the ids, newest first: so an old message stands where its date says. Years before 1970
    have no such id and get that of 1970.
    """
    milliseconds = max(0, (instant - EPOCH) // timedelta(milliseconds=1))
    random = secrets.randbits(74)
    return UUID(int=milliseconds << 80 | 0x7 << 76 | (random >> 62) << 64 | 0b10 << 62 | random & (1 << 62) - 1)
