"""Tables whose rows are facts: the database itself refuses to change or delete one, whoever asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

REFUSED = ("UPDATE", "DELETE")


class AppendOnly(Operation):
    """Migration: make a table one to which rows are only added.

    Who may alter the table (a migration, the owner of the database) can drop the triggers, or TRUNCATE; who got no
    further than the application's queries cannot. A later migration that makes Django rebuild the table on SQLite must
    repeat this operation: the triggers go with the old table.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str) -> None:
        self.model_name = model_name

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: ProjectState
    ) -> None:
        """Make the triggers."""
        table = to_state.apps.get_model(app_label, self.model_name)._meta.db_table
        for statement in _guards(schema_editor.connection, table):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: Any
    ) -> None:
        """Remove the triggers."""
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        for statement in _removals(schema_editor.connection, table):
            schema_editor.execute(statement, params=None)

    def describe(self) -> str:
        """Return what `migrate --plan` shows."""
        return f"Refuse to change or delete rows of {self.model_name}"


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let rows of such tables go within the block: a test that commits empties all tables afterwards.

    Django deletes the rows for that on SQLite; on PostgreSQL it truncates, which no trigger here refuses.
    """
    kept = _triggers(connection) if connection.vendor == "sqlite" else []
    with connection.cursor() as cursor:
        for name, _ in kept:
            cursor.execute(f"DROP TRIGGER {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for _, statement in kept:
                cursor.execute(statement)


def _triggers(connection: BaseDatabaseWrapper) -> list[tuple[str, str]]:
    named = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_refuses_%'"
    with connection.cursor() as cursor:
        cursor.execute(named)
        return list(cursor.fetchall())


def _guards(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    refusal = f"'{table} is append-only'"
    if connection.vendor != "postgresql":
        act = f"BEGIN SELECT RAISE(ABORT, {refusal}); END"
        return [f"CREATE TRIGGER {table}_refuses_{verb.lower()} BEFORE {verb} ON {table} {act}" for verb in REFUSED]
    act = f"$$BEGIN RAISE EXCEPTION {refusal} USING ERRCODE = 'integrity_constraint_violation'; END$$"
    each = f"FOR EACH ROW EXECUTE FUNCTION {table}_refuses()"
    return [
        f"CREATE FUNCTION {table}_refuses() RETURNS trigger LANGUAGE plpgsql AS {act}",
        f"CREATE TRIGGER {table}_refuses BEFORE {' OR '.join(REFUSED)} ON {table} {each}",
    ]


def _removals(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor != "postgresql":
        return [f"DROP TRIGGER {table}_refuses_{verb.lower()}" for verb in REFUSED]
    return [f"DROP TRIGGER {table}_refuses ON {table}", f"DROP FUNCTION {table}_refuses()"]
