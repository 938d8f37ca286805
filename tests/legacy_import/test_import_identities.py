"""Tables without one id column: what their rows are known by, so that a change there is a change here."""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest

from courses.models import Enrollment, EnrollmentGrant
from legacy_import.aliases import Kind, TableLayout
from legacy_import.columns import ColumnMapper
from legacy_import.comparing import verify
from legacy_import.identifiers import read_legacy_id
from legacy_import.mapping import ImportOptions
from legacy_import.models import ImportedRecord
from legacy_import.pipeline import Order, run_import
from legacy_import.record import Table
from legacy_import.rows import Chunk, Row, Value
from legacy_import.source import open_source
from legacy_import.survey import read_layout
from legacy_import.undoing import undo
from tests.legacy_import.conftest import MakeSqlite, MariaDatabase
from tests.legacy_import.imports import counted, dump, import_from, noted
from tests.legacy_import.test_import_dirty_rows import BCRYPT
from users.models import User

pytestmark = pytest.mark.django_db
NOTICE = "no_key_so_changes_cannot_be_followed"
WORLD = f"""
    CREATE TABLE users (id INTEGER PRIMARY KEY, email VARCHAR(99), password VARCHAR(99), name VARCHAR(99));
    INSERT INTO users VALUES (1, 'ann@example.com', '{BCRYPT}', 'Ann'), (2, 'bob@example.com', '{BCRYPT}', 'Bob');
    CREATE TABLE courses (id INTEGER PRIMARY KEY, title VARCHAR(99), price INT);
    INSERT INTO courses VALUES (3, 'Physics', 20), (4, 'Maths', 20);
"""
JOINED = "userId INT NOT NULL, courseId INT NOT NULL, status VARCHAR(9), createdAt VARCHAR(19), updatedAt VARCHAR(19)"
ROWS = """
    INSERT INTO enrollments VALUES (2, 3, 'active', '2020-01-01', '2020-01-01'),
        (1, 4, 'active', '2020-01-01', '2020-01-01'), (1, 3, 'active', '2020-01-01', '2020-01-01');
"""
KEYED = f"{WORLD} CREATE TABLE enrollments ({JOINED}, PRIMARY KEY (userId, courseId)); {ROWS}"
KEYLESS = f"{WORLD} CREATE TABLE enrollments ({JOINED}); {ROWS}"
VIEWED = f"{KEYED} ALTER TABLE enrollments RENAME TO kept; CREATE VIEW enrollments AS SELECT * FROM kept;"
REFUND = "UPDATE {} SET status = 'refunded', updatedAt = '2021-01-01' WHERE userId = 1 AND courseId = 3"
TOUCH = "UPDATE {} SET updatedAt = '2022-01-01'"
Execute = Callable[[str], None]


def ids(kind: str = "enrollments") -> list[str]:
    return sorted(ImportedRecord.objects.filter(kind=kind).values_list("legacy_id", flat=True))


def executing(old: Path) -> Execute:
    def execute(sql: str) -> None:
        with closing(sqlite3.connect(old)) as database:
            database.executescript(sql)
            database.commit()

    return execute


def check_that_changes_are_followed(old: Path | str, execute: Execute, *, table: str = "enrollments") -> None:
    """What the old site takes back ends here, and what it only touches is no second ground."""
    report = import_from(old, batch_size=2)
    assert (counted(report, "enrollments"), ids()) == ({"created": 3}, ["1,3", "1,4", "2,3"])
    assert NOTICE not in noted(report, "enrollments")

    execute(TOUCH.format(table))
    assert counted(import_from(old, batch_size=1), "enrollments") == {"unchanged": 3}
    execute(REFUND.format(table))
    assert verify(Order(str(old), ImportOptions())).differences == 1
    assert counted(import_from(old), "enrollments") == {"updated": 1, "unchanged": 2}

    assert sorted(Enrollment.objects.values_list("status", flat=True)) == ["active", "active", "refunded"]
    assert EnrollmentGrant.objects.standing().count() == 2
    assert EnrollmentGrant.objects.count() == 3
    assert verify(Order(str(old), ImportOptions())).differences == 0


