"""Looks at an old database before it is imported: where everything lives, and what names alone do not tell.

That is which fields are keys of JSON columns, and whether a column `course` holds titles of courses or their ids.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import replace
from operator import itemgetter

from courses.titles import same_title
from legacy_import.aliases import Kind, Layout, LayoutError, TableLayout, TableOverride, recognised, understand
from legacy_import.clean import as_text
from legacy_import.identifiers import read_id
from legacy_import.mapping_file import MappingFile
from legacy_import.rows import Identity, Row, RowRefused, Value
from legacy_import.source import Source, read_schema
from legacy_import.synonyms import TITLE_OR_ID

LOOKED_AT = 50  # rows
COURSES_LOOKED_AT = 1000
# What may come from a key of a JSON column by its name alone; ids and passwords may not.
FROM_JSON = frozenset(
    {
        "name", "first_name", "last_name", "phone_number", "phone", "bio", "date_of_birth", "subject", "experience",
        "notes", "level", "user_agent", "ip_address", "progress", "description", "category",
    }
)  # fmt: skip
WHO_IN_WHAT = (("user_id", "email"), ("course_id", "course_title"))


def read_layout(source: Source, overrides: Mapping[str, TableOverride] | None = None) -> Layout:
    """Recognise what a database holds; `overrides` are those of a mapping file.

    :raises LayoutError: if they name what does not exist
    :raises MappingFileError: the same, if they are a MappingFile: it names the line
    """
    try:
        layout = understand(read_schema(source), overrides)
    except LayoutError as error:
        if isinstance(overrides, MappingFile):
            raise overrides.complaint(error.keys, f"is wrong: {error}") from None
        raise
    said = {kind: (overrides or {}).get(kind, TableOverride()).get("columns", {}) for kind in layout.tables}
    tables = {kind: _with_json(source, kind, table, said[kind]) for kind, table in layout.tables.items()}
    tables = _with_ids_of_courses(source, tables, said)
    tables = {kind: _with_identity(source, kind, table) for kind, table in tables.items()}
    return replace(layout, tables={kind: _with_moving(source, table) for kind, table in tables.items()})


def _with_moving(source: Source, table: TableLayout) -> TableLayout:
    """Say which fields tell when a row changed last, whatever their columns are called."""
    moving = source.moving_columns(table.table)
    fields = frozenset(field for field in table.columns if not moving.isdisjoint(table.columns_of(field)))
    return replace(table, moving=fields)


def _with_identity(source: Source, kind: Kind, table: TableLayout) -> TableLayout:
    """Say what tells the rows of a table without an id apart: the key that it declares, as join tables do.

    Of enrolments without one it is who takes part in what, or a row that the old site cancels would be a new one here,
    and the old one would stay open.
    """
    if "id" in table.columns:
        return table
    identity: Identity = tuple((column,) for column in source.primary_key(table.table))
    if not identity and kind is Kind.ENROLLMENTS:
        parts = [[table.columns.get(field) for field in fields] for fields in WHO_IN_WHAT]
        identity = tuple(tuple(one for one in part if one and one not in table.json) for part in parts)
    return replace(table, identity=identity) if all(identity) else table


def _with_ids_of_courses(
    source: Source, tables: dict[Kind, TableLayout], said: Mapping[Kind, Mapping[str, object]]
) -> dict[Kind, TableLayout]:
    """Read a column `course` as the course's id where most of what stands there is one, and no course's title.

    As a title, each id would become a course of its own. Who knows better says so in the mapping file.
    """
    unsaid = [kind for kind in tables if not {"course_id", "course_title"}.intersection(said[kind])]
    unclear = [kind for kind in unsaid if _may_be_ids(tables[kind])]
    courses = tables.get(Kind.COURSES)
    if not (unclear and courses and {"id", "title"} <= courses.columns.keys()):
        return tables
    rows = source.first_rows(courses.table, limit=COURSES_LOOKED_AT)
    titles = {same_title(as_text(row[courses.columns["title"]])) for row in rows}
    ids = {one for one in _ids(rows, courses.columns["id"]) if same_title(one) not in titles}
    return tables | {kind: _with_ids(source, tables[kind], ids) for kind in unclear}


def _may_be_ids(table: TableLayout) -> bool:
    return "course_id" not in table.columns and table.columns.get("course_title", "").lower() in TITLE_OR_ID


def _with_ids(source: Source, table: TableLayout, ids: set[str]) -> TableLayout:
    column = table.columns["course_title"]
    found = _ids(source.first_rows(table.table, limit=LOOKED_AT), column)
    if 2 * len(found & ids) <= len(found):
        return table
    columns = {"course_id" if field == "course_title" else field: name for field, name in table.columns.items()}
    return replace(table, columns=columns)


def _ids(rows: Sequence[Row], column: str) -> set[str]:
    """Return what stands in a column, read as ids; what is too long for one stands for itself."""
    read = read_id(itemgetter(column), column)
    found = set()
    for row in rows:
        try:
            found.add(read(row) or "")
        except RowRefused:
            found.add(as_text(row[column]))
    return found - {""}


def _with_json(source: Source, kind: Kind, table: TableLayout, said: Mapping[str, object]) -> TableLayout:
    """Take fields that have no column from keys of JSON columns that are left over."""
    if not table.unused:
        return table
    rows = source.first_rows(table.table, limit=LOOKED_AT)
    columns, json_columns, unused = dict(table.columns), set(table.json), list(table.unused)
    for column in table.unused:
        keys = json_keys(rows, column)
        for field, key in recognised(kind, keys).items():
            if field in FROM_JSON and field not in columns and field not in said:
                columns[field] = f"{column}.{key}"
                json_columns.add(columns[field])
        if any(name in json_columns and name.startswith(f"{column}.") for name in columns.values()):
            unused.remove(column)
    return replace(table, columns=columns, json=frozenset(json_columns), unused=unused)


def json_keys(rows: Sequence[Row], column: str) -> list[str]:
    """Return the keys of a column's JSON objects; none if it holds anything else."""
    found: dict[str, None] = {}
    for row in rows:
        value = _object(row[column])
        if value is None:
            return []
        found |= dict.fromkeys(key for key in value if "." not in key)
    return list(found)


def _object(value: Value) -> dict[str, object] | None:
    if value is None:
        return {}
    try:
        parsed = json.loads(value) if isinstance(value, str | bytes) else None
    except (ValueError, RecursionError):
        return None
    return parsed if isinstance(parsed, dict) else None
