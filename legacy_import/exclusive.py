"""One import at a time, and none that the web's time limits cut off."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import connection

ADVISORY_LOCK = 0x696D_706F_7274  # "import" in ASCII: a number that nothing else in the database locks
# Web requests end after 15 seconds; a batch on a busy machine may take longer, and a dry run is one transaction.
PATIENCE = {"statement_timeout": "0", "idle_in_transaction_session_timeout": "0", "lock_timeout": "30s"}


class AnotherImportRunsError(Exception):
    """Somebody else imports at this moment."""

    def __init__(self) -> None:
        super().__init__("Another import is running: wait until it has ended.")


@contextmanager
def only_import() -> Iterator[None]:
    """Hold the right to import for as long as the block runs.

    The lock belongs to the process, not to a row: PostgreSQL (or the kernel, for SQLite) drops it in the moment in
    which the process dies, so a killed import never stands in the way of the next one.

    :raises AnotherImportRunsError: if another process holds it
    """
    lock = _advisory_lock if connection.vendor == "postgresql" else _file_lock
    with lock():
        yield


@contextmanager
def patient_database() -> Iterator[None]:
    """Lift the time limits of this connection while the block runs (PostgreSQL has some)."""
    if connection.vendor != "postgresql":
        yield
        return
    _execute(*(f"SET SESSION {name} = '{limit}'" for name, limit in PATIENCE.items()))
    try:
        yield
    finally:
        if connection.is_usable():
            _execute(*(f"RESET {name}" for name in PATIENCE))


@contextmanager
def _advisory_lock() -> Iterator[None]:
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_lock(%s)", [ADVISORY_LOCK])
        if cursor.fetchone() != (True,):
            raise AnotherImportRunsError
    try:
        yield
    finally:
        if connection.is_usable():  # a lost connection has lost the lock with it
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_advisory_unlock(%s)", [ADVISORY_LOCK])


@contextmanager
def _file_lock() -> Iterator[None]:
    """The lock is on a file beside the database; a database in memory has one process and needs none."""
    name = str(connection.settings_dict["NAME"])
    if ":memory:" in name or "mode=memory" in name:
        yield
        return
    with Path(f"{name}-import-lock").open("w") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AnotherImportRunsError from None
        yield


def _execute(*statements: str) -> None:
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
