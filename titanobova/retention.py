"""How rows that were kept long enough are deleted: in steps, whatever a table has grown to.

A step reads some ids by the index on them, and deletes those of them that may go in one short transaction. So neither a
statement nor a lock grows with the table, the work may stop after any step, and what is kept for a reason is passed
over once.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from django.db.models import Model, QuerySet

from titanobova import faults
from titanobova.ids import first_at

STEP = 2000  # rows
M = TypeVar("M", bound=Model)


@dataclass(frozen=True)
class Kept:
    """Rows that are kept for as many days as a setting says.

    `old` yields, a step at a time, those that an instant lies behind and that nothing needs any more; `delete` deletes
    the rows of a step, in the caller's transaction, and returns how many they were.
    """

    kind: str
    setting: str
    old: "Callable[[datetime], Iterator[QuerySet[Any]]]"
    delete: "Callable[[QuerySet[Any]], int]"


def steps(rows: "QuerySet[M]", before: datetime) -> "Iterator[QuerySet[M]]":
    """Yield the rows whose ids (UUIDv7) were made before an instant, oldest first, STEP of them at a time.

    `rows` are a whole table, or what an index finds in the order of the ids: a further condition is the caller's, on
    each step, for a query that looked for STEP rows that fulfil it might read all the others first.
    """
    old = rows.filter(pk__lt=first_at(before)).order_by("pk")
    ids = list(old.values_list("pk", flat=True)[:STEP])
    while ids:
        yield rows.filter(pk__range=(ids[0], ids[-1]))
        ids = list(old.filter(pk__gt=ids[-1]).values_list("pk", flat=True)[:STEP]) if len(ids) == STEP else []


def delete_expired(expired: "QuerySet[Any]") -> Iterator[int]:
    """Delete rows that an indexed column says are over; yield how many went at each step.

    What was renewed between the two statements of a step stays, for the DELETE asks once more.
    """
    while ids := list(expired.values_list("pk", flat=True)[:STEP]):
        faults.hit("retention.before_delete")
        yield expired.filter(pk__in=ids).delete()[0]
