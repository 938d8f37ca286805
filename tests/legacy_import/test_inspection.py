"""Before an import one can see what it would understand, and correct it."""

from io import StringIO
from pathlib import Path

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError

from legacy_import.inspection import Inspection, inspect
from legacy_import.mapping_file import MappingFileError, read_mapping
from legacy_import.passwords import PasswordRules
from legacy_import.source import open_source
from legacy_import.survey import read_layout
from legacy_import.synonyms import Kind
from tests.legacy_import.conftest import MakeSqlite
from users.models import User

OLD = """
CREATE TABLE tbl_members (member_no INTEGER PRIMARY KEY, mailbox TEXT, email TEXT, secret_hash TEXT, profile TEXT,
    role TEXT, reset_token TEXT, shoe_size INTEGER);
INSERT INTO tbl_members VALUES (1, 'ada@example.com', 'not-an-address', 'hunter2',
    '{"firstName": "Ada", "lastName": "Lovelace", "theme": "dark"}', 'super user', 'tok_12345', 37);
CREATE TABLE courses (id INTEGER PRIMARY KEY, title TEXT, price REAL);
INSERT INTO courses VALUES (1, 'Backend', 49.9);
CREATE TABLE coupons (id INTEGER, code TEXT);
INSERT INTO coupons VALUES (1, 'SPRING');
"""
MAPPING = """
[users]
key = "member_no"

[users.columns]
email = "mailbox"
password = "secret_hash"

[users.values.user_type]
"super user" = "admin"
"""


@pytest.fixture
def old(make_sqlite: MakeSqlite) -> Path:
    """An old database with names that only people understand."""
    return make_sqlite(OLD)


@pytest.fixture
def mapping(tmp_path: Path) -> Path:
    """What a person knows about it."""
    path = tmp_path / "known.toml"
    path.write_text(MAPPING)
    return path


def look_at(path: Path, mapping: Path | None = None) -> Inspection:
    """Inspect a database."""
    with open_source(str(path)) as source:
        return inspect(source, read_mapping(mapping) if mapping else None)


def test_every_column_and_table_is_listed_understood_or_not(old: Path) -> None:
    text = look_at(old).as_text()

    for name in ("member_no", "mailbox", "email", "secret_hash", "role", "reset_token", "shoe_size", "title", "price"):
        assert name in text
    assert "left over (INTEGER)" in text
    assert "Table that is not understood: coupons (1 rows): id, code" in text
    assert "Not found in this database: contacts, enrollments, registrations, payments" in text


def test_neither_secrets_nor_people_are_shown(old: Path, mapping: Path) -> None:
    for found in (look_at(old), look_at(old, mapping)):
        shown = found.as_text() + found.as_toml()
        for secret in ("hunter2", "tok_12345", "ada@example.com", "Lovelace", "Ada"):
            assert secret not in shown


def test_a_password_column_shows_what_kinds_it_holds(old: Path, mapping: Path) -> None:
    users = next(one for one in look_at(old, mapping).tables if one.kind is Kind.USERS)

    assert next(one.sample for one in users.columns if one.field == "password") == "plain 1"


def test_values_that_are_not_understood_lower_the_confidence(make_sqlite: MakeSqlite) -> None:
    found = look_at(make_sqlite(
        "CREATE TABLE users (id, email, created_at);"
        "INSERT INTO users VALUES (1, 'a@example.com', '2023-11-14'), (2, 'b@example.com', 'yesterday')"
    ))  # fmt: skip

    confidence = {one.field: one.confidence for one in found.tables[0].columns}
    assert confidence == {"id": 100, "email": 100, "created_at": 50}


def test_rows_that_would_be_rejected_are_told_with_the_reason(old: Path) -> None:
    assert "Would be rejected: the e-mail address is none" in look_at(old).as_text()


def test_keys_of_a_json_column_are_understood(old: Path) -> None:
    with open_source(str(old)) as source:
        users = read_layout(source).tables[Kind.USERS]

    assert (users.columns["first_name"], users.columns["last_name"]) == ("profile.firstName", "profile.lastName")
    assert "profile" not in users.unused


@pytest.mark.parametrize("is_mapped", [False, True])
def test_what_is_written_means_what_was_understood(old: Path, mapping: Path, tmp_path: Path, is_mapped: bool) -> None:
    found = look_at(old, mapping if is_mapped else None)
    written = tmp_path / "written.toml"
    written.write_text(found.as_toml())

    assert look_at(old, written).layout == found.layout


