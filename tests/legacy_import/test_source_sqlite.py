"""SQLite files are read whole and left untouched."""

import hashlib
import shutil
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from legacy_import.source import Row, SourceError, open_source
from legacy_import.source.sqlite_file import ReadOnlyFile
from tests.legacy_import.conftest import MakeSqlite

Fingerprint = dict[str, tuple[str, int]]
USERS = "CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT);"


def fingerprint(folder: Path) -> Fingerprint:
    """Return what is in a folder: each file's digest and time."""
    return {
        file.name: (hashlib.sha256(file.read_bytes()).hexdigest(), file.stat().st_mtime_ns) for file in folder.iterdir()
    }


def read(connection: str, table: str = "users", key: str | None = "id", **options: int) -> list[list[Row]]:
    """Read a table, batch by batch."""
    with open_source(connection) as source:
        return list(source.rows(table, key=key, **options))


def numbers(connection: str) -> list[object]:
    """Return the ids of the users."""
    return [row["id"] for batch in read(connection) for row in batch]


class Application:
    """The old application: another process (SQLite shares its index of the log within one), which has a file open."""

    PROGRAM = """
import sqlite3, sys
database = sqlite3.connect(sys.argv[1], isolation_level=None)
for line in sys.stdin:
    print(database.execute(line).fetchall(), flush=True)
database.close()
"""

    def __init__(self, path: Path) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-c", self.PROGRAM, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def execute(self, *statements: str) -> None:
        """Run statements, each in a transaction of its own."""
        assert self.process.stdin
        assert self.process.stdout
        for statement in statements:
            self.process.stdin.write(statement + "\n")
            self.process.stdin.flush()
            assert self.process.stdout.readline().startswith("[")

    def close(self) -> None:
        """Shut down in good order; a second call does nothing."""
        self.process.communicate(timeout=30)


@pytest.fixture
def live(tmp_path: Path) -> Iterator[Application]:
    """An application at work in WAL mode: row 1 is in the file, row 2 only in the log."""
    with closing(Application(tmp_path / "live.db")) as application:
        application.execute(
            "PRAGMA journal_mode = wal",
            USERS,
            "INSERT INTO users VALUES (1, 'a@example.com')",
            "PRAGMA wal_checkpoint(TRUNCATE)",
            "INSERT INTO users VALUES (2, 'b@example.com')",
        )
        yield application


def test_the_sample_is_not_touched_and_nothing_is_put_beside_it(sample: Path, tmp_path: Path) -> None:
    shutil.copy2(sample, tmp_path)
    before = fingerprint(tmp_path)

    with open_source(str(tmp_path / sample.name)) as source:
        for table in source.tables():
            assert sum(len(batch) for batch in source.rows(table, key="id")) == source.count(table)
            assert fingerprint(tmp_path) == before

    assert fingerprint(tmp_path) == before


def test_a_live_log_is_read_whole_and_nothing_changes(live: Application, tmp_path: Path) -> None:
    before = fingerprint(tmp_path)

    assert numbers(str(tmp_path / "live.db")) == [1, 2]
    assert fingerprint(tmp_path) == before


def test_what_is_written_while_reading_is_not_seen(live: Application, tmp_path: Path) -> None:
    with open_source(str(tmp_path / "live.db")) as source:
        live.execute("DELETE FROM users", "PRAGMA wal_checkpoint", "INSERT INTO users VALUES (3, 'c@example.com')")
        assert source.count("users") == 2
    assert numbers(str(tmp_path / "live.db")) == [3]


def test_a_copied_log_without_its_index_is_read_whole_and_nothing_changes(live: Application, tmp_path: Path) -> None:
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("live.db", "live.db-wal"):
        shutil.copy2(tmp_path / name, copy)
    before = fingerprint(copy)

    assert numbers(str(copy / "live.db")) == [1, 2]
    assert fingerprint(copy) == before


