"""The sample as MySQL or MariaDB holds it."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from legacy_import.aliases import Kind
from legacy_import.source import open_source
from legacy_import.survey import read_layout
from tests.legacy_import.conftest import MariaDatabase, server_address, server_connection
from tests.legacy_import.imports import counted, dump, forget_everything, import_from, noted, without_checksums
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.external]
READER = "titanobova_reader"


@pytest.fixture
def old(sample_dump: str) -> Iterator[MariaDatabase]:
    """The sample in a database of its own, dropped afterwards."""
    name = f"titanobova_load_{os.getpid()}"
    with closing(server_connection()) as server, server.cursor() as cursor:
        cursor.execute(f"DROP DATABASE IF EXISTS {name}")
        cursor.execute(f"CREATE DATABASE {name} CHARACTER SET utf8mb4")
        database = MariaDatabase(name)
        database.execute(sample_dump)
        yield database
        cursor.execute(f"DROP DATABASE {name}")


def test_every_row_comes_over_and_a_rerun_finds_it_unchanged(old: MariaDatabase) -> None:
    tables = {"users": 40, "contacts": 60, "enrollments": 49, "registrations": 35}

    first, second = import_from(old.connection, batch_size=10), import_from(old.connection)

    assert first.balances
    assert {name: counted(first, name) for name in tables} == {name: {"created": n} for name, n in tables.items()}
    assert {name: counted(second, name) for name in tables} == {name: {"unchanged": n} for name, n in tables.items()}


def test_both_kinds_of_old_database_give_the_same(old: MariaDatabase, sample: Path) -> None:
    import_from(old.connection)
    from_mariadb = without_checksums(dump())
    forget_everything()

    import_from(sample)

    assert without_checksums(dump()) == from_mariadb


def test_only_what_changed_is_written(old: MariaDatabase) -> None:
    import_from(old.connection)
    old.execute("UPDATE users SET name = 'New Name' WHERE id IN (2, 3); DELETE FROM contacts WHERE id = 1")

    report = import_from(old.connection)

    assert counted(report, "users") == {"updated": 2, "unchanged": 38}
    assert counted(report, "contacts") == {"unchanged": 59}
    assert User.objects.filter(first_name="New").count() == 2


def test_a_user_who_may_only_select_suffices(old: MariaDatabase) -> None:
    with closing(server_connection()) as server, server.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE USER {READER}@'%' IDENTIFIED BY 'p@ss/:#w%rd'")
        cursor.execute(f"GRANT SELECT ON {old.name}.* TO {READER}@'%'")
        try:
            report = import_from(server_address(old.name, user=READER, password="p@ss/:#w%rd"))
        finally:
            cursor.execute(f"DROP USER {READER}@'%'")

    assert report.balances
    assert f"{READER}:***@" in report.source
    assert "p@ss" not in str(report.as_json())


def test_a_date_that_the_database_itself_moves_is_known_as_such_and_said_once(mariadb: MariaDatabase) -> None:
    """Where nobody asked for it: the server gives it to the first TIMESTAMP of a table."""
    mariadb.execute("""
        SET explicit_defaults_for_timestamp = 0;
        CREATE TABLE contacts (id INT PRIMARY KEY, email VARCHAR(99), message TEXT, sent_at TIMESTAMP NOT NULL,
            updated_at TIMESTAMP NOT NULL DEFAULT NOW() ON UPDATE NOW());
        CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(99), created_at TIMESTAMP NOT NULL DEFAULT NOW(),
            last_login DATETIME ON UPDATE NOW());
        INSERT INTO contacts (id, email, message) VALUES (1, 'a@example.com', 'Hello'), (2, 'b@example.com', 'Bye');
    """)

    report = import_from(mariadb.connection)

    with open_source(mariadb.connection) as source:
        tables = read_layout(source).tables
    assert tables[Kind.CONTACTS].moving == {"created_at", "updated_at"}
    assert tables[Kind.USERS].moving == {"last_login"}
    assert noted(report, "contacts") == {"changes_with_every_update": 2}
    [said] = next(one for one in report.tables if one.table == "contacts").coerced.values()
    assert (said.field, said.sample) == ("created_at", "sent_at")
    assert noted(report, "users") == {}


def test_a_new_address_is_no_new_person_where_the_database_moves_the_date(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(99),
            created_at TIMESTAMP NOT NULL DEFAULT NOW() ON UPDATE NOW());
        INSERT INTO users VALUES (1, 'ann@example.com', '2020-01-01 08:00:00');
    """)
    import_from(mariadb.connection)
    mariadb.execute("UPDATE users SET email = 'new@example.com'")

    report = import_from(mariadb.connection)

    assert counted(report, "users") == {"updated": 1}
    assert [one.email for one in User.objects.all()] == ["new@example.com"]
