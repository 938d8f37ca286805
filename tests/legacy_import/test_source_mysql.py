"""MariaDB and MySQL are read in one snapshot, within bounded time, without leaving a trace."""

import contextlib
import socket
import threading
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal

import pytest

from legacy_import.source import Row, Source, SourceError, open_source
from legacy_import.source.mysql import MysqlSource
from tests.legacy_import.conftest import MariaDatabase, server_connection

pytestmark = pytest.mark.external
MANY = (
    "CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(255));"
    "INSERT INTO users SELECT seq, CONCAT(REPEAT('x', 200), seq) FROM seq_1_to_40000;"
)


def read(source: Source, table: str = "users", key: str | None = "id", **options: int) -> list[Row]:
    """Return all rows of a table."""
    return [row for batch in source.rows(table, key=key, **options) for row in batch]


def test_each_type_arrives_as_what_it_is(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        SET sql_mode = '', time_zone = '+05:30';
        CREATE TABLE users (id BIGINT PRIMARY KEY, price DECIMAL(10, 2), paid TINYINT(1), bits BIT(1), raw BINARY(2),
            made DATETIME(3), seen TIMESTAMP(3) NULL, born DATE, role ENUM('student', 'admin'), extra JSON);
        INSERT INTO users VALUES
            (1, 19.90, 1, 1, x'ff00',
             '2023-11-14 22:13:20.123', '2023-11-15 03:43:20.123', '2023-11-14', 'admin', '{}'),
            (2, NULL, 2, 0, NULL, '0000-00-00 00:00:00', '0000-00-00 00:00:00', '2023-00-00', '', NULL);
    """)
    with open_source(mariadb.connection) as source:
        full, odd = read(source)

    moment = datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
    assert full == {
        "id": 1, "price": Decimal("19.90"), "paid": 1, "bits": b"\x01", "raw": b"\xff\0",
        "made": "2023-11-14 22:13:20.123", "seen": moment, "born": date(2023, 11, 14), "role": "admin", "extra": "{}",
    }  # fmt: skip
    assert (odd["made"], odd["born"], odd["paid"]) == ("0000-00-00 00:00:00.000", "2023-00-00", 2)
    assert str(odd["seen"]).startswith("0000-00-00")


EVERY_TYPE = """
    SET sql_mode = '', time_zone = '+05:30';
    CREATE TABLE users (id INT UNSIGNED PRIMARY KEY, tiny TINYINT, small SMALLINT UNSIGNED, medium MEDIUMINT,
        big BIGINT UNSIGNED, price DECIMAL(20, 4), ratio DOUBLE, few FLOAT, born DATE, made DATETIME, fine DATETIME(6),
        seen TIMESTAMP(3) NULL, at TIME, year YEAR, bits BIT(9), raw VARBINARY(9), blobs BLOB, name VARCHAR(99),
        story LONGTEXT, role ENUM('a', 'b'), tags SET('x', 'y'), extra JSON, latin VARCHAR(9) CHARACTER SET latin1);
    INSERT INTO users VALUES (4294967295, -128, 65535, -8388608, 18446744073709551615, '-12345678901234.5678', 1.5,
        0.25, '2023-11-14', '2023-11-14 22:13:20', '1000-01-01 00:00:00.000001', '2023-11-15 03:43:20.123',
        '-838:59:59', 1999, b'101010101', x'ff00', x'00ff', 'José 😀', REPEAT('x', 70000), 'b', 'x,y', '{"a": 1}', 'é');
"""
NULLS = "INSERT INTO users (id) VALUES (1);"
STRANGE = """
    INSERT INTO users (id, born, made, fine, seen, name) VALUES
        (2, '0000-00-00', '0000-00-00 00:00:00', '2023-00-00 00:00:00', '0000-00-00 00:00:00', 'plain'),
        (3, '2023-11-14', '2023-11-14 22:13:20', '2023-11-14', '2023-11-14', CONVERT(x'41EDA0BD' USING utf8mb4));
"""


@pytest.mark.parametrize("sql", [EVERY_TYPE + NULLS, EVERY_TYPE + NULLS + STRANGE])
@pytest.mark.parametrize("is_patient", [False, True])
def test_the_compiled_reader_gives_what_the_driver_gives(
    sql: str, is_patient: bool, mariadb: MariaDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb.execute(sql)
    monkeypatch.setattr("legacy_import.source.mysql_rows.STRICT_FAILURES", 0 if is_patient else 20)

    with open_source(mariadb.connection) as source:
        by_driver = sorted(source.first_rows("users", limit=9), key=lambda row: str(row["id"]))
        by_parser = sorted(read(source), key=lambda row: str(row["id"]))

    assert by_parser == by_driver
    assert [{name: type(value) for name, value in row.items()} for row in by_parser] == [
        {name: type(value) for name, value in row.items()} for row in by_driver
    ]
    assert [row.repaired for row in by_parser] == [row.repaired for row in by_driver]


def test_a_piece_with_something_strange_spoils_no_other(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        SET sql_mode = '';
        CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(255), made DATETIME);
        INSERT INTO users SELECT seq, REPEAT('é', 120), '2023-11-14' FROM seq_1_to_20000;
        UPDATE users SET made = '0000-00-00', name = CONVERT(x'41EDA0BD' USING utf8mb4) WHERE id % 7000 = 0;
    """)

    with open_source(mariadb.connection) as source:
        rows = read(source, batch_size=333)

    assert [row["id"] for row in rows] == list(range(1, 20_001))
    strange = [row for row in rows if row.repaired]
    assert [row["id"] for row in strange] == [7000, 14_000]
    assert {str(row["made"]) for row in strange} == {"0000-00-00 00:00:00"}
    assert {row["made"] for row in rows if not row.repaired} == {"2023-11-14 00:00:00"}


