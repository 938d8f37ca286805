"""An import that dies in the middle, and the one after it."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from audit.models import AuditLog
from contacts.models import Contact
from legacy_import.models import ImportedRecord, ImportRun
from tests.legacy_import.conftest import MakeSqlite
from tests.legacy_import.imports import dump, forget_everything, import_from

pytestmark = pytest.mark.django_db(transaction=True)
ROWS = 600


@pytest.fixture
def old(make_sqlite: MakeSqlite) -> Path:
    """An old database that takes seconds in batches of ten: every third person has a second row, and all take part."""
    return make_sqlite(f"""
        CREATE TABLE users (id, email, password, name, userType, createdAt);
        CREATE TABLE contacts (id INTEGER PRIMARY KEY, name, email, message, createdAt);
        CREATE TABLE enrollments (id, userId, courseTitle, status, createdAt);
        WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < {ROWS})
        INSERT INTO users SELECT i, 'Person' || (i / 3 * 2 + i % 3) || '@example.com', '', 'N ' || i, 'student',
            1600000000 + i FROM n;
        INSERT INTO contacts SELECT id, name, lower(email), 'Hello', createdAt FROM users;
        INSERT INTO enrollments SELECT id, id, 'Course ' || id % 7, 'active', createdAt FROM users;
    """)


def start(old: Path) -> "subprocess.Popen[bytes]":
    """Start an import of its own process into the tests' database."""
    command = [sys.executable, str(settings.BASE_DIR / "manage.py"), "import_from_nodejs", str(old), "--batch-size=10"]
    environment = os.environ | {"DB_NAME": str(connection.settings_dict["NAME"])}
    return subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)


def wait_for(model: type[Contact] | type[ImportedRecord]) -> None:
    """Wait until the first batch of a kind is committed."""
    deadline = time.monotonic() + 60
    while not model._default_manager.exists():
        assert time.monotonic() < deadline
        time.sleep(0.005)


@pytest.mark.parametrize("model", [ImportedRecord, Contact], ids=["among the users", "among the contacts"])
def test_a_killed_run_and_a_rerun_end_where_an_undisturbed_run_does(
    old: Path, model: type[Contact] | type[ImportedRecord]
) -> None:
    killed = start(old)
    wait_for(model)
    killed.kill()

    assert killed.wait(10) == -signal.SIGKILL
    assert ImportedRecord.objects.count() % 10 == 0
    rerun = import_from(old)

    assert rerun.balances
    assert sum(table.unchanged for table in rerun.tables) > 0
    after_the_rerun = dump()
    forget_everything()
    assert import_from(old, batch_size=10).balances
    assert dump() == after_the_rerun


@pytest.mark.parametrize("moment", range(int(os.environ.get("IMPORT_KILLS", "1"))))
def test_a_run_killed_again_and_again_at_any_moment_ends_where_an_undisturbed_one_does(old: Path, moment: int) -> None:
    for _ in range(2):
        killed = start(old)
        time.sleep(random.Random(moment).uniform(0.5, 8))  # before, in or after any of its tables
        killed.kill()
        killed.wait(10)

    assert import_from(old).balances
    after_the_rerun = dump()
    forget_everything()
    assert import_from(old).balances
    assert dump() == after_the_rerun


def test_a_killed_run_counts_as_failed_once_the_next_one_starts(old: Path) -> None:
    killed = start(old)
    wait_for(ImportedRecord)
    killed.kill()
    killed.wait(10)
    assert ImportRun.objects.get().outcome == ImportRun.Outcome.RUNNING

    import_from(old)

    assert list(ImportRun.objects.order_by("pk").values_list("outcome", flat=True)) == ["failed", "finished"]


def test_a_source_that_breaks_off_leaves_what_was_loaded_and_says_how_to_go_on(
    old: Path, make_sqlite: MakeSqlite, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legacy_import.source.sqlite.PIECE", 100)  # rows that are asked of the file at once
    # A view whose row 351 cannot be computed stands for a lost disk or a cut connection.
    breaking = "CREATE VIEW contacts AS SELECT id, email, iif(id > 350, abs(-9223372036854775807 - 1), name) AS message"
    make_sqlite(f"ALTER TABLE contacts RENAME TO messages; {breaking} FROM messages")

    report = import_from(old, batch_size=100)

    assert report.failure.endswith("Run it again to go on.")
    assert (Contact.objects.count(), ImportRun.objects.get().outcome) == (300, ImportRun.Outcome.FAILED)
    assert AuditLog.objects.get().details["event"] == "import.failed"
    make_sqlite("DROP VIEW contacts; CREATE VIEW contacts AS SELECT id, email, name AS message FROM messages")
    assert not import_from(old).failure
    assert Contact.objects.count() == ROWS


@pytest.mark.external  # SQLite has no connection to lose
def test_a_lost_connection_to_our_database_ends_the_run_as_failed_and_the_next_goes_on(old: Path) -> None:
    importing = start(old)
    wait_for(Contact)
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )

    assert importing.wait(30) == 3
    run = ImportRun.objects.get()
    assert (run.outcome, run.report["failure"].endswith("Run it again to go on.")) == (ImportRun.Outcome.FAILED, True)
    assert not import_from(old).failure
    assert Contact.objects.count() == ROWS
