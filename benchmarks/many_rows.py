"""A database with many rows: 100,000 courses, 300,000 people, a million messages, a million enrolments.

`python -m benchmarks.many_rows NAME` makes the database NAME and keeps it, for benchmarks.lists and for looking at
query plans; `dropdb` ends it. With `--audit` it has ten million rows of the audit log instead, and 300,000 people.
"""

import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple

from django.apps import apps
from django.db import connection
from psycopg import Connection
from psycopg.sql import SQL, Composed, Identifier

from benchmarks import invented
from benchmarks.database import administer, production, run_on

FILL = "from benchmarks.many_rows import fill; fill()"
FILL_AUDIT = "from benchmarks.many_rows import fill_audit; fill_audit()"


class Table(NamedTuple):
    """A model, the columns of its invented rows, and these rows."""

    model: str
    columns: tuple[str, ...]
    rows: Iterator[invented.Row]


def fill() -> None:
    """Fill the database of the settings, whose tables are empty."""
    tables = [
        Table("users.User", invented.USER_COLUMNS, invented.users()),
        Table("courses.Course", invented.COURSE_COLUMNS, invented.courses()),
        Table("contacts.Contact", invented.CONTACT_COLUMNS, invented.contacts()),
        Table("courses.Enrollment", invented.ENROLLMENT_COLUMNS, invented.enrollments()),
    ]
    _fill(tables)


def fill_audit() -> None:
    """Fill the audit log of the database of the settings, with the people that its rows speak of."""
    people = Table("users.User", invented.USER_COLUMNS, invented.users())
    _fill([people, Table("audit.AuditLog", invented.AUDIT_COLUMNS, invented.audit_rows())])


def _fill(tables: list[Table]) -> None:
    """Fill tables; indexes are made after the rows, and neither foreign keys nor triggers look at them."""
    with connection.cursor() as cursor:
        raw: Connection[Any] = cursor.connection
        raw.execute("SET session_replication_role = replica; SET synchronous_commit = off; SET statement_timeout = 0")
        raw.execute("SET maintenance_work_mem = '512MB'")
        for table in tables:
            _copy(raw, table)
        raw.execute("VACUUM ANALYZE")


def _copy(raw: Connection[Any], table: Table) -> None:
    """Send the rows of a table; columns that they do not name and that must not be null get the model's defaults."""
    model = apps.get_model(table.model)
    unnamed = [field for field in model._meta.concrete_fields if field.column not in table.columns and not field.null]
    defaults = tuple(field.get_db_prep_save(field.get_default(), connection) for field in unnamed)
    columns = [*table.columns, *(str(field.column) for field in unnamed)]
    name = model._meta.db_table
    into = SQL("COPY {} ({}) FROM STDIN").format(Identifier(name), SQL(", ").join(map(Identifier, columns)))
    with _without_indexes(raw, name), raw.cursor() as cursor, cursor.copy(into) as copy:
        for row in table.rows:
            copy.write_row(row + defaults)


@contextmanager
def _without_indexes(raw: Connection[Any], table: str) -> Iterator[None]:
    """Drop the indexes of a table, but for those of its constraints, and make them again afterwards."""
    found = raw.execute(
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename = %s "
        "AND indexname NOT IN (SELECT conname FROM pg_constraint)",
        [table],
    ).fetchall()
    for name, _ in found:
        raw.execute(SQL("DROP INDEX {}").format(Identifier(name)))
    yield
    for _, definition in found:
        raw.execute(Composed([SQL(definition)]))


def make(database: str, fill: str) -> None:
    """Make a database with many rows."""
    with tempfile.TemporaryDirectory() as folder:
        environment = production(database, folder)
        administer("CREATE DATABASE {}", environment)
        try:
            run_on(environment, "manage.py", "migrate", "--verbosity", "0")
            run_on(environment, "manage.py", "shell", "--verbosity", "0", "-c", fill)
        except BaseException:
            administer("DROP DATABASE {} WITH (FORCE)", environment)
            raise


if __name__ == "__main__":
    make(sys.argv[1], FILL_AUDIT if "--audit" in sys.argv else FILL)