def test_odd_names_survive_the_mapping_file(make_sqlite: MakeSqlite, tmp_path: Path) -> None:
    found = look_at(make_sqlite('CREATE TABLE "tbl_users" ("user""s #id" INTEGER, "e.mail" TEXT, "Ünïcode\n" TEXT)'))
    written = tmp_path / "written.toml"
    written.write_text(found.as_toml())

    assert look_at(tmp_path / "old.sqlite3", written).layout == found.layout


SWITCHES = """
CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT, status TEXT, is_active INT, deleted_at TEXT, banned_at TEXT,
    meta TEXT);
INSERT INTO users VALUES (1, 'a@example.com', 'banned', 1, NULL, NULL, '{"frozen": false}'),
    (2, 'b@example.com', '', 1, NULL, NULL, '{"frozen": true}'), (3, 'c@example.com', 'ok', 1, NULL, NULL, '{}');
"""


def test_every_column_that_may_switch_a_row_off_is_shown_and_written_down(
    make_sqlite: MakeSqlite, tmp_path: Path
) -> None:
    found = look_at(make_sqlite(SWITCHES))
    written = tmp_path / "written.toml"
    written.write_text(found.as_toml())

    assert [(one.column, one.field) for one in found.tables[0].columns if one.field in ("active", "blocked")] == [
        ("is_active", "active"),
        ("status", "active"),
        ("banned_at", "blocked"),
    ]
    assert read_mapping(written)["users"]["columns"]["active"] == ["is_active", "status"]
    assert look_at(tmp_path / "old.sqlite3", written).layout == found.layout


def test_the_mapping_file_says_which_columns_may_switch_a_row_off(make_sqlite: MakeSqlite, mapping: Path) -> None:
    mapping.write_text('[users.columns]\nactive = ["status"]\nblocked = ["banned_at", "meta.frozen"]\n')

    with open_source(str(make_sqlite(SWITCHES))) as source:
        users = read_layout(source, read_mapping(mapping)).tables[Kind.USERS]

    assert users.switches == {"active": ["status"], "blocked": ["banned_at", "meta.frozen"], "deleted": ["deleted_at"]}
    assert users.unused == ["is_active"]


@pytest.mark.django_db
def test_the_report_names_the_columns_that_may_switch_a_row_off(make_sqlite: MakeSqlite) -> None:
    out = StringIO()

    call_command("import_from_nodejs", str(make_sqlite(SWITCHES)), stdout=out)

    assert dict(User.objects.values_list("email", "is_active")) == {
        "a@example.com": False,
        "b@example.com": True,
        "c@example.com": True,
    }
    assert (
        "Columns of users that may switch a row off: active by is_active, status; blocked by banned_at; "
        "deleted by deleted_at"
    ) in out.getvalue()
    assert "empty_state" in out.getvalue()


@pytest.mark.django_db
def test_inspect_prints_writes_a_file_and_imports_nothing(old: Path, tmp_path: Path) -> None:
    out, file = StringIO(), tmp_path / "mapping.toml"

    call_command("import_from_nodejs", str(old), "--inspect", str(file), stdout=out)

    assert "our field" in out.getvalue()
    assert file.read_text().startswith("# Written by import_from_nodejs --inspect.")
    assert not User.objects.exists()
    with pytest.raises(CommandError, match="cannot be written: File exists"):
        call_command("import_from_nodejs", str(old), "--inspect", str(file), stdout=out)


@pytest.mark.django_db
def test_a_mapping_file_decides_what_is_imported(old: Path, mapping: Path, tmp_path: Path) -> None:
    call_command(
        "import_from_nodejs", str(old), "--mapping", str(mapping), "--rejects", str(tmp_path / "r"), stdout=StringIO()
    )

    account = User.objects.get()
    assert (account.email, account.first_name, account.user_type) == ("ada@example.com", "Ada", "admin")
    assert account.check_password("hunter2")
    assert not account.is_staff


