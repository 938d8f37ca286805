"""An old id that occurs twice: the first row counts, in every run and in every size of batch; the other is rejected."""

import json
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from legacy_import.comparing import verify
from legacy_import.mapping import ImportOptions
from legacy_import.models import ImportedRecord
from legacy_import.pipeline import Order, run_import
from legacy_import.repeats import Repeats
from legacy_import.report import Report
from legacy_import.rows import Chunk
from legacy_import.source import open_source
from tests.legacy_import.conftest import MakeSqlite, MariaDatabase
from tests.legacy_import.imports import counted, dump, import_from, noted
from tests.legacy_import.test_import_dirty_rows import USERS, rejected_lines, user
from users.models import User

pytestmark = pytest.mark.django_db
REASON = "the id 7 occurs more than once, and this is not the first row"
TWINS = user(7, "ann@example.com") + user(8, "cal@example.com") + user(7, "bob@example.com")


def refused(report: Report) -> list[list[str]]:
    return report.tables[0].refusals


def fed_back(old: Path, file: Path, folder: Path) -> Report:
    return run_import(Order(str(old), ImportOptions(), rejects=folder / "again.jsonl", retry=file))


@pytest.mark.parametrize("batch_size", [1, 2, 500])
def test_the_first_row_counts_in_the_first_run_and_in_all_others(make_sqlite: MakeSqlite, batch_size: int) -> None:
    old = make_sqlite(USERS + TWINS)

    first = import_from(old, batch_size=batch_size)
    after_the_first = dump()
    second, third = (import_from(old, batch_size=batch_size) for _ in range(2))

    assert (counted(first, "users"), refused(first)) == ({"created": 2, "rejected": 1}, [["7", REASON]])
    assert all(one.balances for one in (first, second, third))
    for again in (second, third):
        assert (counted(again, "users"), refused(again)) == ({"unchanged": 2, "rejected": 1}, [["7", REASON]])
    assert dump() == after_the_first
    assert set(User.objects.values_list("email", flat=True)) == {"ann@example.com", "cal@example.com"}


def test_rows_of_the_long_way_are_no_exception(make_sqlite: MakeSqlite) -> None:
    """These wait for each other, 500 at a time; the twin stands where one part ends and the next begins."""
    people = "".join(user(number, f"ü{number}@example.com") for number in range(1, 501))
    old = make_sqlite(USERS + people + user(500, "other@example.com") + user(501, "ü501@example.com"))

    report = import_from(old, batch_size=10_000)

    assert counted(report, "users") == {"created": 501, "rejected": 1}
    assert User.objects.filter(email="ü500@example.com").exists()
    assert not User.objects.filter(email="other@example.com").exists()


