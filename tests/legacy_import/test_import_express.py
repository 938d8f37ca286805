"""The short way and the long one end alike, in one process or two, with indexes or without."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from django.db import connection

from benchmarks.import_speed.old_rows import Size, drop_mariadb, fill_mariadb, fill_sqlite
from contacts.models import Contact
from legacy_import import processes
from legacy_import.aliases import Kind
from legacy_import.exclusive import patient_database
from legacy_import.loading import bare
from legacy_import.loading.express import EXPRESS, ExpressContacts
from legacy_import.loading.shapes import SHAPES
from legacy_import.loading.target import fetch, listed
from legacy_import.models import ImportedRecord, ImportRun
from tests.legacy_import.imports import counted, dump, forget_everything, import_from, without_checksums
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)
SMALL = Size(users=120, contacts=120, enrollments=240)


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """An old database with doubles, escapes and names that are not ASCII."""
    file = tmp_path / "old.sqlite3"
    fill_sqlite(file, SMALL)
    return file


@contextmanager
def no_short_way(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Let every row go the long way."""
    with monkeypatch.context() as patch:
        for kind in list(SHAPES):
            patch.delitem(SHAPES, kind)
        yield


def test_what_a_row_becomes_does_not_depend_on_the_way(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert import_from(old).balances
    by_the_short_way = dump()
    forget_everything()

    with no_short_way(monkeypatch):
        assert import_from(old).balances

    assert dump() == by_the_short_way


@pytest.mark.parametrize("size", [7, 50])
def test_the_batch_size_does_not_matter(old: Path, size: int) -> None:
    import_from(old)
    whole = dump()
    forget_everything()

    import_from(old, batch_size=size)

    assert dump() == whole


def test_two_processes_do_what_one_does(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import_from(old)
    by_one = dump()
    forget_everything()
    monkeypatch.setattr(processes, "WORTH_A_PROCESS", 1)

    report = import_from(old, batch_size=50)

    assert dump() == by_one
    assert counted(import_from(old, batch_size=50), "users") == {"unchanged": 120}
    assert report.balances


@pytest.mark.external
def test_rows_of_mariadb_become_what_rows_of_sqlite_do(old: Path, request: pytest.FixtureRequest) -> None:
    import_from(old)
    from_sqlite = without_checksums(dump())
    forget_everything()
    fill_mariadb("titanobova_express", SMALL)
    request.addfinalizer(lambda: drop_mariadb("titanobova_express"))

    import_from("mysql://root@127.0.0.1:3306/titanobova_express")

    assert without_checksums(dump()) == from_sqlite


@pytest.mark.external  # SQLite keeps its indexes
def test_tables_that_were_empty_have_all_their_indexes_and_keys_again(
    old: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = everything_made_again()
    import_from(old)
    by_the_usual_way = dump()
    forget_everything()
    monkeypatch.setattr(bare, "MANY", 1)

    import_from(old)

    assert everything_made_again() == before
    assert dump() == by_the_usual_way


@pytest.mark.external  # SQLite tells no plan of this kind
def test_thousands_of_addresses_are_looked_up_by_an_index() -> None:
    addresses = [f"person.{number}@example.com" for number in range(12_000)]
    User.objects.bulk_create(User(email=one, email_canonical=one, password="!") for one in addresses)
    with connection.cursor() as cursor:
        cursor.execute(f"ANALYZE {User._meta.db_table}, {ImportedRecord._meta.db_table}")

    with patient_database():
        plan = fetch(f"EXPLAIN {ExpressContacts.senders_sql()}", [listed(addresses[::4])])

    lines = [line.strip() for (line,) in plan]
    assert [line for line in lines if line.startswith("Index Cond: ((email_canonical)")]
    assert not [line for line in lines if line.startswith("Filter: ((email_canonical)")]


def test_a_reader_that_dies_is_told_and_what_it_sent_stands(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(processes, "WORTH_A_PROCESS", 1)
    monkeypatch.setattr(processes, "open_source", _dies)

    report = import_from(old)

    assert report.failure.startswith("The process that reads the old database ended")
    assert (Contact.objects.count(), ImportRun.objects.get().outcome) == (0, ImportRun.Outcome.FAILED)


def test_every_short_way_has_a_shape() -> None:
    assert set(EXPRESS) == set(SHAPES) == {Kind.USERS, Kind.CONTACTS, Kind.ENROLLMENTS}


def everything_made_again() -> set[tuple[str, ...]]:
    """Return the definitions of all indexes and foreign keys."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'")
        indexes = set(cursor.fetchall())
        cursor.execute("SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f'")
        return indexes | set(cursor.fetchall())


def _dies(*_: object, **__: object) -> None:
    os._exit(9)