def test_a_database_in_wal_mode_that_was_closed_gets_no_files_beside_it(live: Application, tmp_path: Path) -> None:
    live.close()
    before = fingerprint(tmp_path)
    assert list(before) == ["live.db"]

    assert numbers(str(tmp_path / "live.db")) == [1, 2]
    assert fingerprint(tmp_path) == before


def test_an_application_that_wakes_up_while_its_file_is_read_is_noticed(live: Application, tmp_path: Path) -> None:
    live.close()

    with (
        open_source(str(tmp_path / "live.db")) as source,
        closing(sqlite3.connect(tmp_path / "live.db", isolation_level=None)) as application,
    ):
        application.execute("INSERT INTO users VALUES (3, 'c@example.com')")
        with pytest.raises(SourceError, match="changed while it was read"):
            list(source.rows("users", key="id"))


def test_what_a_crash_left_half_written_is_rolled_back_in_a_private_copy(tmp_path: Path) -> None:
    old = tmp_path / "old.db"
    crash = f"""
import os, sqlite3
old = sqlite3.connect({str(old)!r}, isolation_level=None)
old.executescript({USERS!r})
old.execute("INSERT INTO users VALUES (1, 'a@example.com')")
old.execute("PRAGMA cache_size = 1")
old.execute("BEGIN")
old.executemany("INSERT INTO users VALUES (?, ?)", ((n, "x" * 900) for n in range(2, 500)))
os._exit(9)
"""
    assert subprocess.run([sys.executable, "-c", crash], check=False).returncode == 9
    before = fingerprint(tmp_path)
    assert sorted(before) == ["old.db", "old.db-journal"]

    assert numbers(str(old)) == [1]
    assert fingerprint(tmp_path) == before


def test_a_locked_database_is_refused_in_one_line(make_sqlite: MakeSqlite, monkeypatch: pytest.MonkeyPatch) -> None:
    old = make_sqlite(USERS)
    monkeypatch.setattr("legacy_import.source.sqlite_file.BUSY_SECONDS", 0.1)

    with closing(sqlite3.connect(old, isolation_level=None)) as application:
        application.execute("BEGIN EXCLUSIVE")
        with pytest.raises(SourceError, match="locked by another program"):
            open_source(str(old))


@pytest.mark.parametrize("bad", [{1}, {500}, {501}, {2000}, {3, 1250, 1251}, set()])
def test_a_text_that_is_no_utf8_costs_no_other_row(make_sqlite: MakeSqlite, bad: set[int]) -> None:
    old = make_sqlite(USERS)
    with closing(sqlite3.connect(old)) as database:
        rows = ((number, b"x\xff" if number in bad else "é".encode()) for number in range(1, 2001))
        database.executemany("INSERT INTO users VALUES (?, CAST(? AS TEXT))", rows)
        database.commit()

    with open_source(str(old)) as source:
        found = [row for batch in source.rows("users", key="id", batch_size=333) for row in batch]

    assert [row["id"] for row in found] == list(range(1, 2001))
    assert {row["id"] for row in found if row.repaired} == bad
    assert {row["email"] for row in found if not row.repaired} == {"é"}


def test_bytes_that_are_no_text_are_replaced_and_the_row_says_where(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, name TEXT, email TEXT, photo BLOB);"
        "INSERT INTO users VALUES (1, CAST(x'4a6f73e9' AS TEXT), 'j@example.com', x'ff00'), (2, 'José', 'k', NULL)"
    )

    ((broken, whole),) = read(str(old))

    assert broken == {
        "id": 1,
        "name": "Jos\N{REPLACEMENT CHARACTER}",
        "email": "j@example.com",
        "photo": b"\xff\0",
    }
    assert broken.repaired == {"name"}
    assert whole.repaired == frozenset()
    assert type(broken["name"]) is str


