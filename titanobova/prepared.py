"""Statements of the hottest paths, put together once instead of at every request.

Django builds the SQL of a query anew each time; for the query that says who is asking that took longer than the answer
of the database. Here the ORM builds it once, and from then on only the values change.
"""

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any, Generic, TypeVar, cast

from django.db import connection
from django.db.models import Model, QuerySet
from django.db.models.query import get_related_populators

M = TypeVar("M", bound=Model)


class _Prepared:
    """A query as the ORM compiled it, and how values become its parameters."""

    def __init__(self, query: Any, fields: Sequence[str], values: Sequence[Any]) -> None:
        self.compiler = query.get_compiler(connection=connection)
        self.sql, parameters = self.compiler.as_sql()
        self.fields = [query.model._meta.get_field(name) for name in fields]
        if self.adapt(values) != list(parameters):
            raise TypeError(f"{fields} are not what these are compared with: {parameters}")
        self.converters = self.compiler.get_converters([expression for expression, *_ in self.compiler.select])

    def adapt(self, values: Sequence[Any]) -> list[Any]:
        """Return the values as the database takes them."""
        pairs = zip(self.fields, values, strict=True)
        return [field.get_db_prep_value(value, connection) for field, value in pairs]

    def rows(self, values: Sequence[Any]) -> list[Any]:
        """Return the rows for other values."""
        with connection.cursor() as cursor:
            cursor.execute(self.sql, self.adapt(values))
            found = cursor.fetchall()
        return list(self.compiler.apply_converters(found, self.converters)) if self.converters else found


class PreparedValues:
    """Rows of `values_list` by a query whose SQL never changes.

    `make` returns the query for some values; `fields` name what each value is compared with, in the order of the SQL.
    """

    def __init__(self, make: Callable[..., "QuerySet[Any, Any]"], fields: Sequence[str]) -> None:
        self._make, self._fields = make, fields
        self._prepared: _Prepared | None = None

    def rows(self, *values: Any) -> list[Any]:
        """Return the rows for these values."""
        if self._prepared is None:
            self._prepared = _Prepared(self._make(*values).query, self._fields, values)
        return self._prepared.rows(values)


class PreparedLookup(Generic[M]):
    """One object by a query whose SQL never changes; `select_related` works, what needs further queries does not.

    The arguments are those of PreparedValues.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], fields: Sequence[str]) -> None:
        self._make, self._fields = make, fields
        self._prepared: _Prepared | None = None

    def first(self, *values: Any) -> M | None:
        """Return the object for these values, or None."""
        if self._prepared is None:
            self._prepared = self._prepare(*values)
        rows = self._prepared.rows(values)
        return self._object(rows[0]) if rows else None

    def _prepare(self, *values: Any) -> _Prepared:
        query = self._make(*values).query
        query.clear_ordering(force=True)
        query.set_limits(high=1)
        prepared = _Prepared(query, self._fields, values)
        info, select = prepared.compiler.klass_info, prepared.compiler.select
        related = cast(Any, get_related_populators)  # the stubs are those of a later Django
        self._populators = related(info, select, connection.alias)
        self._names = [select[place][0].target.attname for place in info["select_fields"]]
        self._columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)
        self._model: type[M] = info["model"]
        return prepared

    def _object(self, row: Sequence[Any]) -> M:
        found = self._model.from_db(connection.alias, self._names, row[self._columns])
        for populator in self._populators:
            populator.populate(row, found)
        return found


def insert_together(*rows: Model) -> None:
    """Insert new rows of any tables, in the caller's transaction; on PostgreSQL by one message to the server.

    Fields are filled as `save` would fill them; what a model's own `save` adds is the caller's to do.
    """
    inserts = [insert_of(row, "VALUES ({})") for row in rows]
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":  # values are put in by the client, so several statements may go at once
            together = "; ".join(statement for statement, _ in inserts)
            cursor.execute(together, [value for _, values in inserts for value in values])
        else:
            for statement, values in inserts:
                cursor.execute(statement, values)
    mark_as_stored(*rows)


def insert_of(row: Model, source: str) -> tuple[str, list[Any]]:
    """Return the INSERT of a new row from `source`, in which {} stands for its columns, and the values of its places.

    NULL, true, false and the empty text, half of a typical row, are written into the statement: each value that the
    driver has to adapt takes it longer than the column takes the server.
    """
    places, values = [], []
    for field in row._meta.local_concrete_fields:
        value = field.get_db_prep_save(field.pre_save(row, add=True), connection)
        constant = _constant(value)
        places.append(constant or "%s")
        if constant is None:
            values.append(value)
    return f"{_insert_into(type(row))} {source.format(', '.join(places))}", values


def mark_as_stored(*rows: Model) -> None:
    """Let Django know that the rows are in the database now."""
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


def _constant(value: Any) -> str | None:
    if value is None:
        return "NULL"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    return "''" if isinstance(value, str) and not value else None


@cache
def _insert_into(model: type[Model]) -> str:
    columns = [connection.ops.quote_name(str(field.column)) for field in model._meta.local_concrete_fields]
    return f"INSERT INTO {connection.ops.quote_name(model._meta.db_table)} ({', '.join(columns)})"