def test_an_error_of_the_server_in_mid_stream_is_one_line(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE base (id INT PRIMARY KEY); INSERT INTO base SELECT seq FROM seq_1_to_5000;
        CREATE VIEW users AS SELECT id, IF(id < 4900, 1, (SELECT id FROM base WHERE id < 3)) AS x FROM base;
    """)

    with open_source(mariadb.connection) as source:
        with pytest.raises(SourceError, match="Subquery returns more than 1 row"):
            read(source)
        assert source.count("base") == 5000


def test_the_servers_own_log_shows_nothing_but_reading(mariadb: MariaDatabase) -> None:
    mariadb.execute("CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(9)); INSERT INTO users VALUES (1, 'a')")
    with contextlib.closing(server_connection("mysql")) as server, server.cursor() as cursor:
        cursor.execute("SELECT @@global.general_log, @@global.log_output")
        before = cursor.fetchone()
        cursor.execute("SET GLOBAL log_output = 'TABLE', GLOBAL general_log = 1")
        try:
            with open_source(mariadb.connection) as source:
                assert isinstance(source, MysqlSource)
                ((thread,),) = source._ask("SELECT CONNECTION_ID()")
                source.tables(), source.count("users"), read(source), source.first_rows("users", limit=1)
                source.find("users", "id", 1)
        finally:
            cursor.execute("SET GLOBAL general_log = %s, GLOBAL log_output = %s", before)
        cursor.execute("SELECT argument FROM general_log WHERE thread_id = %s AND command_type = 'Query'", (thread,))
        said = [str(argument).split()[0] for (argument,) in cursor.fetchall()]

    assert said.count("SELECT") >= 6
    assert set(said) <= {"SELECT", "SET", "START"}


def test_half_an_emoji_is_replaced_and_the_row_says_where(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE users (id INT PRIMARY KEY, name VARCHAR(20), email VARCHAR(20));
        INSERT INTO users VALUES (1, CONVERT(x'41EDA0BD' USING utf8mb4), 'é'), (2, 'José 😀', 'b');
    """)
    with open_source(mariadb.connection) as source:
        broken, whole = read(source)

    assert str(broken["name"]).startswith("A\N{REPLACEMENT CHARACTER}")
    assert broken.repaired == {"name"}
    assert whole.repaired == frozenset()
    assert whole["name"] == "José 😀"