WRONG = [
    ("[users\n", "known.toml: "),
    ("[people]\n", "known.toml, line 1: people is none of users"),
    ('\n[users]\ntabel = "x"\n', "known.toml, line 3: users.tabel is none of table"),
    ("[users]\ntable = 7\n", "known.toml, line 2: users.table is not a text"),
    ("users = 7\n", "known.toml, line 1: users is not a table"),
    ('[users]\ntable = "nobody"\n', "known.toml, line 2: users.table is wrong: the mapping names the table 'nobody'"),
    ('[users]\nkey = "nokey"\n', "known.toml, line 2: users.key is wrong"),
    ('[users.columns]\n# a comment\nemail = "nowhere"\n', "known.toml, line 3: users.columns.email is wrong"),
    ('[users.columns]\nemail = ["a", "b"]\n', "known.toml, line 2: users.columns.email is one column; only of active"),
    ('[users.columns]\nactive = []\n', "known.toml, line 2: users.columns.active is not a list of columns"),
    ('[users.columns]\nactive = ["role", 7]\n', "known.toml, line 2: users.columns.active is not a list of columns"),
    ('[users.columns]\nactive = ["role", "x"]\n', "known.toml, line 2: users.columns.active is wrong"),
    ('[users.columns]\nshoe_size = "shoe_size"\n', "known.toml, line 2: users.columns.shoe_size is wrong"),
    ('[users]\ncolumns = {email = "nowhere"}\n', "known.toml, line 1: users.columns.email is wrong"),
    ('[users]\ntimezone = "Mars"\n', "known.toml, line 2: users.timezone 'Mars' is not a time zone"),
    ('[courses]\ncurrency = "rupees"\n', "known.toml, line 2: courses.currency is not a currency"),
    ('[courses]\nprice_unit = "cents"\n', "known.toml, line 2: courses.price_unit is none of major, minor"),
    ('[users.passwords]\nscheme = "rot13"\n', "known.toml, line 2: users.passwords.scheme is none of auto"),
    ('[users.passwords]\niterations = "many"\n', "known.toml, line 2: users.passwords.iterations is not a whole"),
    ('[users.passwords]\npepper = "x"\n', "known.toml, line 2: users.passwords.pepper is none of scheme"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "complaint"), WRONG)
def test_a_wrong_mapping_file_is_refused_in_one_line_that_names_line_and_key(
    old: Path, mapping: Path, text: str, complaint: str
) -> None:
    mapping.write_text(text)

    with pytest.raises(MappingFileError) as refused:
        look_at(old, mapping)

    assert str(refused.value).startswith(complaint)
    assert "\n" not in str(refused.value)
    assert len(str(refused.value)) <= 200


def test_a_missing_or_huge_mapping_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(MappingFileError, match="No such file"):
        read_mapping(tmp_path / "none.toml")
    (tmp_path / "huge.toml").write_bytes(b"#" * 1_000_001)
    with pytest.raises(MappingFileError, match="too large"):
        read_mapping(tmp_path / "huge.toml")


def test_what_is_said_about_passwords_and_prices_reaches_the_mapper(old: Path, mapping: Path) -> None:
    mapping.write_text(
        '[users.passwords]\nscheme = "pbkdf2"\niterations = 1000\n\n'
        '[courses]\nprice_unit = "minor"\ncurrency = "INR"\ntimezone = "Asia/Kolkata"\n'
    )
    with open_source(str(old)) as source:
        tables = read_layout(source, read_mapping(mapping)).tables

    assert tables[Kind.USERS].passwords == PasswordRules(scheme="pbkdf2", iterations=1000)
    courses = tables[Kind.COURSES]
    assert (courses.price_unit, courses.currency, courses.timezone) == ("minor", "inr", "Asia/Kolkata")


@pytest.mark.parametrize(
    ("kind", "field", "said"),
    [
        ("users", "user_type", "is none of admin, founder, instructor, student"),
        ("enrollments", "status", "is none of pending, active, completed, cancelled, refunded"),
        ("contacts", "status", "is none of new, read, responded, closed"),
        ("courses", "level", "is none of beginner, intermediate, advanced"),
        ("users", "active", "is neither yes nor no"),
    ],
)
def test_a_word_that_is_none_of_ours_is_refused(tmp_path: Path, kind: str, field: str, said: str) -> None:
    file = tmp_path / "mapping.toml"
    file.write_text(f'[{kind}.values.{field}]\n"theirs" = "king"\n')

    with pytest.raises(MappingFileError, match=f"^mapping.toml, line 2: {kind}.values.{field}.theirs {said}\\.$"):
        read_mapping(file)
