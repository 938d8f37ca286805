"""The one seam between PostgreSQL and SQLite as targets: how many rows are stored, and how values are looked up.

Rows are texts as both databases take them (checksums.as_stored), packed as the one takes them. Everything else is the
same SQL.
"""

import json
from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from types import MappingProxyType
from typing import Any, cast

from django.db import connection
from django.db.models import DateTimeField, Field, JSONField, Model
from django.utils import timezone
from psycopg import Connection
from psycopg.sql import SQL, Identifier

from legacy_import.digests import SEPARATOR
from legacy_import.loading.checksums import as_stored
from legacy_import.loading.packing import NullableColumn, beside, escaped

NOWHERE = "\x1e\x1e\x1e"  # stands for a separator inside of a value: no address and no sane id holds such signs
NOTHING: Mapping[str, str] = MappingProxyType({})


def as_array(kind: str = "text") -> str:
    """Return the SQL of an array, for PostgreSQL, made of what `listed` gives; `kind` is the type of its items."""
    return f"string_to_array(%s, chr({ord(SEPARATOR)}))::{kind}[]"


def among(kind: str = "text", *, one_by_one: bool = False) -> str:
    """Return the SQL of "is one of these", with one parameter made by `listed`; `kind` is PostgreSQL's type of them.

    PostgreSQL reads the whole of a table that it has statistics of rather than look thousands up at once: there it has
    to be told to look them up `one_by_one`. In a table that it knows nothing of, it would do that without the index.
    """
    if takes_lines():
        return f"IN (SELECT unnest({as_array(kind)}))" if one_by_one else f"= ANY({as_array(kind)})"
    return "IN (SELECT value FROM json_each(%s))"


def listed(values: Iterable[object]) -> str:
    """Return the parameter of `among`. One text is written ten times as fast as an array of thousands.

    A value that holds the separator itself becomes one that is found nowhere.
    """
    if not takes_lines():
        return json.dumps(list(values))
    texts = list(map(str, values))
    joined = SEPARATOR.join(texts)
    if joined.count(SEPARATOR) < max(1, len(texts)):
        return joined
    return SEPARATOR.join(text.replace(SEPARATOR, NOWHERE) for text in texts)


def id_text(column: str) -> str:
    """Return the SQL of an id as 32 digits."""
    return f"replace(CAST({column} AS text), '-', '')"


def fetch(sql: str, parameters: Sequence[Any]) -> list[tuple[Any, ...]]:
    """Run a query."""
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return cast("list[tuple[Any, ...]]", cursor.fetchall())


def takes_lines() -> bool:
    """Say how our database takes rows (loading/packing.py)."""
    return connection.vendor == "postgresql"


def store(
    model: type[Model],
    columns: Sequence[str],
    packed: Sequence[Any],
    *,
    more: Sequence[NullableColumn] = (),
    same: Mapping[str, str] = NOTHING,
) -> None:
    """Store packed rows, with `more` columns beside them, and columns that are the `same` in all rows.

    What is not named has the model's default.

    :raises IntegrityError, DataError: if the database refuses one of them; then none is stored
    """
    if not packed:
        return
    known = {**same, **_defaults(model, (*columns, *same))}
    write = _copy if takes_lines() else _insert
    write(model._meta.db_table, [*columns, *known], packed, more, tuple(known.values()))


def _copy(
    table: str, names: Sequence[str], lines: Any, tails: Sequence[NullableColumn], constants: Sequence[str]
) -> None:
    into = SQL("COPY {} ({}) FROM STDIN").format(Identifier(table), SQL(", ").join(map(Identifier, names)))
    ending = "".join(f"\t{constant}" for constant in map(escaped, constants)) + "\n"
    with connection.cursor() as cursor:
        raw = cast("Connection[Any]", cursor.connection)
        with connection.wrap_database_errors, raw.cursor() as copying, copying.copy(into) as copy:
            copy.write(ending.join([*beside(lines, tails), ""]))


def _insert(
    table: str, names: Sequence[str], rows: Any, tails: Sequence[NullableColumn], constants: Sequence[str]
) -> None:
    marks = ", ".join(["%s"] * len(names))
    sql = f"INSERT INTO {table} ({', '.join(names)}) VALUES ({marks})"  # noqa: S608 - names of ours
    tailed = zip(rows, *tails, strict=True) if tails else ((row,) for row in rows)
    with connection.cursor() as cursor:
        cursor.executemany(sql, [(*row, *tail, *constants) for row, *tail in tailed])


@cache
def _defaults_of(model: type[Model]) -> "dict[str, Field[Any, Any]]":
    fields = model._meta.concrete_fields
    return {str(field.column): field for field in fields if not (field.null or field.primary_key)}


def _defaults(model: type[Model], named: tuple[str, ...]) -> dict[str, str]:
    """Return what stands in the columns that are not named and must not be NULL; `updated_at` is now."""
    unnamed = {column: field for column, field in _defaults_of(model).items() if column not in named}
    return {column: str(as_stored(_default(field))) for column, field in unnamed.items()}


def _default(field: "Field[Any, Any]") -> object:
    if isinstance(field, DateTimeField):
        return timezone.now()
    return json.dumps(field.get_default()) if isinstance(field, JSONField) else field.get_default()
