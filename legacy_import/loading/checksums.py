"""Checksums that tell whether a row or an object is still the same.

64 bits against accidents: one row in 2^64 that changed would pass for unchanged. Who can write the old database could
make two versions of a row collide; all they would win is that their own change is not imported.
"""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from uuid import UUID

from django.db.models import Model

from legacy_import.digests import BYTES, SEPARATOR, checksums

PLAIN = blake2b(digest_size=BYTES)


def checksum_of_fields(fields: Mapping[str, object]) -> int:
    """Sum up a mapped row; the order of its fields does not count."""
    return checksum_of_texts([f"{name}={as_stored(fields[name])}" for name in sorted(fields)])


def checksum_of_object(instance: Model, columns: Sequence[str]) -> int:
    """Sum up what is stored; the same before and after a round trip through any database."""
    return checksum_of_texts([as_stored(getattr(instance, name)) for name in columns])


def checksum_of_texts(texts: Iterable[str | None]) -> int:
    """Sum up values as they are stored; NULL differs from the empty text."""
    return checksums([SEPARATOR.join(["\0" if text is None else text for text in texts])], PLAIN)[0]


def checksums_of_columns(columns: Sequence[Sequence[str | None]]) -> list[int]:
    """Sum up rows as `checksum_of_texts` does, given by their columns."""
    texts = [["\0" if text is None else text for text in one] if None in one else one for one in columns]
    return checksums(map(SEPARATOR.join, zip(*texts, strict=True)), PLAIN)


def as_stored(value: object) -> str | None:
    """Write a value as both databases take it and as checksums see it: instants in UTC, 12999.000 as 12999."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "1" if value else "0"
    if isinstance(value, datetime):
        return str(value.astimezone(UTC).replace(tzinfo=None))
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"
    return value.hex if isinstance(value, UUID) else str(value)
