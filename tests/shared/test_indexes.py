"""Each index costs every write: none repeats the beginning of another one."""

import pytest
from django.apps import apps
from django.db import connection

OURS = ("users", "contacts", "courses", "payments", "audit", "legacy_import", "titanobova")


def indexes_of(table: str) -> dict[str, tuple[str, ...]]:
    """Return the columns of a table's whole indexes by the index's name; partial ones look as such in its SQL alone."""
    with connection.cursor() as cursor:
        found = connection.introspection.get_constraints(cursor, table)
    partial = {
        index.name
        for model in apps.get_models(include_auto_created=True)
        if model._meta.db_table == table
        for index in [*model._meta.indexes, *model._meta.constraints]
        if getattr(index, "condition", None) is not None
    }
    return {
        name: tuple(one["columns"])
        for name, one in found.items()
        if (one["index"] or one["unique"]) and not one["primary_key"] and name not in partial and one["columns"]
    }


def repeated(indexes: dict[str, tuple[str, ...]]) -> list[str]:
    """Return the indexes whose columns another one begins with."""
    return [
        name
        for name, columns in indexes.items()
        if any(len(other) > len(columns) and other[: len(columns)] == columns for other in indexes.values())
    ]


@pytest.mark.django_db
def test_no_index_repeats_the_beginning_of_another() -> None:
    tables = [model._meta.db_table for model in apps.get_models() if model._meta.app_label in OURS]

    assert {table: found for table in tables if (found := repeated(indexes_of(table)))} == {}


def test_a_repeated_index_is_seen() -> None:
    assert repeated({"by_user": ("user_id",), "by_user_and_time": ("user_id", "id"), "by_time": ("id",)}) == ["by_user"]
