"""Checksums that tell whether a row or an object is still the same.

128 bits against accidents. Who can write the old database could make two versions of a row collide; all they would win
is that their own change is not imported.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from decimal import Decimal
from hashlib import blake2b
from json import dumps

from django.db.models import Model


def checksum_of_fields(fields: Mapping[str, object]) -> str:
    """Sum up a mapped row; the order of its fields does not count."""
    canonical = {name: _plain(value) for name, value in fields.items()}
    return blake2b(dumps(canonical, sort_keys=True).encode(), digest_size=16).hexdigest()


def checksum_of_object(instance: Model, columns: Sequence[str]) -> str:
    """Sum up what is stored; the same before and after a round trip through any database."""
    return checksum_of_fields({name: getattr(instance, name) for name in columns})


def _plain(value: object) -> str | bool | None:
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, Decimal):
        return f"{value.normalize():f}"  # 12999 and 12999.000 are one price
    return str(value)
