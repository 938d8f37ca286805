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


class PreparedLookup(Generic[M]):
    """One row by a query whose SQL never changes; `select_related` works, what needs further queries does not.

    `make` returns the query for some values; `fields` name what each value is compared with, in the order of the SQL.
    """

    def __init__(self, make: Callable[..., QuerySet[M]], fields: Sequence[str]) -> None:
        self._make, self._fields = make, fields
        self._prepared: _Prepared | None = None

    def first(self, *values: Any) -> M | None:
        """Return the row for these values, or None."""
        prepared = self._prepared or self._prepare(*values)
        with connection.cursor() as cursor:
            cursor.execute(prepared.sql, prepared.adapt(values))
            row = cursor.fetchone()
        if row is None:
            return None
        if prepared.converters:
            (row,) = prepared.compiler.apply_converters([row], prepared.converters)
        found: M = prepared.model.from_db(connection.alias, prepared.names, row[prepared.columns])
        for populator in prepared.populators:
            populator.populate(row, found)
        return found

    def _prepare(self, *values: Any) -> "_Prepared":
        query = self._make(*values).query
        query.clear_ordering(force=True)
        query.set_limits(high=1)
        compiler = query.get_compiler(connection=connection)
        sql, parameters = compiler.as_sql()
        model = compiler.klass_info["model"]
        prepared = _Prepared(sql, compiler, [model._meta.get_field(name) for name in self._fields])
        if prepared.adapt(values) != list(parameters):
            raise TypeError(f"{self._fields} are not what these are compared with: {parameters}")
        self._prepared = prepared
        return prepared


class _Prepared:
    """What the ORM made of the query."""

    def __init__(self, sql: str, compiler: Any, fields: Sequence[Any]) -> None:
        info, select = compiler.klass_info, compiler.select
        self.sql, self.compiler, self.fields, self.model = sql, compiler, fields, info["model"]
        self.converters = compiler.get_converters([expression for expression, *_ in select])
        self.populators = cast(Any, get_related_populators)(info, select, connection.alias)  # stubs of a later Django
        self.names = [select[place][0].target.attname for place in info["select_fields"]]
        self.columns = slice(info["select_fields"][0], info["select_fields"][-1] + 1)

    def adapt(self, values: Sequence[Any]) -> list[Any]:
        """Return the values as the database takes them."""
        pairs = zip(self.fields, values, strict=True)
        return [field.get_db_prep_value(value, connection) for field, value in pairs]


def insert_together(*rows: Model) -> None:
    """Insert new rows of any tables, in the caller's transaction; on PostgreSQL by one message to the server.

    Fields are filled as `save` would fill them; what a model's own `save` adds is the caller's to do.
    """
    statements = [_insert(type(row)) for row in rows]
    values = [_values(row) for row in rows]
    with connection.cursor() as cursor:
        if (
            connection.vendor == "postgresql"
        ):  # the client puts the values in, so that several statements may go at once
            cursor.execute("; ".join(statements), [value for each in values for value in each])
        else:
            for statement, each in zip(statements, values, strict=True):
                cursor.execute(statement, each)
    for row in rows:
        row._state.adding, row._state.db = False, connection.alias


@cache
def _insert(model: type[Model]) -> str:
    columns = [connection.ops.quote_name(str(field.column)) for field in model._meta.local_concrete_fields]
    table, places = connection.ops.quote_name(model._meta.db_table), ", ".join(["%s"] * len(columns))
    return f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})"  # noqa: S608 - names of our models


def _values(row: Model) -> list[Any]:
    return [
        field.get_db_prep_save(field.pre_save(row, add=True), connection) for field in row._meta.local_concrete_fields
    ]
