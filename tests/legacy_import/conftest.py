"""Old databases to read from: the sample, SQLite files made of SQL, and MariaDB."""

import os
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pymysql
import pytest
from pymysql.constants import CLIENT

EXAMPLES = Path(__file__).parents[2] / "examples" / "legacy"
MakeSqlite = Callable[..., Path]
Change = Callable[[str], None]


@dataclass(frozen=True)
class MariaDatabase:
    """An empty database of the test's own."""

    name: str

    @property
    def connection(self) -> str:
        return server_address(self.name)

    def execute(self, sql: str) -> None:
        """Run one or many statements in it."""
        with closing(server_connection(self.name)) as server, server.cursor() as cursor:
            cursor.execute(sql)
            while cursor.nextset():
                pass
            server.commit()


def server_address(database: str, *, user: str | None = None, password: str | None = None) -> str:
    """Return the address that the importer is given."""
    user = user or os.environ.get("MARIADB_USER", "root")
    secret = os.environ.get("MARIADB_PASSWORD", "") if password is None else password
    host, port = os.environ.get("MARIADB_HOST", "127.0.0.1"), os.environ.get("MARIADB_PORT", "3306")
    return f"mysql://{quote(user, safe='')}:{quote(secret, safe='')}@{host}:{port}/{database}"


def server_connection(database: str | None = None) -> pymysql.Connection:
    """Return a connection of the old application: it may write."""
    return pymysql.connect(
        host=os.environ.get("MARIADB_HOST", "127.0.0.1"),
        port=int(os.environ.get("MARIADB_PORT", "3306")),
        user=os.environ.get("MARIADB_USER", "root"),
        password=os.environ.get("MARIADB_PASSWORD", ""),
        database=database,
        charset="utf8mb4",
        client_flag=CLIENT.MULTI_STATEMENTS,
    )


@pytest.fixture
def mariadb() -> Iterator[MariaDatabase]:
    """An empty database on MariaDB, dropped afterwards."""
    name = f"titanobova_import_{os.getpid()}"
    with _on_server(f"DROP DATABASE IF EXISTS {name}; CREATE DATABASE {name} CHARACTER SET utf8mb4"):
        yield MariaDatabase(name)
    with _on_server(f"DROP DATABASE {name}"):
        pass


@contextmanager
def _on_server(sql: str) -> Iterator[None]:
    with closing(server_connection()) as server, server.cursor() as cursor:
        cursor.execute(sql)
        while cursor.nextset():
            pass
    yield


@pytest.fixture
def make_sqlite(tmp_path: Path) -> MakeSqlite:
    """Make an old database of SQL: `make_sqlite("CREATE TABLE ...", name="old.db")`."""

    def make(sql: str, *, name: str = "old.sqlite3") -> Path:
        path = tmp_path / name
        with closing(sqlite3.connect(path)) as database:
            database.executescript(sql)
            database.commit()
        return path

    return make


@pytest.fixture
def sample() -> Path:
    """The sample database as SQLite."""
    return EXAMPLES / "titanobova.sqlite3"


@pytest.fixture
def sample_dump() -> str:
    """The sample database as a dump of MySQL."""
    return (EXAMPLES / "titanobova.mysql.sql").read_text()


@pytest.fixture
def old(sample: Path, tmp_path: Path) -> Path:
    """A copy of the sample that the old site goes on writing to; files with an old database of their own replace it."""
    copy = tmp_path / "old.sqlite3"
    copy.write_bytes(sample.read_bytes())
    return copy


@pytest.fixture
def change(old: Path) -> Change:
    """Let the old site write: `change("UPDATE ...")`."""

    def run(sql: str) -> None:
        with closing(sqlite3.connect(old)) as database:
            database.executescript(sql)
            database.commit()

    return run