@pytest.mark.parametrize(("sql", "table"), [(KEYED, "enrollments"), (KEYLESS, "enrollments"), (VIEWED, "kept")])
def test_what_the_old_site_takes_back_ends_here(make_sqlite: MakeSqlite, sql: str, table: str) -> None:
    old = make_sqlite(sql)

    check_that_changes_are_followed(old, executing(old), table=table)


@pytest.mark.external
@pytest.mark.parametrize(("sql", "table"), [(KEYED, "enrollments"), (KEYLESS, "enrollments"), (VIEWED, "kept")])
def test_so_it_does_from_mariadb(mariadb: MariaDatabase, sql: str, table: str) -> None:
    mariadb.execute(sql)

    check_that_changes_are_followed(mariadb.connection, mariadb.execute, table=table)


@pytest.mark.external
def test_a_history_adds_nothing_to_a_key(mariadb: MariaDatabase) -> None:
    mariadb.execute(KEYED.replace("courseId))", "courseId)) WITH SYSTEM VERSIONING"))

    check_that_changes_are_followed(mariadb.connection, mariadb.execute)


def test_an_undone_run_leaves_nothing_and_can_be_run_again(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(KEYED)
    report = import_from(old)

    undone = undo(report.run)

    assert (undone.left, ids(), Enrollment.objects.count()) == (0, [], 0)
    assert counted(import_from(old), "enrollments") == {"created": 3}


ACCOUNTS = f"""
    CREATE TABLE users (site VARCHAR(9), no INT, email VARCHAR(99), password VARCHAR(99), name VARCHAR(99),
        PRIMARY KEY (site, no));
    INSERT INTO users VALUES ('a', 1, 'ann@example.com', '{BCRYPT}', 'Ann'),
        ('a', 2, 'bob@@example', '{BCRYPT}', 'Bob'), ('b', 2, 'cal@example.com', '{BCRYPT}', 'Cal');
"""


def check_that_a_repaired_row_has_its_password(old: Path | str, folder: Path) -> None:
    report = import_from(old, batch_size=1)
    [line] = map(json.loads, Path(report.rejects_file).read_text().splitlines())
    repaired = folder / "repaired.jsonl"
    repaired.write_text(json.dumps({**line, "row": {**line["row"], "email": "bob@example.com"}}))

    again = run_import(Order(str(old), ImportOptions(), rejects=folder / "again.jsonl", retry=repaired))

    assert (line["key"], line["legacy_id"], "password" in line["row"]) == (None, "a,2", False)
    assert counted(again, "users") == {"created": 1}
    assert User.objects.get(email="bob@example.com").password.endswith(BCRYPT)
    assert ids("users") == ["a,1", "a,2", "b,2"]


def test_a_repaired_row_has_the_password_of_its_own_key(make_sqlite: MakeSqlite, tmp_path: Path) -> None:
    check_that_a_repaired_row_has_its_password(make_sqlite(ACCOUNTS), tmp_path)


@pytest.mark.external
def test_a_repaired_row_has_the_password_of_its_own_key_on_mariadb(mariadb: MariaDatabase, tmp_path: Path) -> None:
    mariadb.execute(ACCOUNTS)

    check_that_a_repaired_row_has_its_password(mariadb.connection, tmp_path)


def test_a_key_of_one_column_is_an_id_whatever_it_is_called(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite("CREATE TABLE contacts (ticket TEXT PRIMARY KEY, email TEXT, message TEXT);")
    executing(old)("INSERT INTO contacts VALUES ('T,1', 'a@example.com', 'Hello'), ('T,2', 'b@example.com', 'Bye')")
    import_from(old)

    executing(old)("UPDATE contacts SET message = 'Hello again' WHERE ticket = 'T,1'")

    assert counted(import_from(old), "contacts") == {"updated": 1, "unchanged": 1}
    assert ids("contacts") == ["T,1", "T,2"]


def test_rows_of_guests_are_known_by_their_address_and_the_title(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        WORLD + "CREATE TABLE enrollments (user_id, email TEXT, course_id INT, course TEXT, status TEXT);"
        "INSERT INTO enrollments VALUES (1, 'x@example.com', 3, 'Physics', 'active'),"
        "(NULL, 'bob@example.com', NULL, 'Maths', 'active'), ('', 'bob@example.com', 3, NULL, 'active')"
    )
    import_from(old, batch_size=1)
    executing(old)("UPDATE enrollments SET status = 'cancelled'")

    assert counted(import_from(old, batch_size=1), "enrollments") == {"updated": 3}
    assert ids()[0] == "1,3"
    assert [one[:4] for one in ids()[1:]] == ["key:", "key:"]  # no address outlives its person in an id


def check_that_the_first_row_of_a_person_and_course_counts(old: Path | str, execute: Execute) -> None:
    execute("INSERT INTO enrollments VALUES (1, 3, 'zombie', '2020-01-02', ''), (1, 4, 'active', '2020-01-01', '')")
    first = import_from(old, batch_size=1)
    before = dump()

    for batch_size in (1, 2, 500):
        again = import_from(old, batch_size=batch_size)
        assert counted(again, "enrollments") == {"unchanged": 4, "rejected": 1}
    assert counted(first, "enrollments") == {"created": 3, "unchanged": 1, "rejected": 1}
    assert [one for table in first.tables for one, _ in table.refusals] == ["1,3"]
    assert dump() == before


def test_without_a_key_the_first_row_of_a_person_and_course_counts(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(KEYLESS)

    check_that_the_first_row_of_a_person_and_course_counts(old, executing(old))


@pytest.mark.external
def test_without_a_key_the_first_row_counts_on_mariadb_too(mariadb: MariaDatabase) -> None:
    mariadb.execute(KEYLESS)

    check_that_the_first_row_of_a_person_and_course_counts(mariadb.connection, mariadb.execute)


@pytest.mark.external
def test_rows_of_guests_on_mariadb_too(mariadb: MariaDatabase) -> None:
    """The two columns with which they name a person need not be comparable."""
    mariadb.execute(
        WORLD + "CREATE TABLE enrollments (user_id VARCHAR(9) COLLATE utf8mb4_bin, email VARCHAR(99) COLLATE "
        "utf8mb4_swedish_ci, course_id INT, course VARCHAR(99), status VARCHAR(9));"
        "INSERT INTO enrollments VALUES (1, 'x@example.com', 3, 'Physics', 'active'),"
        "(NULL, 'bob@example.com', NULL, 'Maths', 'active')"
    )
    import_from(mariadb.connection, batch_size=1)
    mariadb.execute("UPDATE enrollments SET status = 'cancelled'")

    assert counted(import_from(mariadb.connection, batch_size=1), "enrollments") == {"updated": 2}


GUESTS = """
    CREATE TABLE enrollments (user_id {type}, email VARCHAR(99), course_id {type}, course VARCHAR(9), status TEXT);
    INSERT INTO enrollments VALUES ({blank}, 'bob@example.com', '3', '', 'active'),
        ({blank}, 'ann@example.com', '4', '', 'active'), (NULL, 'ann@example.com', '3', '', 'active'),
        (NULL, 'bob@example.com', '3', '', 'cancelled'), ('2', '', {blank}, 'Chess', 'active'),
        ('2', '', {blank}, 'Go', 'active'), ('2', '', NULL, 'Chess', 'refunded'), ('2', '', NULL, 'Go', 'refunded');
"""


def check_that_empty_and_missing_parts_are_one(old: Path | str, batch_size: int) -> None:
    """Half of the rows have nothing, the others NULL, where their person or course would have its id."""
    first = import_from(old, batch_size=batch_size)
    before = dump()

    again = [import_from(old, batch_size=size) for size in (batch_size, 1, 2, 500)]

    assert counted(first, "enrollments") == {"created": 5, "rejected": 3}
    assert [counted(one, "enrollments") for one in again] == [{"unchanged": 5, "rejected": 3}] * 4
    assert dump() == before


@pytest.mark.parametrize("batch_size", [1, 2, 500])
@pytest.mark.parametrize("blank", ["''", "' '", "char(9)", "x''", "x'09'"])
def test_an_empty_part_of_an_identity_is_none(make_sqlite: MakeSqlite, blank: str, batch_size: int) -> None:
    old = make_sqlite(WORLD + GUESTS.format(type="", blank=blank))

    check_that_empty_and_missing_parts_are_one(old, batch_size)


@pytest.mark.external
@pytest.mark.parametrize("batch_size", [1, 2])
@pytest.mark.parametrize("blank", ["''", "' '", "'\\t'"])
@pytest.mark.parametrize("type_", ["VARCHAR(9)", "VARBINARY(9)", "ENUM('', '\\t', '2', '3', '4')"])
def test_so_it_is_on_mariadb(mariadb: MariaDatabase, type_: str, blank: str, batch_size: int) -> None:
    mariadb.execute(WORLD + GUESTS.format(type=type_, blank=blank))

    check_that_empty_and_missing_parts_are_one(mariadb.connection, batch_size)


def test_where_nothing_tells_rows_apart_the_report_says_what_that_means(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite("CREATE TABLE contacts (email TEXT, message TEXT);")
    executing(old)("INSERT INTO contacts VALUES ('a@example.com', 'Hello'), ('b@example.com', 'Bye')")

    report = import_from(old)

    assert noted(report, "contacts")[NOTICE] == 2
    assert NOTICE in report.as_text()
    assert all(one.startswith("content:") for one in ids("contacts"))


def test_one_key_in_two_spellings_is_that_of_the_first_row(make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(KEYED.replace("userId INT NOT NULL, courseId INT", "userId, courseId"))
    executing(old)("INSERT INTO enrollments VALUES ('1', 3, 'cancelled', '', ''), (2, 4, 'active', '', '')")
    expected = {"created": 4, "rejected": 1}

    for batch_size in (1, 2, 500):
        report = import_from(old, batch_size=batch_size)
        assert counted(report, "enrollments") == expected
        expected = {"unchanged": 4, "rejected": 1}
    before = dump()
    import_from(old)
    assert dump() == before
    assert Enrollment.objects.filter(status="cancelled").count() == 0


@pytest.mark.parametrize(
    ("parts", "known"),
    [
        ((1, 3), "1,3"),
        ((-1, " 3 "), "-1,3"),
        (("a,b", "c"), r"a\,b,c"),
        (("a", "b,c"), r"a,b\,c"),
        (("a\\", "b"), r"a\\,b"),
        (("a\\,b", "c"), r"a\\\,b,c"),
        ((b"\xf0" * 16, 2.0), "f0" * 16 + ",2"),
        (("x" * 127, 1), "key:"),
        (("a@example.com", 1), "key:"),
        ((None, 1), "content:"),
        ((" ", 1), "content:"),
    ],
)
def test_ids_of_several_parts_are_texts_of_which_no_two_are_alike(parts: tuple[Value, ...], known: str) -> None:
    layout = TableLayout("t", None, {}, ["a", "b"], identity=(("a",), ("b",)))
    row = Row(zip("ab", parts, strict=True))

    found = read_legacy_id(Table(layout, ImportOptions()))(row)
    bulk, refused = ColumnMapper(Kind.CONTACTS, layout, ImportOptions()).legacy_ids(Chunk(("a", "b"), [parts]))

    assert found == known or (known.endswith(":") and found.startswith(known) and len(found) <= 128)
    assert (bulk, refused) == ([found], set())


def test_rows_stream_in_the_order_of_their_key(make_sqlite: MakeSqlite) -> None:
    with open_source(str(make_sqlite(KEYED))) as source:
        table = read_layout(source).tables[Kind.ENROLLMENTS]
        [chunk] = source.chunks(table.table, key=table.key, identity=table.identity)

    assert table.identity == (("userId",), ("courseId",))
    assert [(row["userId"], row["courseId"]) for row in chunk.rows()] == [(1, 3), (1, 4), (2, 3)]
