"""Tables whose rows are facts: the database itself refuses to change or delete one, whoever asks."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from django.db.backends.base.base import BaseDatabaseWrapper
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

NEVER = "1 = 0"
ALWAYS = "1 = 1"
ON_SQLITE = ("INSERT", "UPDATE", "DELETE")
ON_POSTGRESQL = ("ROWS", "TRUNCATE")


class AppendOnly(Operation):
    """Migration: make a table one to which rows are only added.

    What is allowed all the same is said by conditions in SQL that both databases understand, over the rows OLD and NEW:
    `insert_if`, `update_if`, `delete_if`. Comparing rows `IS NOT DISTINCT FROM` each other works in both.

    Who may alter the table (a migration, the owner of the database) can drop the triggers; who got no further than the
    application's queries cannot. TRUNCATE is refused like DELETE, and so is SQLite's `INSERT OR REPLACE`, which would
    delete a row without asking the trigger of deletions. A later migration that makes Django rebuild the table on
    SQLite must repeat this operation: the triggers go with the old table.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self, model_name: str, *, insert_if: str = ALWAYS, update_if: str = NEVER, delete_if: str = NEVER
    ) -> None:
        self.model_name = model_name
        self.allowed = {"INSERT": insert_if, "UPDATE": update_if, "DELETE": delete_if}

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing of the models."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: ProjectState
    ) -> None:
        """Make the triggers."""
        meta = to_state.apps.get_model(app_label, self.model_name)._meta
        make = _guards_of_postgresql if schema_editor.connection.vendor == "postgresql" else _guards_of_sqlite
        for statement in make(meta.db_table, meta.pk.column, self.allowed):
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


def missing_guards(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    """Return the names of those triggers of an append-only table that are not there, or switched off."""
    if connection.vendor == "postgresql":
        wanted = {name for name, _ in _names(table, ON_POSTGRESQL)}
        found = f"SELECT tgname FROM pg_trigger WHERE tgrelid = '{table}'::regclass AND tgenabled IN ('O', 'A')"  # noqa: S608 - a name of ours
    else:
        wanted = {name for name, _ in _names(table, ON_SQLITE)}
        found = f"SELECT name FROM sqlite_master WHERE type = 'trigger' AND tbl_name = '{table}'"  # noqa: S608 - as above
    with connection.cursor() as cursor:
        cursor.execute(found)
        return sorted(wanted - {name for (name,) in cursor.fetchall()})


@contextmanager
def lifted(connection: BaseDatabaseWrapper) -> Iterator[None]:
    """Let rows of such tables go within the block: a test that commits empties all tables afterwards.

    Django deletes the rows for that on SQLite, and truncates on PostgreSQL.
    """
    lift = _switched_off if connection.vendor == "postgresql" else _taken_down
    with lift(connection):
        yield


@contextmanager
def _taken_down(connection: BaseDatabaseWrapper) -> Iterator[None]:
    named = "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name LIKE '%_refuses_%'"
    with connection.cursor() as cursor:
        cursor.execute(named)
        kept = list(cursor.fetchall())
        for name, _ in kept:
            cursor.execute(f"DROP TRIGGER {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for _, statement in kept:
                cursor.execute(statement)


@contextmanager
def _switched_off(connection: BaseDatabaseWrapper) -> Iterator[None]:
    named = "SELECT tgrelid::regclass::text, tgname FROM pg_trigger WHERE tgname LIKE '%\\_refuses\\_%'"
    with connection.cursor() as cursor:
        cursor.execute(named)
        kept = list(cursor.fetchall())
        for table, name in kept:
            cursor.execute(f"ALTER TABLE {table} DISABLE TRIGGER {name}")
    try:
        yield
    finally:
        with connection.cursor() as cursor:
            for table, name in kept:
                cursor.execute(f"ALTER TABLE {table} ENABLE TRIGGER {name}")


def _guards_of_sqlite(table: str, key: str, allowed: dict[str, str]) -> Iterator[str]:
    same_key = f"EXISTS (SELECT 1 FROM {table} WHERE {key} = NEW.{key})"  # noqa: S608 - names of ours
    conditions = {**allowed, "INSERT": f"({allowed['INSERT']}) AND NOT {same_key}"}
    for name, verb in _names(table, ON_SQLITE):
        condition = conditions[verb].replace("IS NOT DISTINCT FROM", "IS")
        refusal = f"SELECT RAISE(ABORT, '{table} is append-only')"
        yield f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN NOT ({condition}) BEGIN {refusal}; END"


def _guards_of_postgresql(table: str, key: str, allowed: dict[str, str]) -> Iterator[str]:
    refusal = f"RAISE EXCEPTION '{table} is append-only' USING ERRCODE = 'integrity_constraint_violation'"
    body = f"""
        BEGIN
            IF TG_OP = 'INSERT' THEN
                IF {allowed["INSERT"]} THEN RETURN NEW; END IF;
            ELSIF TG_OP = 'UPDATE' THEN
                IF {allowed["UPDATE"]} THEN RETURN NEW; END IF;
            ELSIF TG_OP = 'DELETE' THEN
                IF {allowed["DELETE"]} THEN RETURN OLD; END IF;
            END IF;
            {refusal};
        END"""
    yield f"CREATE FUNCTION {table}_refuses() RETURNS trigger LANGUAGE plpgsql AS $${body}$$"
    verbs = [verb for verb in ON_SQLITE if allowed[verb] != ALWAYS]
    for name, what in _names(table, ON_POSTGRESQL):
        each = f"{' OR '.join(verbs)} ON {table} FOR EACH ROW" if what == "ROWS" else f"TRUNCATE ON {table}"
        yield f"CREATE TRIGGER {name} BEFORE {each} EXECUTE FUNCTION {table}_refuses()"


def _removals(connection: BaseDatabaseWrapper, table: str) -> list[str]:
    if connection.vendor != "postgresql":
        return [f"DROP TRIGGER {name}" for name, _ in _names(table, ON_SQLITE)]
    triggers = [f"DROP TRIGGER {name} ON {table}" for name, _ in _names(table, ON_POSTGRESQL)]
    return [*triggers, f"DROP FUNCTION {table}_refuses()"]


def _names(table: str, parts: tuple[str, ...]) -> list[tuple[str, str]]:
    """Return the name of each trigger, and what it is for."""
    return [(f"{table}_refuses_{part.lower()}", part) for part in parts]
