"""The sample as MySQL or MariaDB holds it."""

import os
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.legacy_import.conftest import MariaDatabase, server_address, server_connection
from tests.legacy_import.imports import counted, dump, forget_everything, import_from, without_checksums
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