def test_tables_views_and_columns_are_listed(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE `100%s ``odd` (id INT PRIMARY KEY, email VARCHAR(9)); CREATE TABLE gone (x INT);
        CREATE VIEW active AS SELECT * FROM `100%s ``odd`; CREATE VIEW broken AS SELECT * FROM gone; DROP TABLE gone;
        INSERT INTO `100%s ``odd` VALUES (1, 'a'), (2, 'b');
    """)
    with open_source(mariadb.connection) as source:
        assert source.tables() == ["100%s `odd", "active", "broken"]
        assert source.columns("active") == [("id", "int(11)"), ("email", "varchar(9)")]
        assert source.count("100%s `odd") == 2
        assert [row["id"] for row in read(source, "100%s `odd", after=1)] == [2]
        with pytest.raises(SourceError):
            read(source, "broken", key=None)
        assert [row["id"] for row in read(source, "active", key=None)] == [1, 2]


def test_batches_follow_the_key_and_reading_resumes_behind_it(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE users (id VARCHAR(9) PRIMARY KEY, email VARCHAR(9));
        INSERT INTO users VALUES ('c', 3), ('a', 1), ('e', 5), ('b', 2), ('d', 4);
    """)
    with open_source(mariadb.connection) as source:
        batches = [[row["id"] for row in batch] for batch in source.rows("users", key="id", batch_size=2)]
        rest = [row["id"] for batch in source.rows("users", key="id", after="c") for row in batch]

    assert batches == [["a", "b"], ["c", "d"], ["e"]]
    assert rest == ["d", "e"]


def test_what_is_written_while_reading_is_not_seen(mariadb: MariaDatabase) -> None:
    mariadb.execute("CREATE TABLE users (id INT PRIMARY KEY); INSERT INTO users VALUES (1)")

    with open_source(mariadb.connection) as source:
        mariadb.execute("INSERT INTO users VALUES (2)")
        assert (source.count("users"), len(read(source))) == (1, 1)
    with open_source(mariadb.connection) as source:
        assert source.count("users") == 2


def test_the_session_cannot_write(mariadb: MariaDatabase) -> None:
    mariadb.execute("CREATE TABLE users (id INT PRIMARY KEY)")

    with open_source(mariadb.connection) as source:
        assert isinstance(source, MysqlSource)
        with pytest.raises(SourceError, match="READ ONLY"):
            source._ask("INSERT INTO users VALUES (1)")


def test_a_question_in_the_middle_of_a_stream_is_refused_and_loses_no_row(mariadb: MariaDatabase) -> None:
    mariadb.execute("CREATE TABLE users (id INT PRIMARY KEY); INSERT INTO users SELECT seq FROM seq_1_to_10")

    with open_source(mariadb.connection) as source:
        stream = source.rows("users", key="id", batch_size=4)
        first = next(stream)
        with pytest.raises(SourceError, match="Finish or close"):
            source.count("users")
        assert len(first) + sum(len(batch) for batch in stream) == 10
        assert source.count("users") == 10


def test_a_stream_may_be_left_early(mariadb: MariaDatabase) -> None:
    mariadb.execute(MANY)

    with open_source(mariadb.connection) as source:
        for batch in source.rows("users", key="id"):
            assert len(batch) == 500
            break
        assert source.count("users") == 40_000


def test_a_source_may_be_closed_in_the_middle_of_a_stream(mariadb: MariaDatabase) -> None:
    mariadb.execute(MANY)

    with open_source(mariadb.connection) as source:
        stream = source.rows("users", key="id")
        assert len(next(stream)) == 500
    with pytest.raises(SourceError, match="closed in the middle"):
        list(stream)


