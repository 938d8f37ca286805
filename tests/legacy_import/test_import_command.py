"""`manage.py import_from_nodejs` as its operator meets it: words, exit codes, files."""

import json
import os
import sqlite3
import subprocess
import sys
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import pytest
from django.conf import settings
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection, transaction
from pytest_django import Settings

from legacy_import.exclusive import only_import, patient_database
from legacy_import.models import ImportRun
from tests.conftest import RunTogether
from tests.legacy_import.conftest import MakeSqlite
from tests.legacy_import.imports import everything_stored
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db
COMMAND = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_from_nodejs"]
Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Run the command in an empty folder; return exit code, output and error."""
    folder = tmp_path / "here"
    folder.mkdir()
    monkeypatch.chdir(folder)

    def call(*arguments: object) -> tuple[int, str, str]:
        code = 0
        try:
            call_command("import_from_nodejs", *map(str, arguments))
        except CommandError as refusal:
            code, error = refusal.returncode, str(refusal)
        output = capsys.readouterr()
        return code, output.out, output.err or (error if code else "")

    return call


def test_the_report_is_a_table_that_a_person_can_read(run: Run, sample: Path) -> None:
    code, output, _ = run(sample, "--currency", "inr")

    assert code == 0
    rows = [[cell.strip() for cell in line.split("│")] for line in output.splitlines() if "│" in line]
    assert ["", "users", "40", "40", "0", "0", "0", "0"] in [row[:8] for row in rows]
    assert "Read with: timezone UTC, currency inr, price_unit major" in output
    assert "Courses made of titles that nobody knew, unpublished: 5" in output
    assert list(Path().iterdir()) == []


def test_some_rejected_rows_are_exit_code_1_and_a_file(run: Run, make_sqlite: MakeSqlite) -> None:
    old = make_sqlite("CREATE TABLE enrollments (id, userId, courseTitle); INSERT INTO enrollments VALUES (1, 7, 'A')")

    code, output, error = run(old)

    assert (code, error) == (1, "1 rows were rejected.")
    (file,) = Path().iterdir()
    assert file.name == f"import-rejects-{ImportRun.objects.get().pk}.jsonl"
    assert f"Rejected rows are in {file.name}" in output
    assert "Rejected: enrollments 1: its user 7 was not imported" in output


def test_a_dry_run_tells_the_same_and_stores_nothing(run: Run, sample: Path) -> None:
    User.objects.create(email="here@example.com")
    before = everything_stored()

    code, output, _ = run(sample, "--dry-run")

    assert code == 0
    assert "dry run: nothing is stored" in output
    assert "Courses made of titles" in output
    assert everything_stored() == before
    assert not ImportRun.objects.exists()
    assert not OutgoingMail.objects.exists()


def test_the_report_can_be_had_as_json(run: Run, sample: Path) -> None:
    run(sample, "--report", "report.json")

    report = json.loads(Path("report.json").read_text())
    assert report["balances"] is True
    assert [table["created"] for table in report["tables"]] == [40, 60, 49, 35]
    assert report == ImportRun.objects.get().report


def test_tables_that_are_missing_or_strange_are_named_and_no_obstacle(run: Run, make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE users (id, email, shoe_size); INSERT INTO users VALUES (1, 'a@example.com', 46);"
        "CREATE TABLE sessions (id)"
    )

    code, output, _ = run(old)

    assert code == 0
    assert (
        "Tables that the old database does not have: courses, contacts, enrollments, registrations, payments" in output
    )
    assert "Tables that were not understood and left alone: sessions" in output
    assert "Columns of users that were left alone: shoe_size" in output


def test_without_an_argument_the_setting_says_where_the_old_database_is(
    run: Run, sample: Path, settings: Settings
) -> None:
    settings.NODE_DB_URL = f"sqlite://{sample}"

    assert run()[0] == 0
    assert User.objects.count() == 40


def test_a_column_can_be_left_escaped(run: Run, make_sqlite: MakeSqlite) -> None:
    old = make_sqlite(
        "CREATE TABLE contacts (id, name, email, message);"
        "INSERT INTO contacts VALUES (1, 'O&#x27;Brien', 'a@example.com', 'write &amp;amp; in HTML')"
    )

    run(old, "--no-unescape", "Contacts.message")

    contact = everything_stored()["contacts.Contact"][0]
    assert (contact["name"], contact["message"]) == ("O'Brien", "write &amp;amp; in HTML")


WRONG_CONNECTIONS = [
    "",
    "nowhere.sqlite3",
    "sqlite:///nowhere/at/all.sqlite3",
    ".",
    "text.txt",
    "empty.sqlite3",
    "nothing-known.sqlite3",
    "postgres://me:Secret-1@localhost/old",
    "mysql://me:Secret-1@127.0.0.1:1/old",
    "mysql://me:Secret-1@host.invalid/old",
    "mysql://me:Secr@et-1@localhost/old",
    "mysql://me:Secret-1@localhost",
]


@pytest.mark.parametrize("connection", WRONG_CONNECTIONS)
def test_a_wrong_connection_is_exit_code_2_and_one_line_that_holds_no_password(run: Run, connection: str) -> None:
    Path("text.txt").write_text("this is no database")
    Path("empty.sqlite3").touch()
    with closing(sqlite3.connect("nothing-known.sqlite3")) as database:
        database.execute("CREATE TABLE sessions (id)")
    before = sorted(Path().rglob("*"))

    code, output, error = run(connection)

    assert (code, output) == (2, "")
    assert 10 < len(error) <= 200
    assert "\n" not in error
    assert "Secr" not in error
    assert sorted(Path().rglob("*")) == before
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize(
    ("option", "value", "expected"),
    [
        ("--timezone", "Mars/Olympus", "is not a time zone"),
        ("--currency", "rupees", "is not a currency"),
        ("--batch-size", "0", "--batch-size is between 1 and 50000"),
        ("--no-unescape", "contacts.mesage", "which is no column"),
        ("--rejects", "no/such/folder/file", "Rejected rows cannot be written"),
        ("--rejects", ".", "exists already"),
        ("--report", "no/such/folder/file", "There is no folder for"),
    ],
)
def test_an_option_that_makes_no_sense_stops_the_start(
    run: Run, sample: Path, option: str, value: str, expected: str
) -> None:
    code, output, error = run(sample, option, value)

    assert (code, output) == (2, "")
    assert expected in error
    assert not ImportRun.objects.exists()


def test_the_process_says_one_line_on_stderr_and_no_traceback(tmp_path: Path) -> None:
    command = [*COMMAND, "nowhere.sqlite3"]

    ended = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)

    assert ended.returncode == 2
    assert ended.stderr.splitlines() == ["CommandError: There is no file nowhere.sqlite3."]
    assert list(tmp_path.iterdir()) == []


@pytest.mark.django_db(transaction=True)
def test_two_imports_at_once_refuse_each_other(sample: Path, run_together: RunTogether) -> None:
    def second(_: int) -> None:
        call_command("import_from_nodejs", str(sample))

    with only_import():
        (refusal,) = run_together(1, second)

    assert isinstance(refusal, CommandError)
    assert (refusal.returncode, str(refusal)) == (2, "Another import is running: wait until it has ended.")
    assert not ImportRun.objects.exists()
    assert run_together(1, second) == [None]


@pytest.mark.external  # SQLite has no time limits
def test_the_webs_time_limits_do_not_reach_an_import() -> None:
    with connection.cursor() as cursor:
        cursor.execute("SET statement_timeout = '20ms'")
        with patient_database():
            cursor.execute("SELECT pg_sleep(0.05)")
        with pytest.raises(OperationalError), transaction.atomic():
            cursor.execute("SET statement_timeout = '20ms'; SELECT pg_sleep(0.05)")


def test_an_unmigrated_database_of_ours_is_one_clear_line(sample: Path, tmp_path: Path) -> None:
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("DB_", "REDIS_"))}
    command = [*COMMAND, str(sample)]

    ended = subprocess.run(
        command,
        cwd=tmp_path,
        env=environment | {"DB_NAME": str(tmp_path / "new.sqlite3")},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )

    assert ended.returncode == 2
    assert ended.stderr.startswith("CommandError: Our own database cannot be used")
    assert len(ended.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--verify", "--retry", "x"], "Say one of --verify and --retry."),
        (["--undo", "x", "--verify", "--inspect"], "Say one of --undo and --verify and --inspect."),
        (["--undo", "x", "--dry-run"], "--undo knows no --dry-run: it does all of it, for good."),
        (["--undo", "x", "--tables", "users"], "--undo knows no --tables: it does all of it, for good."),
        (["--retry", "x", "--limit", "1"], "--retry knows no --limit: it does all of it, for good."),
    ],
)
def test_options_that_mean_nothing_together_are_refused(run: Run, sample: Path, options: list[str], said: str) -> None:
    run(sample)
    before = everything_stored()

    code, _, error = run(sample, *options)

    assert (code, error) == (2, said)
    assert everything_stored() == before


@pytest.mark.parametrize(
    "option", ["--undo", "--tables", "--retry", "--mapping", "--report", "--rejects", "--since", "--inspect"]
)
@pytest.mark.parametrize("nothing", ["", " "])
def test_an_option_whose_value_is_empty_starts_nothing(run: Run, sample: Path, option: str, nothing: str) -> None:
    code, output, error = run(sample, option, nothing)

    assert (code, output) == (2, "")
    assert error == f"{option} was given nothing: say what, or leave it out."
    assert not ImportRun.objects.exists()
    assert list(Path().iterdir()) == []


def test_tables_of_commas_alone_are_none_and_not_all(run: Run, sample: Path) -> None:
    assert run(sample, "--tables", " , ")[0] == 2
    assert not ImportRun.objects.exists()


def test_an_empty_address_is_not_that_of_the_setting(run: Run, sample: Path, settings: Settings) -> None:
    settings.NODE_DB_URL = f"sqlite://{sample}"

    assert run("")[0] == 2
    assert not ImportRun.objects.exists()


@pytest.mark.parametrize("mode", [[], ["--verify"]])
def test_a_report_that_cannot_be_written_is_refused_before_anything_is(
    run: Run, sample: Path, tmp_path: Path, mode: list[str]
) -> None:
    code, _, error = run(sample, *mode, "--report", tmp_path)

    assert (code, error) == (2, f"{tmp_path} is a folder: name a file with --report.")
    assert not ImportRun.objects.exists()


def test_an_import_stands_whose_report_could_not_be_written(run: Run, sample: Path) -> None:
    Path("report.json").symlink_to("/dev/full")

    code, output, error = run(sample, "--report", "report.json")

    assert (code, error.strip()) == (1, "report.json cannot be written: No space left on device.")
    assert str(ImportRun.objects.get(outcome="finished").pk) in output


def test_the_report_names_the_run_that_undo_asks_for(run: Run, sample: Path) -> None:
    _, output, _ = run(sample)
    number = str(ImportRun.objects.get().pk)

    assert f"This was run {number}; --undo {number} takes back what it created" in output
    assert run("--undo", number)[0] == 0
    assert "--undo" not in run(sample, "--dry-run")[1]


@pytest.mark.parametrize("mode", [["--verify"], ["--undo", "0196f1c0-0000-7000-8000-000000000000"]])
def test_without_our_database_nothing_starts(
    run: Run, sample: Path, monkeypatch: pytest.MonkeyPatch, mode: list[str]
) -> None:
    def away(*_: object) -> None:
        raise OperationalError("no such table: legacy_import_importrun")

    monkeypatch.setattr(ImportRun.objects, "exists", away)

    code, _, error = run(sample, *mode)

    assert (code, error) == (2, "Our own database cannot be used: no such table: legacy_import_importrun")
