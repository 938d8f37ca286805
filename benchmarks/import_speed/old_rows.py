"""An old database in great numbers: the same rows in every run, for MariaDB and for SQLite.

They are as the old site left them: bcrypt hashes, one name, texts that its validator escaped, a few names that are not
ASCII, a few addresses that occur twice, a few enrolments that are doubles, and dates to the millisecond.
"""

import random
import sqlite3
import string
import subprocess
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import closing
from datetime import datetime, timedelta
from pathlib import Path
from typing import NamedTuple

from benchmarks.invented import FIRST_NAMES, LAST_NAMES, WORDS

Row = tuple[object, ...]
START, SPAN = datetime(2021, 1, 1), timedelta(days=4 * 365)  # noqa: DTZ001 - the old site wrote no zone
UNUSUAL = ("José", "Müller", "Łukasz", "O&#x27;Brien", "Ægir", "Søren")
COURSES = [f"{first} {second}".title() for first in WORDS[:8] for second in WORDS[8:16]]
STATUSES = ("active",) * 5 + ("completed",) * 3 + ("pending", "cancelled")
HASH_LETTERS = string.ascii_letters + string.digits + "./"


class Size(NamedTuple):
    """How many rows of each table."""

    users: int
    contacts: int
    enrollments: int


USUAL = Size(users=300_000, contacts=300_000, enrollments=600_000)


class Table(NamedTuple):
    """A table of the old site: its name, its columns in MariaDB's words, and what makes its rows."""

    name: str
    columns: str
    rows: Callable[[Size], Iterator[Row]]


def users(size: Size) -> Iterator[Row]:
    """Accounts; one in five thousand has the address of another one in capital letters."""
    choose = random.Random(1)  # noqa: S311 - texts, no secrets
    hashes = ["$2b$10$" + "".join(choose.choices(HASH_LETTERS, k=21)) + "u" + "x" * 31 for _ in range(997)]
    for number in range(1, size.users + 1):
        email = f"{choose.choice(FIRST_NAMES)}.{choose.choice(LAST_NAMES)}.{number}@example.com"
        if number % 5000 == 7:
            email = f"TWICE.{number - 5}@EXAMPLE.COM"
        elif number % 5000 == 2:
            email = f"twice.{number}@example.com"
        kind = "admin" if number == 1 else "instructor" if number % 100 == 3 else "student"
        yield number, email, hashes[number % 997], _name(choose, number), kind, _at(number, size.users)


def contacts(size: Size) -> Iterator[Row]:
    """Messages; a third are of people with an account, and one in six holds an escaped character."""
    choose = random.Random(2)  # noqa: S311 - as above
    for number in range(1, size.contacts + 1):
        email = f"visitor.{number}@example.org"
        if number % 3 == 0:
            email = f"twice.{number // 5000 * 5000 + 2}@example.com" if number % 30 == 0 else email
        words = " ".join(choose.choices(WORDS, k=choose.randrange(8, 25))).capitalize()
        message = f"{words}. Isn&#x27;t it?" if number % 6 == 0 else f"{words}."
        subject = " ".join(choose.choices(WORDS, k=3)).capitalize()
        phone = f"+4930{number:07}" if number % 2 else ""
        yield number, _name(choose, number), email, phone, subject, message, _at(number, size.contacts)


def enrollments(size: Size) -> Iterator[Row]:
    """Who takes part in what; one in a thousand is a double of the one before it."""
    choose = random.Random(3)  # noqa: S311 - as above
    for number in range(1, size.enrollments + 1):
        source = number - 1 if number % 1000 == 0 else number
        person, course = source * 7919 % size.users + 1, COURSES[source // size.users * 7 % len(COURSES)]
        yield number, person, course, choose.choice(STATUSES), _at(number, size.enrollments)


TABLES = (
    Table(
        "users",
        "id INT PRIMARY KEY, email VARCHAR(255), password VARCHAR(255), name VARCHAR(255), userType VARCHAR(32), "
        "createdAt DATETIME(3)",
        users,
    ),
    Table(
        "contacts",
        "id INT PRIMARY KEY, name VARCHAR(255), email VARCHAR(255), phone VARCHAR(50), subject VARCHAR(255), "
        "message TEXT, createdAt DATETIME(3)",
        contacts,
    ),
    Table(
        "enrollments",
        "id INT PRIMARY KEY, userId INT, courseTitle VARCHAR(255), status VARCHAR(32), createdAt DATETIME(3)",
        enrollments,
    ),
)


def fill_sqlite(path: Path, size: Size = USUAL) -> None:
    """Make the file."""
    with closing(sqlite3.connect(path)) as database:
        for table in TABLES:
            database.execute(f"CREATE TABLE {table.name} ({table.columns})")
            marks = ", ".join("?" * (table.columns.count(",") + 1))
            database.executemany(f"INSERT INTO {table.name} VALUES ({marks})", table.rows(size))  # noqa: S608
        database.commit()


def fill_mariadb(name: str, size: Size = USUAL) -> None:
    """Make the database, or make it anew; the server is at 127.0.0.1 and lets root in."""
    _mariadb(f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4")
    for table in TABLES:
        with tempfile.NamedTemporaryFile("w", suffix=".tsv", encoding="utf-8") as file:
            file.writelines(_lines(table.rows(size)))
            file.flush()
            _mariadb(
                f"CREATE TABLE {table.name} ({table.columns}); "
                f"LOAD DATA LOCAL INFILE '{file.name}' INTO TABLE {table.name} CHARACTER SET utf8mb4",
                name,
            )


def drop_mariadb(name: str) -> None:
    """Remove the database."""
    _mariadb(f"DROP DATABASE IF EXISTS {name}")


def _mariadb(sql: str, database: str = "") -> None:
    command = ["mariadb", "--host=127.0.0.1", "--user=root", "--local-infile=1", "--execute", sql]
    subprocess.run([*command, *([database] if database else [])], check=True)  # noqa: S603 - our own words


def _lines(rows: Iterable[Row]) -> Iterator[str]:
    return ("\t".join(map(str, row)) + "\n" for row in rows)


def _name(choose: random.Random, number: int) -> str:
    if number % 40 == 0:
        return f"{choose.choice(UNUSUAL)} {choose.choice(LAST_NAMES)}"
    return f"{choose.choice(FIRST_NAMES)} {choose.choice(LAST_NAMES)}"


def _at(number: int, total: int) -> str:
    return (START + SPAN * (number / total)).isoformat(sep=" ", timespec="milliseconds")
