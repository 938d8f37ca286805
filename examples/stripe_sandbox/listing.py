"""Stripe's lists: newest first, a cursor by id, bounds on the time of creation."""

import operator
from typing import Any

from examples.stripe_sandbox.answers import Json, invalid
from examples.stripe_sandbox.forms import refuse_unknown, text, whole_number

LIST_PARAMS = frozenset({"created", "limit", "starting_after"})
_BOUNDS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}


def page(rows: list[Json], params: Json, url: str) -> Json:
    """Return one page of rows that are given oldest first.

    :raises ApiError: for a cursor that names no row, a limit outside 1 to 100, or an unknown bound
    """
    refuse_unknown(params, LIST_PARAMS)
    limit = whole_number(params, "limit")
    limit = 10 if limit is None else limit
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: it is 1 to 100", param="limit", code="parameter_invalid_integer")
    newest_first = _after(list(reversed(rows)), text(params, "starting_after"))
    found = [row for row in newest_first if _created_within(row, params.get("created", {}))]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}


def _after(rows: list[Json], cursor: str | None) -> list[Json]:
    if cursor is None:
        return rows
    ids = [row["id"] for row in rows]
    if cursor not in ids:
        raise invalid(f"No such object: '{cursor}'", param="starting_after", code="resource_missing")
    return rows[ids.index(cursor) + 1 :]


def _created_within(row: Json, bounds: Any) -> bool:
    if isinstance(bounds, str):
        return bool(row["created"] == whole_number({"created": bounds}, "created"))
    refuse_unknown(bounds, frozenset(_BOUNDS))
    return all(_BOUNDS[name](row["created"], whole_number(bounds, name) or 0) for name in bounds)
