"""One import at a time, and none that the web's time limits cut off."""

import fcntl
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from django.db import DatabaseError, connection

ADVISORY_LOCK = 0x696D_706F_7274  # "import" in ASCII: a number that nothing else in the database locks
# Web requests end after 15 seconds; a batch on a busy machine may take longer, and a dry run is one transaction.
# Commits do not wait for the disk: what the last moments before a crash of the server lose, the next run brings again,
# for a row and what is remembered of it are one transaction. The run's last commit waits, and all before it with it.
PATIENCE = {
    "statement_timeout": "0",
    "idle_in_transaction_session_timeout": "0",
    "lock_timeout": "30s",
    "synchronous_commit": "off",
    # Rows are looked up by their keys, thousands at once, among millions, and often in tables that nobody has made
    # statistics of yet: PostgreSQL would rather read the whole table each time, which takes ten times as long.
    **dict.fromkeys(("enable_seqscan", "enable_hashjoin", "enable_mergejoin"), "off"),
}

RETURN_SECONDS = 10.0  # a PostgreSQL that is restarted is back in one or two; one that crashed takes some more
PAUSE = 0.2  # seconds


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


def wait_for_database() -> None:
    """Connect anew where the connection was lost, as often as it takes a server that restarts to let us in again.

    :raises DatabaseError: if it did not within RETURN_SECONDS
    """
    if connection.in_atomic_block or connection.is_usable():
        return
    connection.close()
    deadline = time.monotonic() + RETURN_SECONDS
    while True:
        try:
            connection.ensure_connection()
        except DatabaseError:
            if time.monotonic() > deadline:
                raise
            time.sleep(PAUSE)
        else:
            return


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