def test_batches_follow_the_key_and_reading_resumes_behind_it(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + "INSERT INTO users VALUES (5, 'e'), (-1, 'a'), (3, 'c'), (4, 'd'), (2, 'b')")

    batches = read(str(old), batch_size=2)

    assert [[row["id"] for row in batch] for batch in batches] == [[-1, 2], [3, 4], [5]]
    with open_source(str(old)) as source:
        assert [row["id"] for batch in source.rows("users", key="id", after=3) for row in batch] == [4, 5]


def test_rows_with_one_key_are_never_parted(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id, email);"
        "INSERT INTO users VALUES (NULL, 'a'), (NULL, 'b'), (7, 'c'), (7, 'd'), (7, 'e'), (8, 'f'), ('x', 'g')"
    )

    batches = [[row["email"] for row in batch] for batch in read(str(old), batch_size=1)]

    assert batches == [["a"], ["b"], ["c", "d", "e"], ["f"], ["g"]]


@pytest.mark.parametrize(
    "schema",
    [
        "CREATE TABLE users (email TEXT, n INT)",
        "CREATE TABLE users (email TEXT PRIMARY KEY, n INT) WITHOUT ROWID",
        "CREATE TABLE kept (email TEXT, n INT); CREATE VIEW users AS SELECT * FROM kept",
    ],
)
def test_a_table_without_a_key_is_read_in_a_stable_order_but_not_resumed(schema: str, make_sqlite: MakeSqlite) -> None:
    table = "kept" if "kept" in schema else "users"
    old = make_sqlite(f"{schema}; INSERT INTO {table} VALUES ('a', 3), ('b', 1), ('c', 2)")

    assert [row["n"] for batch in read(str(old), key=None, batch_size=2) for row in batch] == [3, 1, 2]
    with open_source(str(old)) as source, pytest.raises(SourceError, match="cannot be resumed"):
        list(source.rows("users", key=None, after="a"))


def test_tables_come_before_views_and_a_broken_view_stops_nothing(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        USERS + "CREATE TABLE gone (x); CREATE VIEW active AS SELECT * FROM users;"
        'CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone; CREATE TABLE `we``ird "name` (x)'
    )

    with open_source(str(old)) as source:
        assert source.tables() == ["users", 'we`ird "name', "active", "broken"]
        assert source.columns("users") == [("id", "INTEGER"), ("email", "TEXT")]
        assert source.columns("broken") == []
        assert source.count('we`ird "name') == 0


@pytest.mark.parametrize(("table", "key"), [("nowhere", "id"), ("users", "nokey")])
def test_an_unknown_table_or_key_is_refused(table: str, key: str, make_sqlite: MakeSqlite) -> None:
    with pytest.raises(SourceError, match=r"no column|no such table"):
        read(str(make_sqlite(USERS)), table, key)


def test_a_file_that_may_only_be_read_suffices(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + "INSERT INTO users VALUES (1, 'a')")
    old.chmod(0o444)

    assert numbers(str(old)) == [1]


def test_the_connection_cannot_write(make_sqlite: MakeSqlite) -> None:
    database = ReadOnlyFile(make_sqlite(USERS))

    with pytest.raises(sqlite3.OperationalError, match="readonly"):
        database.connection.execute("INSERT INTO users VALUES (1, 'a')")
    database.close()


def test_columns_that_are_computed_are_read_under_their_names(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id INTEGER PRIMARY KEY, `E``Mail` TEXT, `now` AS (id * 2), kept AS (id * 3) STORED);"
        "INSERT INTO users (id, `E``Mail`) VALUES (1, 'a');"
        "CREATE VIEW active AS SELECT id, count(*), `E``Mail`, `E``Mail` FROM users"
    )

    assert read(str(old)) == [[{"id": 1, "E`Mail": "a", "now": 2, "kept": 3}]]
    assert read(str(old), "active", None) == [[{"id": 1, "count(*)": 1, "E`Mail": "a", "E`Mail:1": "a"}]]
