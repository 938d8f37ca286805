"""How a database goes about a query."""

from typing import Any

from django.db import connection
from django.db.models import QuerySet


def plan_of(rows: "QuerySet[Any]") -> str:
    """Return the plan of a query; that a table of a test is so small that walking through it is best does not count."""
    if connection.vendor == "postgresql":
        with connection.cursor() as cursor:
            cursor.execute("SET LOCAL enable_seqscan = off")
    return rows.explain()


def begins_at_an_id(rows: "QuerySet[Any]") -> bool:
    """Whether the database goes to the first row of a page by its id, past all that are newer."""
    plan = plan_of(rows)
    return "Index Cond: (id < " in plan or "(id<?)" in plan