@contextlib.contextmanager
def cut_link(connection: str, *, after: int, stall: bool) -> Iterator[str]:
    """A way to the server that breaks, or stalls, behind so many bytes of its answers; yields its address."""
    host, port = connection.rpartition("@")[2].partition("/")[0].split(":")
    over = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as front:

        def relay() -> None:
            client, _ = front.accept()
            with client, socket.create_connection((host, int(port))) as server:
                upward = threading.Thread(target=copy, args=(client, server, 1 << 40))
                upward.start()
                copy(server, client, after)
                if stall:
                    over.wait(30)
                for link in (client, server):
                    with contextlib.suppress(OSError):
                        link.shutdown(socket.SHUT_RDWR)
                upward.join()

        worker = threading.Thread(target=relay)
        worker.start()
        yield connection.replace(f"{host}:{port}", f"127.0.0.1:{front.getsockname()[1]}")
        over.set()
        worker.join()


def copy(source: socket.socket, target: socket.socket, limit: int) -> None:
    """Pass bytes on until the limit, or until one side has gone."""
    with contextlib.suppress(OSError):
        while limit > 0 and (piece := source.recv(min(limit, 65_536))):
            target.sendall(piece)
            limit -= len(piece)


@pytest.mark.parametrize("stall", [False, True])
def test_a_link_that_breaks_or_stalls_is_given_up_in_one_line(
    stall: bool, mariadb: MariaDatabase, monkeypatch: pytest.MonkeyPatch
) -> None:
    mariadb.execute(MANY)
    monkeypatch.setattr("legacy_import.source.mysql.READ_SECONDS", 1)
    before = time.monotonic()

    with cut_link(mariadb.connection, after=2_000_000, stall=stall) as connection, open_source(connection) as source:
        with pytest.raises(SourceError, match="was lost"):
            read(source)
        with pytest.raises(SourceError):
            source.count("users")

    assert time.monotonic() - before < 10


def test_columns_that_are_invisible_are_read_like_all_others(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE users (email VARCHAR(9), phone VARCHAR(30) INVISIBLE, id INT INVISIBLE AUTO_INCREMENT PRIMARY KEY);
        CREATE TABLE notes (text VARCHAR(9), place INT INVISIBLE);
        INSERT INTO users (email, phone, id) VALUES ('b', '222', 2), ('a', '111', 1);
        INSERT INTO notes (text, place) VALUES ('b', 2), ('a', 1);
    """)
    first = {"email": "a", "phone": "111", "id": 1}

    with open_source(mariadb.connection) as source:
        assert [column.name for column in source.columns("users")] == list(first)
        assert read(source) == [first, {"email": "b", "phone": "222", "id": 2}]
        assert read(source, "notes", None) == [{"text": "a", "place": 1}, {"text": "b", "place": 2}]
        assert source.find("users", "id", 1) == first
        assert first in source.first_rows("users", limit=2)


def test_of_a_table_that_keeps_its_history_the_rows_of_today_are_read(mariadb: MariaDatabase) -> None:
    mariadb.execute("""
        CREATE TABLE users (id INT PRIMARY KEY, email VARCHAR(9), phone VARCHAR(9) INVISIBLE) WITH SYSTEM VERSIONING;
        CREATE TABLE courses (id INT PRIMARY KEY, title VARCHAR(9), twice INT AS (id * 2) STORED,
            began TIMESTAMP(6) GENERATED ALWAYS AS ROW START INVISIBLE,
            ended TIMESTAMP(6) GENERATED ALWAYS AS ROW END, PERIOD FOR SYSTEM_TIME (began, ended)
        ) WITH SYSTEM VERSIONING;
        CREATE VIEW active AS SELECT id FROM users;
        INSERT INTO users (id, email, phone) VALUES (1, 'old', '1'), (2, 'gone', '2');
        INSERT INTO courses (id, title) VALUES (1, 'Maths');
    """)
    mariadb.execute("UPDATE users SET email = 'new' WHERE id = 1; DELETE FROM users WHERE id = 2")

    with open_source(mariadb.connection) as source:
        assert source.tables() == ["courses", "users", "active"]
        assert (source.count("users"), read(source)) == (1, [{"id": 1, "email": "new", "phone": "1"}])
        assert read(source, "courses") == [{"id": 1, "title": "Maths", "twice": 2}]
        assert read(source, "courses", None) == read(source, "courses")
