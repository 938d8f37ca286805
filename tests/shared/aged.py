"""Rows that were made some days ago: their ids say so too."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.utils import timezone

from titanobova.ids import first_at, uuid7


def days_ago(days: float) -> datetime:
    """Return the instant so many days ago."""
    return timezone.now() - timedelta(days=days)


def made(days: float) -> dict[str, Any]:
    """Return the id and the time of a row that was made so many days ago."""
    random = uuid7().int & (1 << 62) - 1
    return {"id": UUID(int=first_at(days_ago(days)).int | random), "created_at": days_ago(days)}
