"""What a backup needs of the database, by the words that both kinds of it understand."""

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder

# Filled by `migrate` itself; a database with rows in no other table is empty.
FILLED_BY_MIGRATE = frozenset({"django_migrations", "django_content_type", "auth_permission", "sqlite_sequence"})


def tables(database: BaseDatabaseWrapper) -> list[str]:
    """Return the names of all tables."""
    with database.cursor() as cursor:
        return sorted(table.name for table in database.introspection.get_table_list(cursor) if table.type == "t")


def count_rows(database: BaseDatabaseWrapper) -> dict[str, int]:
    """Return how many rows each table has."""
    counted = {}
    for table in tables(database):
        with database.cursor() as cursor:
            cursor.execute(f"SELECT count(*) FROM {database.ops.quote_name(table)}")  # noqa: S608 - a table of ours
            counted[table] = int(cursor.fetchone()[0])
    return counted


def filled_tables(database: BaseDatabaseWrapper) -> list[str]:
    """Return the tables that hold what somebody did here."""
    return [name for name, rows in count_rows(database).items() if rows and name not in FILLED_BY_MIGRATE]


def applied_migrations(database: BaseDatabaseWrapper) -> list[str]:
    """Return the migrations that the database has had, as `app.name`."""
    return sorted(f"{app}.{name}" for app, name in MigrationRecorder(database).applied_migrations())


def known_migrations() -> list[str]:
    """Return the migrations that this code has."""
    graph = MigrationLoader(connection, ignore_no_migrations=True).graph
    return sorted(f"{app}.{name}" for app, name in graph.nodes)
