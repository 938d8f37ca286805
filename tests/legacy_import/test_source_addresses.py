"""Addresses of old databases: the right ones, and one clear line for each wrong one."""

import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from legacy_import.source import SourceError, open_source, redacted
from legacy_import.source.address import MysqlAddress, parse_address
from tests.legacy_import.conftest import MakeSqlite, MariaDatabase, server_address, server_connection

SECRET = "geheim-7Qx"


def refusal(connection: str) -> str:
    """Return the line in which an address is refused; it must be short and hold no password."""
    with pytest.raises(SourceError) as refused:
        open_source(connection)
    line = str(refused.value)
    assert 0 < len(line) <= 200
    assert "\n" not in line
    assert SECRET not in line
    return line


@pytest.mark.parametrize(
    ("connection", "reason"),
    [
        ("", "No old database was named"),
        ("  ", "No old database was named"),
        (f"postgres://root:{SECRET}@127.0.0.1/old", "scheme 'postgres'"),
        (f"mysql+pymysql://root:{SECRET}@127.0.0.1/old", "scheme 'mysql+pymysql'"),
        (f"mysql://root:{SECRET}@127.0.0.1", "names no database"),
        (f"mysql://root:{SECRET}@127.0.0.1/", "names no database"),
        (f"mysql://root:{SECRET}@127.0.0.1:99999/old", "port 99999"),
        (f"mysql://root:{SECRET}@127.0.0.1:0/old", "port 0"),
        (f"mysql://root:{SECRET}@127.0.0.1:33o6/old", "cannot be read"),
        (f"mysql://root:{SECRET}@127.0.0.1/old?ssl=true", "cannot be read"),
        (f"mysql://root:%ff{SECRET}@127.0.0.1/old", "not UTF-8"),
        (f"mysql://root:{SECRET}", "cannot be read"),
        (f"root:{SECRET}@127.0.0.1/old", "no file root:***@127.0.0.1/old"),
        (f"mysql://root:{SECRET}@127.0.0.1:1/old", "127.0.0.1:1 cannot be reached"),
        (f"mysql://root:{SECRET}@nowhere.invalid/old", "host of nowhere.invalid:3306 is not known"),
        ("/nowhere/old.db", "no file /nowhere/old.db"),
        ("sqlite:///nowhere/old.db", "no file /nowhere/old.db"),
        ("old\0.db", "no file"),
        ("long/" * 60 + "old.db", "no file"),
        ("x" * 3000, "cannot be opened"),
        ("/dev/null", "no file /dev/null"),
    ],
)
def test_a_wrong_address_is_refused_in_one_line(connection: str, reason: str) -> None:
    assert reason in refusal(connection)


@pytest.mark.parametrize("letter", "@:/?#%")
def test_a_letter_with_a_meaning_in_addresses_must_be_encoded(letter: str) -> None:
    line = refusal(f"mysql://root:{SECRET}{letter}x@127.0.0.1/old")

    assert "%40 %3A %2F" in line


def test_every_encoded_password_is_read() -> None:
    address = parse_address("mariadb://an%40na:p%40%3A%2F%23%25%C3%BC@[::1]:3307/old%20one")

    assert address == MysqlAddress("an@na", "p@:/#%ü", "::1", 3307, "old one")
    assert "p@" not in repr(address)


@pytest.mark.parametrize(
    ("connection", "printed"),
    [
        (f"mysql://root:{SECRET}@db:3306/old", "mysql://root:***@db:3306/old"),
        ("mysql://root@db/old", "mysql://root@db/old"),
        (f"mysql://root:{SECRET}@x/y#z@db/old", "mysql://***"),
        (f"mysql://root:{SECRET}", "mysql://***"),
        (f"postgres://root:{SECRET}@db/old", "postgres://***"),
        (f"root:{SECRET}@db/old", "root:***@db/old"),
        ("sqlite:///var/old.db", "sqlite:///var/old.db"),
        ("/var/old.db", "/var/old.db"),
    ],
)
def test_an_address_is_printed_without_its_password(connection: str, printed: str) -> None:
    assert redacted(connection) == printed


