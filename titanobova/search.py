"""Full text search of a table: tsvector with a GIN index on PostgreSQL, FTS5 on SQLite, the same words on both.

Texts are cut into words at everything that is neither letter nor digit, without regard to case; a row is found when
each word asked for is the beginning of one of its words. Nothing of what a visitor types reaches the query language:
only letters and digits are left of it.
"""

import re
from collections.abc import Sequence
from typing import Any

from django.db import connection
from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState
from django.db.models import BooleanField, Expression, F, Model

WORD = re.compile(r"[^\W_]+")
MOST_WORDS = 10
INDEXED_CHARACTERS = 50_000  # of each column: a tsvector holds 1 MiB at most, and an import may bring more than that
# PostgreSQL's parser would keep ada@example.com, a host, a path, a number or a tag as one word: without these it sees
# none. One replace() after the other takes an eighth of the time of translate(), which looks at every character.
JOINTS = "@._-/&<+~"


class MatchesWords(Expression):
    """True for the rows of the query's own table whose indexed text holds all the words of `text`."""

    conditional = True
    output_field = BooleanField()

    def __init__(self, text: str) -> None:
        super().__init__(output_field=BooleanField())
        self.words = [word.lower() for word in WORD.findall(text)[:MOST_WORDS]]
        self.key: Any = F("pk")  # says which table of the query is meant, under whatever name the query gives it

    def get_source_expressions(self) -> list[Any]:
        """Return what Django resolves, and names anew in a subquery."""
        return [self.key]

    def set_source_expressions(self, exprs: Sequence[Any]) -> None:
        """Take what Django resolved."""
        (self.key,) = exprs

    def as_sql(self, compiler: Any, connection: Any) -> tuple[str, tuple[str | int, ...]]:
        """Return the condition in the database's own words; without any word to look for nothing is found."""
        if not self.words:
            return "1 = 0", ()
        if connection.vendor == "postgresql":
            terms = " & ".join(f"{word}:*" for word in self.words)
            return f"{compiler.quote_name_unless_alias(self.key.alias)}.search @@ to_tsquery('simple', %s)", (terms,)
        terms = " ".join(f'"{word}"*' for word in self.words)
        table, (key, _) = self.key.target.model._meta.db_table, compiler.compile(self.key)
        found = (
            f"SELECT ids.id FROM {table}_search JOIN {table}_search_ids ids "  # noqa: S608 - names of ours
            f"ON ids.number = {table}_search.rowid WHERE {table}_search MATCH %s"
        )
        return f"{key} IN ({found})", (terms,)


class FullTextIndex(Operation):
    """Migration: keep the words of some columns of a table indexed, by whatever way its rows are written.

    PostgreSQL fills a generated column. SQLite's triggers fill an FTS5 table; its rows are numbered by a table of their
    own, because VACUUM may renumber the rowids of a table without an integer key. A later migration that makes Django
    rebuild the table on SQLite must repeat this operation: the triggers go with the old table.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, model_name: str, columns: Sequence[str]) -> None:
        self.model_name, self.columns = model_name, list(columns)

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Change nothing of the models: no code reads the index by name but MatchesWords."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: ProjectState
    ) -> None:
        """Make the index."""
        model = to_state.apps.get_model(app_label, self.model_name)
        make = _postgresql if schema_editor.connection.vendor == "postgresql" else _sqlite
        for statement in make(model, self.columns):
            schema_editor.execute(statement, params=None)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: ProjectState, to_state: Any
    ) -> None:
        """Remove the index."""
        table = from_state.apps.get_model(app_label, self.model_name)._meta.db_table
        if schema_editor.connection.vendor == "postgresql":
            schema_editor.execute(f"ALTER TABLE {table} DROP COLUMN search")
            return
        for event in ("insert", "update", "delete"):
            schema_editor.execute(f"DROP TRIGGER {table}_search_{event}")
        schema_editor.execute(f"DROP TABLE {table}_search")
        schema_editor.execute(f"DROP TABLE {table}_search_ids")

    def describe(self) -> str:
        """Return what `migrate --plan` shows."""
        return f"Index the words of {self.model_name}: {', '.join(self.columns)}"


def forget_deleted_words(model: type[Model]) -> None:
    """Take the words of deleted and changed rows out of the index of `model`, after an erasure.

    FTS5 only notes that they are gone, and keeps them until it happens to merge that part of its index. PostgreSQL
    keeps none but in dead rows, which it vacuums by itself.
    """
    if connection.vendor == "sqlite":
        search = f"{model._meta.db_table}_search"
        with connection.cursor() as cursor:
            cursor.execute(f"INSERT INTO {search} ({search}) VALUES ('optimize')")  # noqa: S608 - a name of ours


def _postgresql(model: type[Model], columns: list[str]) -> list[str]:
    table = model._meta.db_table
    text = " || ' ' || ".join(f"left({column}, {INDEXED_CHARACTERS})" for column in columns)
    for joint in JOINTS:
        text = f"replace({text}, '{joint}', ' ')"
    return [
        f"ALTER TABLE {table} ADD COLUMN search tsvector GENERATED ALWAYS AS (to_tsvector('simple', {text})) STORED",
        f"CREATE INDEX {table}_search ON {table} USING gin (search)",
    ]


def _sqlite(model: type[Model], columns: list[str]) -> list[str]:
    table, names = model._meta.db_table, ", ".join(columns)
    texts = ", ".join(f"substr(new.{column}, 1, {INDEXED_CHARACTERS})" for column in columns)
    number = f"(SELECT number FROM {table}_search_ids WHERE id = "  # noqa: S608 - names of ours
    add = (
        f"INSERT INTO {table}_search_ids (id) VALUES (new.id); "  # noqa: S608 - names of ours
        f"INSERT INTO {table}_search (rowid, {names}) VALUES ({number}new.id), {texts});"
    )
    remove = (
        f"DELETE FROM {table}_search WHERE rowid = {number}old.id); "  # noqa: S608 - names of ours
        f"DELETE FROM {table}_search_ids WHERE id = old.id;"
    )
    return [
        f"CREATE VIRTUAL TABLE {table}_search USING fts5({names}, tokenize = 'unicode61 remove_diacritics 0')",
        f"CREATE TABLE {table}_search_ids (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE)",
        f"CREATE TRIGGER {table}_search_insert AFTER INSERT ON {table} BEGIN {add} END",
        f"CREATE TRIGGER {table}_search_update AFTER UPDATE OF id, {names} ON {table} BEGIN {remove} {add} END",
        f"CREATE TRIGGER {table}_search_delete AFTER DELETE ON {table} BEGIN {remove} END",
    ]
