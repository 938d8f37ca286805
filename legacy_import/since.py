"""When a row was last written, for imports of what is newer alone. Pure."""

from collections.abc import Iterable
from datetime import datetime

from legacy_import.record import Columns
from legacy_import.rows import Mapped

DATES = ("created_at", "updated_at", "completed_at", "paid_at", "last_login")  # when a row may have been written


def is_older(row: Mapped, than: datetime) -> bool:
    """Say whether the row was last written before an instant; one without any date may always be new."""
    return _are_older((row.fields.get(name) for name in DATES), than)


def is_older_in(columns: Columns, position: int, than: datetime) -> bool:
    """Say the same of one of the rows of columns."""
    return _are_older((columns[name][position] for name in DATES if name in columns), than)


def _are_older(values: Iterable[object], than: datetime) -> bool:
    dates = [value for value in values if isinstance(value, datetime)]
    return bool(dates) and max(dates) < than
