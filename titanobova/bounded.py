"""Long lists: how far their rows are counted, and how a page is found among millions of them.

PostgreSQL guesses how many rows a search will find. Where it guesses too many, it walks through the whole table in the
order of the list (2.1 seconds to find twenty rows of a million, when measured). So the rows are counted first, up to a
bound and in no order; when there are no more than that, the page is taken from them alone. Whatever a list joins is
read for the rows of the page, not for those before them.
"""

from typing import TYPE_CHECKING, Any

from django.core.paginator import Page, Paginator
from django.db import connection
from django.db.models import F, Model, QuerySet
from django.db.models.lookups import In
from django.utils.functional import cached_property

if TYPE_CHECKING:  # the class takes no type when the program runs
    Pages = Paginator[Any]
else:
    Pages = Paginator

MOST_COUNTED = 10_000  # rows; whoever wants to go further back narrows the list by a filter
MOST_FOUND = 500  # rows of a search: counting 1,000 that fit a common word and a filter too takes 190 ms
MOST_VALUES = 100  # of a column, to choose from


class AtLeast(int):
    """A count that ended early."""

    def __str__(self) -> str:
        return f"{int(self)}+"


class Among(In):
    """Whether a key is among those that a subquery chooses; PostgreSQL runs it first, once and as it stands.

    An IN with a subquery is a join to PostgreSQL, and it may again walk through the whole table for its sake.
    """

    def get_rhs_op(self, connection: Any, rhs: str) -> str:
        """Return the comparison; a lone ARRAY is no join."""
        operator: str = super().get_rhs_op(connection, rhs)
        return operator.replace("IN ", "= ANY(ARRAY", 1) + ")" if connection.vendor == "postgresql" else operator


def count_up_to(most: int, rows: "QuerySet[Any]") -> int:
    """Return how many rows there are; AtLeast `most` where there are more."""
    counted: int = rows.order_by()[: most + 1].count()
    return counted if counted <= most else AtLeast(most)


def found_first(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Return the rows, or MOST_COUNTED of them, which PostgreSQL is to find before it orders and limits them."""
    return rows.filter(Among(F("pk"), rows.order_by().values("pk")[:MOST_COUNTED].query))


def found_first_if_few(rows: "QuerySet[Any]") -> "QuerySet[Any]":
    """Return the rows, which PostgreSQL is to find first unless there are so many that some are near at hand."""
    return rows if isinstance(count_up_to(MOST_FOUND, rows), AtLeast) else found_first(rows)


def values_in_use(model: type[Model], column: str) -> list[str]:
    """Return the values of an indexed column, MOST_VALUES at most, by a step in the index each.

    DISTINCT would read the whole column.
    """
    least = f"SELECT min({column}) FROM {model._meta.db_table}"  # noqa: S608 - names of ours
    steps = (
        f"WITH RECURSIVE used(value) AS ({least} UNION ALL SELECT ({least} WHERE {column} > used.value) "  # noqa: S608
        "FROM used WHERE used.value IS NOT NULL) SELECT value FROM used WHERE value IS NOT NULL LIMIT %s"
    )
    with connection.cursor() as cursor:
        cursor.execute(steps, [MOST_VALUES])
        return [value for (value,) in cursor.fetchall()]


class KnownPages(Pages):
    """Pages that are chosen by their keys, in the light of how many rows there are."""

    def page(self, number: int | str) -> "Page[Any]":
        """Return a page; its rows are read when somebody looks at them."""
        number = self.validate_number(number)
        bottom = (number - 1) * self.per_page
        rows: Any = self.object_list
        candidates = rows if self.count > MOST_COUNTED or isinstance(self.count, AtLeast) else found_first(rows)
        chosen = candidates.values("pk")[bottom : min(bottom + self.per_page, self.count)]
        return Page(rows.filter(Among(F("pk"), chosen.query)), number, self)


class BoundedPages(KnownPages):
    """Pages of a list that may have millions of rows: it offers `most` of them."""

    most = MOST_COUNTED

    @cached_property
    def count(self) -> int:
        """Return how many rows there are to be shown."""
        rows: Any = self.object_list
        return count_up_to(self.most, rows)


class FoundPages(BoundedPages):
    """Pages of what somebody searched for, who adds a word rather than look at hundreds of rows."""

    most = MOST_FOUND
