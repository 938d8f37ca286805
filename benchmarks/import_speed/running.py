"""Runs our import, pgloader and pg_restore, each into a fresh database, and takes the time."""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

from benchmarks.database import SERVICES, administer, migrated_database
from benchmarks.server import PROJECT

COPY_AS_IT_IS = """
LOAD DATABASE FROM {source} INTO {target}
WITH {what}
SET work_mem to '64MB', maintenance_work_mem to '256MB';
"""


class Took(NamedTuple):
    """Seconds by the clock, and the most memory that one process of it had (MiB)."""

    seconds: float
    memory: float


@contextmanager
def target(folder: str) -> Iterator[dict[str, str]]:
    """Make a database of ours, with all migrations, and give the environment of processes on it."""
    with migrated_database(folder) as environment:
        yield environment


def import_with_ours(source: str, environment: dict[str, str], *, expect: int = 0) -> Took:
    """Run the command, as in production."""
    command = [
        sys.executable,
        "manage.py",
        "import_from_nodejs",
        source,
        "--rejects",
        f"{environment['LOG_DIR']}/rejected.jsonl",
    ]
    return _timed(command, environment, expect)


def copy_with_pgloader(source: str, database: str) -> Took:
    """Let pgloader copy the same tables, with the indexes and keys that the old database has."""
    what = (
        "include drop, create tables, create indexes, reset sequences"
        if "sqlite" in source
        else "include drop, create tables, create indexes, foreign keys"
    )
    with tempfile.NamedTemporaryFile("w", suffix=".load") as file:
        file.write(
            COPY_AS_IT_IS.format(source=source, target=f"postgresql://postgres@127.0.0.1:5432/{database}", what=what)
        )
        file.flush()
        with _empty(database):
            return _timed(["pgloader", "--quiet", file.name], dict(os.environ), 0)


def restore_finished(environment: dict[str, str], folder: str, *, jobs: int) -> Took:
    """Let pg_restore load what an import has left in its database: the same rows, indexes and keys, already made."""
    server = [
        f"--host={environment['DB_HOST']}",
        f"--port={environment['DB_PORT']}",
        f"--username={environment['DB_USER']}",
    ]
    dump, copy = f"{folder}/dump", f"{environment['DB_NAME']}_restored"
    secret = {**os.environ, "PGPASSWORD": environment["DB_PASSWORD"]}
    _timed(
        ["pg_dump", *server, "--format=directory", "--compress=0", f"--file={dump}", environment["DB_NAME"]], secret, 0
    )
    try:
        with _empty(copy):
            return _timed(["pg_restore", *server, f"--jobs={jobs}", f"--dbname={copy}", dump], secret, 0)
    finally:
        shutil.rmtree(dump)


@contextmanager
def _empty(database: str) -> Iterator[None]:
    environment = {**SERVICES, "DB_NAME": database}
    administer("DROP DATABASE IF EXISTS {} WITH (FORCE)", environment)
    administer("CREATE DATABASE {}", environment)
    try:
        yield
    finally:
        administer("DROP DATABASE {} WITH (FORCE)", environment)


def _timed(command: list[str], environment: dict[str, str], expect: int) -> Took:
    before = time.monotonic()
    with tempfile.TemporaryFile("w+") as output:
        process = subprocess.Popen(  # noqa: S603 - our own words
            command, cwd=PROJECT, env=environment, stdout=output, stderr=subprocess.STDOUT
        )
        _, status, used = os.wait4(process.pid, 0)  # of this process and those that it waited for, and no other
        seconds = time.monotonic() - before
        output.seek(0)
        if (code := os.waitstatus_to_exitcode(status)) != expect:
            raise SystemExit(f"{command[0]} ended with {code}:\n{output.read()}")
    return Took(seconds, used.ru_maxrss / 1024)