def test_a_directory_an_empty_file_and_a_text_are_no_database(tmp_path: Path) -> None:
    empty, text = tmp_path / "empty.db", tmp_path / "text.db"
    empty.touch()
    text.write_text("SQLite format 2\n")

    assert "is a directory" in refusal(str(tmp_path))
    assert "is empty" in refusal(str(empty))
    assert "is not a SQLite database" in refusal(str(text))
    assert empty.stat().st_size == 0


def test_a_torn_database_is_refused(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite("CREATE TABLE users (id, email)")
    old.write_bytes(old.read_bytes()[:60])

    assert "cannot be read" in refusal(str(old))


def test_a_wrong_path_creates_no_file(tmp_path: Path) -> None:
    refusal(str(tmp_path / "old.db"))

    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["{path}", "sqlite://{path}", "sqlite:///{path}", "SQLITE://{path}"])
def test_a_file_has_several_addresses(form: str, make_sqlite: MakeSqlite) -> None:
    old = make_sqlite("CREATE TABLE users (id, email)")

    with open_source(form.format(path=old)) as source:
        assert source.tables() == ["users"]


def test_a_relative_path_works_with_and_without_a_scheme(
    make_sqlite: MakeSqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    old = make_sqlite("CREATE TABLE users (id, email)")
    monkeypatch.chdir(old.parent)

    for connection in (old.name, f"sqlite:///{old.name}", f"sqlite://{old.name}"):
        with open_source(connection) as source:
            assert source.tables() == ["users"]


def test_a_file_may_have_any_name(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite("CREATE TABLE users (id, email)", name="old?mode=rwc&x#1 100%41 ü.db")

    with open_source(str(old)) as source:
        assert source.tables() == ["users"]


def test_an_unknown_time_zone_is_refused_before_anything_is_read(sample: Path) -> None:
    with pytest.raises(SourceError, match="Mars"):
        open_source(str(sample), timezone="Mars/Olympus")


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """A port that accepts and then says nothing."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server


def test_a_port_that_stays_silent_costs_five_seconds(listener: socket.socket) -> None:
    before = time.monotonic()

    assert "does not answer" in refusal(f"mysql://root:{SECRET}@127.0.0.1:{listener.getsockname()[1]}/old")
    assert time.monotonic() - before < 7


@pytest.mark.parametrize("greeting", [b"SSH-2.0-OpenSSH_9.2\r\n", b"220 mail ready\r\n", b""])
def test_a_server_of_another_kind_is_recognised_at_once(listener: socket.socket, greeting: bytes) -> None:
    def greet() -> None:
        link, _ = listener.accept()
        with link:
            link.sendall(greeting)

    server = threading.Thread(target=greet)
    server.start()
    line = refusal(f"mysql://root:{SECRET}@127.0.0.1:{listener.getsockname()[1]}/old")
    server.join()

    assert "does not answer like a MySQL server" in line


@pytest.mark.external
def test_a_wrong_password_and_a_wrong_database_are_told_apart(mariadb: MariaDatabase) -> None:
    assert "refused the user or the password" in refusal(server_address(mariadb.name, password=SECRET))
    assert "has no such database" in refusal(server_address("titanobova_nowhere"))


@pytest.mark.external
def test_a_reader_with_a_difficult_password_needs_no_more_than_select(mariadb: MariaDatabase) -> None:
    password, reader = "p@ss:/#%?ü", f"{mariadb.name}_reader"
    mariadb.execute("CREATE TABLE users (id INT, email TEXT); INSERT INTO users VALUES (1, 'a@example.com')")
    with server_connection() as server, server.cursor() as cursor:
        cursor.execute(f"CREATE OR REPLACE USER {reader}@'%%' IDENTIFIED BY %s", (password,))
        cursor.execute(f"CREATE OR REPLACE USER {reader}@localhost IDENTIFIED BY %s", (password,))
        cursor.execute(f"GRANT SELECT ON {mariadb.name}.* TO {reader}@'%', {reader}@localhost")
    try:
        with open_source(server_address(mariadb.name, user=reader, password=password)) as source:
            assert [row["email"] for batch in source.rows("users", key="id") for row in batch] == ["a@example.com"]
    finally:
        mariadb.execute(f"DROP USER {reader}@'%', {reader}@localhost")
