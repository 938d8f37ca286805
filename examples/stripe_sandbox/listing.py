"""Stripe's lists: newest first, a cursor by id, filters, bounds on the time of creation."""

import operator
from collections.abc import Callable

from examples.stripe_sandbox.answers import Json, invalid
from examples.stripe_sandbox.forms import refuse_unknown, text, whole_number

LIST_PARAMS = frozenset({"created", "limit", "starting_after"})
_BOUNDS = {"gt": operator.gt, "gte": operator.ge, "lt": operator.lt, "lte": operator.le}

Keep = Callable[[Json], bool]


def page(rows: list[Json], params: Json, url: str, *, equal: tuple[str, ...] = (), keep: Keep | None = None) -> Json:
    """Return one page of rows that are given oldest first.

    The cursor may be a row that the filters leave out, as one may be by the time the next page is asked for.

    :param equal: the parameters that keep the rows whose member of that name has their value
    :param keep: tells of a row whether to keep it
    :raises ApiError: for a cursor that names no row, a limit outside 1 to 100, or an unknown bound
    """
    refuse_unknown(params, LIST_PARAMS.union(equal))
    limit = whole_number(params, "limit")
    limit = 10 if limit is None else limit
    if not 1 <= limit <= 100:
        raise invalid("Invalid limit: it is 1 to 100", param="limit", code="parameter_invalid_integer")
    wanted = {name: text(params, name) for name in equal if name in params}
    bounds = _read_bounds(params)
    newest_first = _after(list(reversed(rows)), text(params, "starting_after"))
    found = [
        row
        for row in newest_first
        if all(within(row["created"], bound) for within, bound in bounds)
        and all(row[name] == wanted[name] for name in wanted)
        and (keep is None or keep(row))
    ]
    return {"object": "list", "url": url, "has_more": len(found) > limit, "data": found[:limit]}


def _after(rows: list[Json], cursor: str | None) -> list[Json]:
    if cursor is None:
        return rows
    ids = [row["id"] for row in rows]
    if cursor not in ids:
        raise invalid(f"No such object: '{cursor}'", param="starting_after", code="resource_missing")
    return rows[ids.index(cursor) + 1 :]


def _read_bounds(params: Json) -> list[tuple[Callable[[int, int], bool], int]]:
    given = params.get("created", {})
    if isinstance(given, str):
        return [(operator.eq, whole_number(params, "created") or 0)]
    refuse_unknown(given, frozenset(_BOUNDS))
    return [(_BOUNDS[name], whole_number(given, name) or 0) for name in given]
