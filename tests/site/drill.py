"""A restore drill: another database of the same kind, and what two databases hold, word by word."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.db import connection
from django.db.backends.base.base import BaseDatabaseWrapper

from titanobova.env import BASE_DIR

Dump = dict[str, list[str]]
# Verifies the audit log of the restored database, then logs in at a server that runs on it and prints the status.
LOG_IN = """
import sys
import django
django.setup()
from io import StringIO
from django.core.management import call_command
call_command("verify_audit", stdout=StringIO())
from django.test import Client
body = {"email": sys.argv[1], "password": sys.argv[2]}
print(Client(SERVER_NAME="localhost").post("/api/v1/auth/token/", body, content_type="application/json").status_code)
"""


@contextmanager
def another_database(folder: Path) -> Iterator[BaseDatabaseWrapper]:
    """Make a new database without a single table, beside the tests' own; yield a way into it."""
    is_file = connection.vendor == "sqlite"
    name = str(folder / "another.sqlite3") if is_file else f"titanobova_drill_{uuid4().hex[:12]}"
    if not is_file:
        with connection.cursor() as cursor:
            cursor.execute(f'CREATE DATABASE "{name}"')
    way = connection.copy()
    way.settings_dict["NAME"] = name
    way.settings_dict["OPTIONS"].pop("pool", None)
    try:
        yield way
    finally:
        way.close()
        if not is_file:
            with connection.cursor() as cursor:
                cursor.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


def run_on(database: BaseDatabaseWrapper, folder: Path, *arguments: str) -> "subprocess.CompletedProcess[str]":
    """Run Python on another database, with `folder` for its media, as an operator would."""
    told = database.settings_dict
    own = {
        "DB_NAME": told["NAME"],
        "MEDIA_ROOT": str(folder / "media"),
        "DJANGO_SETTINGS_MODULE": "titanobova.settings",
    }
    if database.vendor == "postgresql":
        own |= {"DB_HOST": told["HOST"], "DB_PORT": str(told["PORT"]), "DB_USER": told["USER"]}
        own |= {"DB_PASSWORD": told["PASSWORD"]}
    command = [sys.executable, *arguments]
    environment = {**os.environ, **own}
    return subprocess.run(
        command, cwd=BASE_DIR, env=environment, capture_output=True, text=True, timeout=100, check=False
    )


def dump_of(database: BaseDatabaseWrapper) -> Dump:
    """Return every row of every table, in an order that does not depend on where it lies."""
    with database.cursor() as cursor:
        names = [table.name for table in database.introspection.get_table_list(cursor) if table.type == "t"]
        return {name: _rows(cursor, f'SELECT * FROM "{name}"') for name in sorted(names) if name != "sqlite_sequence"}


def schema_of(database: BaseDatabaseWrapper) -> Dump:
    """Return the definitions of triggers and constraints, and the indexes.

    Of an index the name alone: PostgreSQL writes a condition in other words once it has read its own.
    """
    if database.vendor == "sqlite":
        questions = {"all": "SELECT type, name, tbl_name, sql FROM sqlite_master WHERE name NOT LIKE 'sqlite_stat%'"}
    else:
        questions = {
            "triggers": "SELECT pg_get_triggerdef(oid) FROM pg_trigger WHERE NOT tgisinternal",
            "constraints": "SELECT conname, conrelid::regclass::text, pg_get_constraintdef(oid) FROM pg_constraint "
            "WHERE connamespace = 'public'::regnamespace",
            "indexes": "SELECT tablename, indexname FROM pg_indexes WHERE schemaname = 'public'",
        }
    with database.cursor() as cursor:
        return {name: _rows(cursor, question) for name, question in questions.items()}


def _rows(cursor: Any, question: str) -> list[str]:
    cursor.execute(question)
    return sorted(repr(row) for row in cursor.fetchall())
