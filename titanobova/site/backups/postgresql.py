"""Dump and restore of PostgreSQL, by its own pg_dump, pg_restore and psql.

Their password comes by the environment: a command line is shown to every user of the machine.
"""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from django.db import connection, transaction
from django.db.backends.base.base import BaseDatabaseWrapper

from titanobova.site.backups.database import count_rows
from titanobova.site.backups.errors import BackupRefused

TOOLS = ("pg_dump", "pg_restore", "psql")
INSTALL = "install PostgreSQL's client (Debian: apt-get install postgresql-client)"
LOCK_SECONDS = 30  # until a restore gives up because somebody uses the tables that it replaces
# pg_restore of version 17 sets what servers before it do not know.
UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"


def dump(target: Path) -> dict[str, int]:
    """Dump the database into `target` and return how many rows each table had in that very snapshot.

    Writers go on meanwhile: snapshot and counts are those of one instant.

    :raises BackupRefused: when pg_dump is missing or fails.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY")
        cursor.execute("SET LOCAL statement_timeout = 0")
        cursor.execute("SET LOCAL idle_in_transaction_session_timeout = 0")
        cursor.execute("SELECT pg_export_snapshot()")
        snapshot = str(cursor.fetchone()[0])
        rows = count_rows(connection)
        flags = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={snapshot}", f"--file={target}"]
        _run([_tool("pg_dump"), *flags])
    return rows


def check(dump_file: Path) -> None:
    """Look whether pg_restore can read the dump.

    :raises BackupRefused: when it cannot.
    """
    _run([_tool("pg_restore"), "--list", str(dump_file)])


def restore(dump_file: Path, rows: dict[str, int]) -> None:
    """Put the dump in the place of all that is in the database, in one transaction; the rows are counted in it too.

    Until its commit everyone sees the database as it was, and a failure anywhere leaves it so.

    :raises BackupRefused: when it fails.
    """
    connection.close()
    sql = [_tool("psql"), "--no-psqlrc", "--quiet", "--single-transaction", "--set=ON_ERROR_STOP=1", "--file=-"]
    script = [_tool("pg_restore"), "--no-owner", "--no-privileges", "--no-comments", "--file=-", str(dump_file)]
    with _started(script, stdout=subprocess.PIPE) as reader, _started(sql, stdin=subprocess.PIPE) as writer:
        read, write = _pipe(reader.stdout), _pipe(writer.stdin)
        failed = _feed(write, _statements(reader, read, rows))
        complaint = _end(writer)
        if writer.returncode or failed:
            reader.kill()
            raise BackupRefused(f"the database stays as it was: {complaint}")
        if reader.wait():
            raise BackupRefused(f"the dump cannot be read: {_end(reader)}")


def _statements(reader: subprocess.Popen[bytes], dumped: IO[bytes], rows: dict[str, int]) -> Iterator[bytes]:
    yield f"SET lock_timeout = '{LOCK_SECONDS}s'; SET statement_timeout = 0;\n".encode()
    yield b"DROP SCHEMA public CASCADE; CREATE SCHEMA public;\n"
    yield from (line for line in dumped if line != UNKNOWN_BEFORE_17)
    if reader.wait():  # killed between two statements, it leaves an end that looks like one: the indexes are missing
        yield b"\nDO $$BEGIN RAISE 'the dump broke off'; END$$;\n"
    for table, number in rows.items():
        name = connection.ops.quote_name(table)
        counted = f"SELECT count(*) FROM public.{name}"  # noqa: S608 - a table of ours
        yield f"DO $$BEGIN IF ({counted}) <> {number} THEN RAISE 'rows are missing'; END IF; END$$;\n".encode()


def _feed(write: IO[bytes], statements: Iterator[bytes]) -> bool:
    """Write all statements; true when psql has stopped to read."""
    try:
        with write:
            write.writelines(statements)
    except BrokenPipeError:
        return True
    return False


def _run(command: list[str]) -> None:
    with _started(command) as process:
        complaint = _end(process)
    if process.returncode:
        raise BackupRefused(f"{Path(command[0]).name}: {complaint}")


def _end(process: "subprocess.Popen[bytes]") -> str:
    """Wait for a process and return the line of its complaint that says most."""
    complaint = _pipe(process.stderr).read().decode(errors="replace").strip().splitlines()
    process.wait()
    errors = [line for line in complaint if "error" in line.lower() or "fatal" in line.lower()]
    return (errors or complaint or ["it says nothing"])[0][:300]


@contextmanager
def _started(
    command: list[str], *, stdin: int = subprocess.DEVNULL, stdout: int = subprocess.DEVNULL
) -> Iterator["subprocess.Popen[bytes]"]:
    with subprocess.Popen(  # noqa: S603 - tools of PostgreSQL
        command, stdin=stdin, stdout=stdout, stderr=subprocess.PIPE, env=_environment(connection)
    ) as process:
        yield process


def _pipe(stream: IO[bytes] | None) -> IO[bytes]:
    assert stream is not None  # noqa: S101 - asked for above
    return stream


def _tool(name: str) -> str:
    found = shutil.which(name)
    if found is None:
        raise BackupRefused(f"{name} is not installed; {INSTALL}")
    return found


def _environment(database: BaseDatabaseWrapper) -> dict[str, str]:
    """Return how the tools find the database; of our own environment they get what finds them, and no secret."""
    told = database.settings_dict
    wanted = {
        "PATH": os.environ.get("PATH", os.defpath),
        "PGHOST": told["HOST"],
        "PGPORT": told["PORT"],
        "PGDATABASE": told["NAME"],
        "PGUSER": told["USER"],
        "PGPASSWORD": told["PASSWORD"],
        "PGCONNECT_TIMEOUT": "5",
        "PGAPPNAME": "titanobova backup",
        "LC_ALL": "C.UTF-8",
    }
    return {name: str(value) for name, value in wanted.items() if value}
