"""Rows by the day on which they were made, found by their ids.

An id is a UUIDv7 and begins with its time, so each day is a stretch of an index. A day is counted up to a bound: what a
flood of failed logins costs this page does not grow with the flood.
"""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from django.db import connection
from django.db.models import QuerySet
from django.utils import timezone

from titanobova.ids import first_at

SHOWN = 30  # days, today among them
MOST_A_DAY = 10_000  # rows


def last_days() -> list[date]:
    """Return the days that are shown, today last; a day is UTC's, as everywhere here."""
    today = timezone.now().astimezone(UTC).date()
    return [today - timedelta(days=ago) for ago in reversed(range(SHOWN))]


def of_days(rows: "QuerySet[Any]", days: Sequence[date]) -> "QuerySet[Any]":
    """Return those that were made on these days, which follow each other."""
    start, end = _midnight(days[0]), _midnight(days[-1] + timedelta(days=1))
    return rows.filter(pk__gte=first_at(start), pk__lt=first_at(end))


def counts_by_day(rows: "QuerySet[Any]", days: Sequence[date]) -> list[int]:
    """Return how many rows were made on each day, MOST_A_DAY at most, by one query."""
    parts: list[str] = []
    parameters: list[Any] = []
    for day in days:
        sql, values = of_days(rows, [day]).order_by().values("pk")[:MOST_A_DAY].query.sql_with_params()
        parts.append(f"(SELECT count(*) FROM ({sql}) AS of_the_day)")  # noqa: S608 - Django's own SQL
        parameters += values
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {', '.join(parts)}", parameters)
        return list(cursor.fetchone())


def total_text(counts: Sequence[int]) -> str:
    """Write how many rows there are on all of the days that were counted."""
    return f"{sum(counts):,}{' or more' if MOST_A_DAY in counts else ''}"


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time.min, UTC)