def test_the_very_same_row_once_more_is_counted_and_noted(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(USERS + user(7, "ann@example.com") * 2)

    for expected in ({"created": 1, "unchanged": 1}, {"unchanged": 2}):
        report = import_from(old)
        assert counted(report, "users") == expected
        assert noted(report, "users")["repeated_row"] == 1


def test_feeding_the_rejected_row_back_as_it_is_changes_nothing(make_sqlite: MakeSqlite, tmp_path: Path) -> None:
    old = make_sqlite(USERS + TWINS)
    report = import_from(old)
    before = dump()

    again = fed_back(old, Path(report.rejects_file), tmp_path)

    assert (counted(again, "users"), refused(again)) == ({"rejected": 1}, [["7", REASON]])
    assert dump() == before


def test_with_an_id_of_its_own_it_comes_without_a_password(make_sqlite: MakeSqlite, tmp_path: Path) -> None:
    """Which of the two rows a password of the id 7 belongs to, nobody can tell."""
    old = make_sqlite(USERS + TWINS)
    [line] = rejected_lines(import_from(old))
    repaired = tmp_path / "repaired.jsonl"
    repaired.write_text(json.dumps({**line, "row": {**dict(line["row"]), "id": 70}}))  # type: ignore[call-overload]

    report = fed_back(old, repaired, tmp_path)

    assert counted(report, "users") == {"created": 1}
    assert not User.objects.get(email="bob@example.com").has_usable_password()
    assert ImportedRecord.objects.filter(kind="users").count() == 3


@pytest.mark.external
def test_of_mariadb_too(mariadb: MariaDatabase) -> None:
    mariadb.execute(
        "CREATE TABLE users (id INT, email VARCHAR(99), password VARCHAR(99), name VARCHAR(99), "
        "userType VARCHAR(9), createdAt VARCHAR(99));" + TWINS
    )

    for expected in ({"created": 2, "rejected": 1}, {"unchanged": 2, "rejected": 1}):
        assert counted(import_from(mariadb.connection, batch_size=2), "users") == expected
    assert User.objects.filter(email="ann@example.com").exists()


def test_an_id_that_the_old_database_holds_for_the_same_is_remembered_from_chunk_to_chunk() -> None:
    """MySQL sorts A1 beside a1: a third row between them must not make it forget the first."""
    repeats, names = Repeats(), ("id",)

    def said(ids: list[str], sums: list[int]) -> list[str]:
        parted = repeats.without(Chunk(names, [(one,) for one in ids]), ids, sums)
        return [str(one.legacy_id) for one in parted.rejected] + parted.said_again

    assert said(["a0", "a1"], [1, 2]) == []
    assert said(["A1"], [3]) == []
    assert said(["a1", "a1", "b"], [2, 9, 4]) == ["a1", "a1"]
    assert said(["b", "c"], [4, 5]) == ["b"]
    assert said(["", ""], [6, 7]) == []


SPELLED = (
    "CREATE TABLE users (id, email, password, name, userType, createdAt);"
    + user(7, "ann@example.com")
    + user(9, "cal@example.com")
    + "".join(user(number, f"p{number}@example.com") for number in range(10, 20))
    + "".join(
        user(id_, f"{name}@example.com")
        for name, id_ in {"bob": "'7'", "eve": "' 8'", "dan": "'8'", "fay": "x'39'", "gus": "'a-1'"}.items()
    )
)


@pytest.mark.parametrize("batch_size", [1, 2, 3, 500])
def test_one_id_in_several_spellings_is_that_of_the_first_row_in_every_run(
    make_sqlite: MakeSqlite, batch_size: int
) -> None:
    """SQLite keeps 7 and '7' in one column, with all other numbers between them."""
    old = make_sqlite(SPELLED)
    first = import_from(old, batch_size=batch_size)
    after_the_first = dump()

    again = import_from(old, batch_size=batch_size)

    assert (counted(first, "users"), first.balances) == ({"created": 14, "rejected": 3}, True)
    assert sorted(one for one, _ in refused(first)) == ["7", "8", "9"]
    assert counted(again, "users") == {"unchanged": 14, "rejected": 3}
    assert dump() == after_the_first
    people = set(User.objects.values_list("email", flat=True))
    assert {"ann@example.com", "cal@example.com", "eve@example.com", "gus@example.com"} <= people
    assert not people & {"bob@example.com", "dan@example.com", "fay@example.com"}


@pytest.mark.parametrize("batch_size", [1, 500])
def test_a_change_of_the_row_that_is_spelled_otherwise_is_never_taken_for_one_of_the_first(
    make_sqlite: MakeSqlite, batch_size: int, tmp_path: Path
) -> None:
    old = make_sqlite(SPELLED)
    import_from(old, batch_size=batch_size)
    with closing(sqlite3.connect(old)) as database:
        database.execute("UPDATE users SET name = 'Mallory' WHERE typeof(id) = 'text' AND id = '7'")
        database.execute("UPDATE users SET name = 'Anna' WHERE typeof(id) = 'integer' AND id = 7")
        database.commit()

    report = import_from(old, batch_size=batch_size)
    fed_back(old, Path(report.rejects_file), tmp_path)

    assert counted(report, "users") == {"updated": 1, "unchanged": 13, "rejected": 3}
    assert User.objects.get(pk=ImportedRecord.objects.get(legacy_id="7").object_id).first_name == "Anna"
    assert verify(Order(str(old), ImportOptions())).differences == 0


@pytest.mark.parametrize(
    ("ids", "odd"),
    [
        ("(1), (2), (3)", []),
        ("('a'), ('b c'), ('7'), (x'ff00')", []),
        ("(1), ('b'), ('7'), ('-7')", ["7", "-7"]),
        ("(' a'), ('b '), ('c' || char(0)), ('d' || char(10)), ('é'), (x'39'), (x'390a')", 7),
    ],
)
def test_only_odd_spellings_are_remembered(make_sqlite: MakeSqlite, ids: str, odd: list[str] | int) -> None:
    old = make_sqlite(f"CREATE TABLE users (id, email TEXT); INSERT INTO users (id) VALUES {ids}")

    with open_source(str(old)) as source:
        found = source.odd_ids("users", ["id"])

    assert found.column("id") == odd if isinstance(odd, list) else len(found.values) == odd


@pytest.mark.external
@pytest.mark.parametrize("batch_size", [1, 500])
def test_spellings_of_mariadb_too(mariadb: MariaDatabase, batch_size: int) -> None:
    mariadb.execute(
        "CREATE TABLE users (id VARCHAR(9) COLLATE utf8mb4_bin, email VARCHAR(99), password VARCHAR(99), "
        "name VARCHAR(99), userType VARCHAR(9), createdAt VARCHAR(99));"
        + "".join(
            user(id_, f"{name}@example.com")
            for name, id_ in {"ann": "' 8'", "cal": "'7'", "eve": "'70'", "bob": "'8'", "dan": "'7\t'"}.items()
        )
    )

    for expected in ({"created": 3, "rejected": 2}, {"unchanged": 3, "rejected": 2}):
        assert counted(import_from(mariadb.connection, batch_size=batch_size), "users") == expected
    assert User.objects.filter(email="ann@example.com").exists()
    with open_source(mariadb.connection) as source:
        assert set(source.odd_ids("users", ["id"]).column("id")) == {" 8", "7\t"}


BYTES = ("VARBINARY(9)", "TINYBLOB", "BLOB", "MEDIUMBLOB", "LONGBLOB")
ENUM = "ENUM(' 8', '70', '7', '8', '\t7', 'a')"
PARTED = {"ann": "' 8'", "cal": "'\t7'", "eve": "'70'", "bob": "'8'", "dan": "'7'", "fay": "'a'"}
FULL = {"ann": "'\t8'", "cal": "' 7'", "eve": "'70'", "bob": "'8\n'", "dan": "'7 '", "fay": "'8'"}  # '8' is 8 and NUL


@pytest.mark.external
@pytest.mark.parametrize("batch_size", [1, 2, 500])
@pytest.mark.parametrize(("type_", "ids"), [*((one, PARTED) for one in (*BYTES, ENUM)), ("BINARY(2)", FULL)])
def test_spellings_in_bytes_and_enums_of_mariadb_too(
    mariadb: MariaDatabase, type_: str, ids: dict[str, str], batch_size: int
) -> None:
    mariadb.execute(
        f"CREATE TABLE users (id {type_}, email VARCHAR(99), password VARCHAR(99), name VARCHAR(99), "
        "userType VARCHAR(9), createdAt VARCHAR(99));"
        + "".join(user(id_, f"{name}@example.com") for name, id_ in ids.items())
    )
    first = import_from(mariadb.connection, batch_size=batch_size)
    before = dump()
    people = set(User.objects.values_list("email", flat=True))

    again = import_from(mariadb.connection, batch_size=batch_size)

    assert (counted(first, "users"), len(people)) == ({"created": 4, "rejected": 2}, 4)
    assert sorted(one for one, _ in refused(first)) == ["7", "8"]
    assert counted(again, "users") == {"unchanged": 4, "rejected": 2}
    assert dump() == before
    assert "ann@example.com" in people


@pytest.mark.external
def test_only_bytes_that_are_a_text_with_space_around_it_are_remembered(mariadb: MariaDatabase) -> None:
    """As the ids are read: space of any alphabet is stripped, and bytes that are no plain text stay what they are."""
    mariadb.execute("""
        CREATE TABLE users (id VARBINARY(40), email VARCHAR(9));
        INSERT INTO users (id) VALUES ('8'), ('a b'), ('~'), (x'ff20'), (x'2000'), (x'38c3a920'), (''), (x'20c3a9'),
            (' 8'), ('8\t'), (x'c2a038'), (x'38e38080'), (x'1c38'), (x'e2808a38e280a9');
        CREATE TABLE courses (id BINARY(16), title VARCHAR(9));
        INSERT INTO courses (id) SELECT UNHEX(MD5(seq)) FROM seq_1_to_100000;
    """)

    with open_source(mariadb.connection) as source:
        found = set(source.odd_ids("users", ["id"]).column("id"))
        assert not source.odd_ids("courses", ["id"]).values

    spaces = {"c2a038", "38e38080", "1c38", "e2808a38e280a9"}
    assert found == {b" 8", b"8\t"} | set(map(bytes.fromhex, spaces))
