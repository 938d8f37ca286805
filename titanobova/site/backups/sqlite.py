"""Dump and restore of SQLite, by its online backup: readers and writers go on meanwhile."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from django.db import DatabaseError, connection
from django.db.backends.base.base import BaseDatabaseWrapper

from titanobova.site.backups.database import count_rows
from titanobova.site.backups.errors import BackupRefused


def dump(target: Path) -> dict[str, int]:
    """Copy the database into `target`, in one step and so as of one instant; return how many rows each table has."""
    connection.ensure_connection()
    with _opened(target) as copy:
        connection.connection.backup(copy.connection)
        with copy.cursor() as cursor:
            cursor.execute("PRAGMA journal_mode = DELETE")  # one file, with no other beside it
        return count_rows(copy)


def check(dump_file: Path) -> None:
    """Look whether the copy is a whole database.

    :raises BackupRefused: when it is not.
    """
    try:
        with _opened(dump_file) as copy, copy.cursor() as cursor:
            cursor.execute("PRAGMA integrity_check")
            verdict = str(cursor.fetchone()[0])
    except DatabaseError as error:
        verdict = str(error)
    if verdict != "ok":
        raise BackupRefused(f"the database in the backup is damaged: {verdict}")


def restore(dump_file: Path, rows: dict[str, int]) -> None:
    """Put the copy in the place of all that is in the database, in one transaction of SQLite's.

    :raises BackupRefused: when the copy does not hold the rows of its manifest, or somebody writes for too long.
    """
    with _opened(dump_file) as copy:
        if count_rows(copy) != rows:
            raise BackupRefused("the database in the backup does not hold the rows of its manifest")
        own: Any = connection
        own.ensure_connection()
        try:
            copy.connection.backup(own.connection)
        except own.Database.Error as error:
            raise BackupRefused(f"the database stays as it was: {error}") from None
    connection.close()


@contextmanager
def _opened(path: Path) -> Iterator[BaseDatabaseWrapper]:
    """Open a file as the application opens its own, but for the modes that belong to a database in use."""
    opened = connection.copy()
    opened.settings_dict |= {"NAME": str(path), "OPTIONS": {"transaction_mode": "IMMEDIATE", "timeout": 20}}
    try:
        opened.ensure_connection()
        yield opened
    finally:
        opened.close()
