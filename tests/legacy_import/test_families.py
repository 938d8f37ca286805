"""Whatever made the old database, the same things are understood in it, on SQLite and on MariaDB."""

from pathlib import Path

import pytest

from legacy_import.mapping import Mapped, compile_mapper
from legacy_import.rows import ImportOptions
from legacy_import.source import open_source
from legacy_import.survey import read_layout
from legacy_import.synonyms import Kind
from tests.legacy_import.conftest import MakeSqlite, MariaDatabase
from tests.legacy_import.families import FAMILIES, MOMENT, SECOND, make_mysql_family, make_sqlite_family, world

Rows = dict[Kind, list[Mapped]]


def read_and_map(address: str) -> Rows:
    """Map every row of a database; none may be rejected, and nothing may be left over."""
    found: Rows = {}
    with open_source(address) as source:
        layout = read_layout(source)
        for kind, table in layout.tables.items():
            map_row = compile_mapper(kind, table, ImportOptions())
            results = [map_row(row) for batch in source.rows(table.table, key=table.key) for row in batch]
            found[kind] = [one for one in results if isinstance(one, Mapped)]
            assert found[kind] == results
            assert table.unused == []
    return found


@pytest.mark.parametrize("name", FAMILIES)
def test_a_sqlite_database_of_every_family_gives_the_same_world(name: str, tmp_path: Path) -> None:
    found = read_and_map(make_sqlite_family(name, tmp_path))

    for kind, expected in world(FAMILIES[name], "sqlite").items():
        (row,) = found[kind]
        assert {field: row.fields[field] for field in expected} == expected, kind


@pytest.mark.external
@pytest.mark.parametrize("name", FAMILIES)
def test_a_mariadb_database_of_every_family_gives_the_same_world(name: str, mariadb: MariaDatabase) -> None:
    found = read_and_map(make_mysql_family(name, mariadb))

    for kind, expected in world(FAMILIES[name], "mysql").items():
        (row,) = found[kind]
        assert {field: row.fields[field] for field in expected} == expected, kind


def test_one_column_may_hold_dates_of_every_form(make_sqlite: MakeSqlite) -> None:
    forms = [
        "1700000000123", "'1700000000123'", "1700000000123000", "1700000000", "1700000000.123",
        "'2023-11-14T22:13:20.123Z'", "'2023-11-14 22:13:20.123 +00:00'", "'2023-11-14 22:13:20'",
        "'2023-11-15T03:43:20.123+05:30'", "'Tue Nov 14 2023 22:13:20 GMT+0000 (UTC)'",
    ]  # fmt: skip
    rows = ", ".join(f"({number}, 'a{number}@example.com', {form})" for number, form in enumerate(forms))
    old = make_sqlite(f"CREATE TABLE users (id, email, createdAt); INSERT INTO users VALUES {rows}")

    instants = [row.fields["created_at"] for row in read_and_map(str(old))[Kind.USERS]]

    assert set(instants) == {MOMENT, SECOND}
    assert instants.count(SECOND) == 3


@pytest.mark.external
def test_a_timestamp_is_the_same_instant_whatever_the_servers_zone(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        SET time_zone = '+05:30';
        CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(99), createdAt TIMESTAMP(3) NULL);
        INSERT INTO users VALUES (1, 'a@example.com', '2023-11-15 03:43:20.123');
    """)

    assert read_and_map(mariadb.connection)[Kind.USERS][0].fields["created_at"] == MOMENT


SOFT_DELETED = """
CREATE TABLE users (id, email, deleted_at); INSERT INTO users VALUES (1, 'a@example.com', '2024-01-01'),
    (2, 'b@example.com', NULL), (3, 'c@example.com', '0000-00-00 00:00:00'), (4, 'd@example.com', 0);
CREATE TABLE courses (id, title, deletedAt); INSERT INTO courses VALUES (1, 'Backend', 1700000000123);
CREATE TABLE contacts (id, email, message, is_deleted); INSERT INTO contacts VALUES (1, 'a@example.com', 'Hi', 1);
CREATE TABLE enrollments (id, user_id, course_id, status, deleted);
    INSERT INTO enrollments VALUES (1, 1, 1, 'active', 'true');
CREATE TABLE payments (id, user_id, amount, status, deleted_at);
    INSERT INTO payments VALUES (1, 1, 5, 'paid', '2024-01-01');
"""


def test_a_row_that_was_only_marked_as_deleted_comes_without_harm_and_is_noted(make_sqlite: MakeSqlite) -> None:
    found = read_and_map(str(make_sqlite(SOFT_DELETED)))

    assert [row.fields["is_active"] for row in found[Kind.USERS]] == [False, True, True, True]
    assert found[Kind.COURSES][0].fields["is_published"] is False
    assert found[Kind.CONTACTS][0].fields["status"] == "closed"
    assert found[Kind.ENROLLMENTS][0].fields["status"] == "cancelled"
    assert found[Kind.PAYMENTS][0].fields["status"] == "succeeded"
    for kind in found:
        assert "deleted_in_source" in {note.kind for note in found[kind][0].notes}
