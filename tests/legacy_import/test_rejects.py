"""Rejected rows go into a file without passwords and come back out of it after repair."""

import json
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_import.aliases import understand
from legacy_import.rejects import RejectsFile, RejectsFileError, _repaired, read_rejects
from legacy_import.retrying import read_repaired
from legacy_import.rows import Row, Value
from legacy_import.source import open_source
from legacy_import.synonyms import Kind
from tests.legacy_import.conftest import MakeSqlite, MariaDatabase

ROW: dict[str, Value] = {
    "id": 7, "e-mail": "nobody", "pw": "hunter2", "resetToken": "tok", "raw": b"\xff\0", "price": Decimal("19.90"),
    "made": datetime(2023, 11, 14, 22, 13, 20, tzinfo=UTC), "born": date(1990, 1, 2), "took": timedelta(hours=1),
    "odd": "\ud800", "huge": 2**70, "nothing": None, "yes": True,
}  # fmt: skip


def write(path: Path, row: dict[str, Value], *, key: str | None = "id") -> None:
    """Write one rejected user."""
    with RejectsFile(path) as file:
        file.write(kind=Kind.USERS, table="Users", key=key, legacy_id="7", reason="no address", row=row, secrets={"pw"})


def test_a_row_comes_back_as_it_was_but_for_its_secrets(tmp_path: Path) -> None:
    write(tmp_path / "r.jsonl", ROW)

    (found,) = read_rejects(tmp_path / "r.jsonl")

    assert (found.line, found.kind, found.table, found.key, found.reason) == (
        1,
        Kind.USERS,
        "Users",
        "id",
        "no address",
    )
    assert found.row == {
        "id": 7, "e-mail": "nobody", "raw": b"\xff\0", "price": "19.90", "made": "2023-11-14T22:13:20+00:00",
        "born": "1990-01-02", "took": 3600.0, "odd": "\ud800", "huge": 2**70, "nothing": None, "yes": True,
    }  # fmt: skip
    assert "hunter2" not in (tmp_path / "r.jsonl").read_text()


def test_codes_and_cookies_that_let_somebody_in_are_left_out(tmp_path: Path) -> None:
    row: dict[str, Value] = {"id": 7, "reset_code": "R-123", "backup_codes": "AAAA-BBBB", "remember": "cookie-xyz"}
    write(tmp_path / "r.jsonl", row | {"pin_code": "560001", "course_code": "M1"})

    assert next(read_rejects(tmp_path / "r.jsonl")).row == {"id": 7, "pin_code": "560001", "course_code": "M1"}


def test_the_key_is_kept_whatever_it_is_called(tmp_path: Path) -> None:
    write(tmp_path / "r.jsonl", {"token_id": "x7"}, key="token_id")

    assert next(read_rejects(tmp_path / "r.jsonl")).row == {"token_id": "x7"}


@pytest.mark.parametrize(
    "line",
    ["no json", "[]", "{}", '{"kind": "people", "row": {}}', '{"kind": "users", "row": 7}', "[" * 100_000,
     '{"kind": "users", "key": 7, "row": {}}', '{"kind": "users", "row": ' + "9" * 5000 + "}"],
)  # fmt: skip
def test_a_line_that_is_none_of_ours_is_refused_by_its_number(tmp_path: Path, line: str) -> None:
    (tmp_path / "r.jsonl").write_text('\n{"kind": "users", "row": {"id": 1}}\n' + line + "\n")
    rows = read_rejects(tmp_path / "r.jsonl")

    assert next(rows).line == 2
    with pytest.raises(RejectsFileError, match=r"^r\.jsonl, line 3: ") as refused:
        next(rows)
    assert len(str(refused.value)) < 200


def test_a_file_that_is_not_there_or_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "r.jsonl").write_bytes(b"\xff\xfe")

    for name, reason in {"r.jsonl": "not UTF-8", "none.jsonl": "No such file"}.items():
        with pytest.raises(RejectsFileError, match=reason):
            list(read_rejects(tmp_path / name))


JSON = st.recursive(st.none() | st.booleans() | st.integers() | st.floats() | st.text(), st.lists)


@given(st.dictionaries(st.text(), JSON))
def test_whatever_was_written_into_a_row_is_a_value(said: dict[str, object]) -> None:
    found = _repaired("r.jsonl", 1, json.dumps({"kind": "users", "row": said}))

    assert all(type(value) in (type(None), bool, int, float, str, bytes) for value in found.row.values())


def check_find(address: str) -> None:
    """The row of a key is found again with its password, and nothing else is."""
    with open_source(address) as source:
        assert source.find("users", "id", 2) == Row(id=2, password="hunter2")
        for absent in (3, "x", "2x", None, 2**80, b"\xff"):
            assert source.find("users", "id", absent) is None
        assert len(source.first_rows("users", limit=1)) == 1


def test_a_row_is_found_again_by_its_key(make_sqlite: MakeSqlite) -> None:
    check_find(str(make_sqlite("CREATE TABLE users (id INTEGER, password); INSERT INTO users VALUES (2, 'hunter2')")))


@pytest.mark.external
def test_a_row_is_found_again_by_its_key_on_mariadb(mariadb: MariaDatabase) -> None:
    mariadb.execute("CREATE TABLE users (id INT, password VARCHAR(99)); INSERT INTO users VALUES (2, 'hunter2')")

    check_find(mariadb.connection)


@pytest.mark.parametrize(
    ("value", "is_shown"),
    [
        ('{"password": "PLAIN", "name": "B"}', False),
        (' [{"userPwd":"PLAIN"}]', False),
        (b'{"apiKey": "PLAIN"}', False),
        ('{"x": {"resetCode": "PLAIN"}}', False),
        ('"{\\"backup_codes\\": [1]}"', False),
        ('["{\\"backup_codes\\": [1]}"]', False),
        ('{"name": "B", "course_code": "M1"}', True),
        ('{"name": "B"}', True),
        ("a password: none", True),
    ],
)
def test_json_that_holds_a_password_is_left_out_whatever_its_column_is_called(
    tmp_path: Path, value: Value, is_shown: bool
) -> None:
    path = tmp_path / "rejects.jsonl"
    with RejectsFile(path) as file:
        file.write(
            kind="users", table="users", key="id", legacy_id="1", reason="x", row={"id": 1, "data": value}, secrets=()
        )

    assert ("data" in json.loads(path.read_text())["row"]) is is_shown


@pytest.mark.parametrize(
    ("changed", "problem"),
    [
        ({"table": "nope"}, "users come from the table users with the key id"),
        ({"key": "name"}, "users come from the table users with the key id"),
        ({"row": {"id": float("inf")}}, "its id is no number"),
        ({"row": {"id": 1, "name": "\ud800"}}, "it holds half of a character"),
        ({"kind": "payments"}, "no table of payments is imported"),
    ],
)
def test_a_line_that_nobody_wrote_for_this_database_is_named(
    tmp_path: Path, changed: dict[str, object], problem: str
) -> None:
    layout = understand({"users": ["id", "name", "email", "password"]})
    line = {"kind": "users", "table": "users", "key": "id", "legacy_id": "1", "reason": "x", "row": {"id": 1}}
    path = tmp_path / "rejects.jsonl"
    path.write_text(json.dumps(line) + "\n" + json.dumps({**line, **changed}))

    with pytest.raises(RejectsFileError, match=f"^rejects.jsonl, line 2: {problem}.$"):
        read_repaired(path, layout)
