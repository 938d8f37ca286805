"""`manage.py backup` and `manage.py restore`: a drill as an operator would do it, on the database of the suite."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from payments.models import LedgerEntry
from tests.conftest import PASSWORD, make_user
from tests.courses.conftest import make_course
from tests.payments.conftest import PAID, SECRET, deliver, intent_event, payment_for_a_place, state_of
from tests.shared.outbox import wait_for_the_worker
from tests.site.drill import LOG_IN, Dump, another_database, dump_of, run_on, schema_of
from titanobova.site.backups import archive
from titanobova.site.backups.archive import DUMP, Writer, read_manifest, unpack
from titanobova.site.backups.manifest import Manifest
from titanobova.site.demo import SAMPLE

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]

WRITTEN_MEANWHILE = ("contacts_contact", "audit_auditlog", "titanobova_outgoingmail")  # and what belongs to them


@pytest.fixture
def populated(settings: LazySettings, tmp_path: Path) -> Path:
    """A site with people, courses, contacts, money and a picture; return the folder of its media."""
    settings.STRIPE_WEBHOOK_SECRETS, settings.STRIPE_SECRET_KEY = [SECRET], "sk_test_nobody_listens"
    settings.MEDIA_ROOT = tmp_path / "media-of-the-site"
    call_command("import_from_nodejs", str(SAMPLE), verbosity=0)
    payment = payment_for_a_place(make_user("buyer@example.com"), make_course(price="99.99"))
    deliver(intent_event(payment))
    assert state_of(payment) == PAID
    call_command("seal_audit", verbosity=0)
    wait_for_the_worker()
    (settings.MEDIA_ROOT / "pictures").mkdir(parents=True)
    (settings.MEDIA_ROOT / "pictures" / "face.webp").write_bytes(b"a picture" * 1000)
    return Path(settings.MEDIA_ROOT)


@pytest.fixture
def backup(populated: Path, tmp_path: Path) -> Path:
    """A backup of the populated site."""
    target = tmp_path / "site.backup"
    call_command("backup", str(target), verbosity=0)
    return target


def without_restoration(dump: Dump) -> Dump:
    """Leave out the one row that tells of the restore itself."""
    return {table: [row for row in rows if "site.backup.restored" not in row] for table, rows in dump.items()}


def own_name() -> str:
    """Return how the operator calls the database of this test."""
    return Path(str(connection.settings_dict["NAME"])).name


def write_contacts(stop: threading.Event) -> None:
    """Store one message after the other until told to stop."""
    number = 0
    try:
        while not stop.is_set():
            number += 1
            Contact.objects.create(name="W", email="w@example.com", subject=f"{number:06}", message="meanwhile")
    finally:
        connections.close_all()


@pytest.fixture
def writer() -> Iterator[Callable[[], None]]:
    """Somebody who writes from the call on until the test is over."""
    stop = threading.Event()
    threads: list[threading.Thread] = []

    def start() -> None:
        threads.append(threading.Thread(target=write_contacts, args=(stop,)))
        threads[0].start()

    yield start
    stop.set()
    for thread in threads:
        thread.join()


def test_a_backup_restores_into_a_new_database_row_by_row(populated: Path, tmp_path: Path) -> None:
    before, schema = dump_of(connection), schema_of(connection)
    call_command("backup", str(tmp_path / "site.backup"), verbosity=0)

    with another_database(tmp_path) as another:
        done = run_on(another, tmp_path, "manage.py", "restore", str(tmp_path / "site.backup"), "--into-empty")
        assert done.returncode == 0, done.stderr
        after = dump_of(another)
        logged_in = run_on(another, tmp_path, "-c", LOG_IN, "buyer@example.com", PASSWORD)

        assert without_restoration(after) == before
        assert sum(len(rows) for rows in after.values()) == sum(len(rows) for rows in before.values()) + 1
        assert schema_of(another) == schema
        with another.cursor() as cursor, pytest.raises(DatabaseError, match="append-only"):
            cursor.execute("DELETE FROM payments_ledgerentry")
    assert logged_in.stdout.strip() == "200", logged_in.stderr
    assert (tmp_path / "media/pictures/face.webp").read_bytes() == b"a picture" * 1000


def test_a_backup_under_writes_is_of_one_instant(populated: Path, tmp_path: Path, writer: Callable[[], None]) -> None:
    before = dump_of(connection)
    writer()
    while not Contact.objects.filter(message="meanwhile").exists():
        pass
    call_command("backup", str(tmp_path / "site.backup"), verbosity=0)

    with another_database(tmp_path) as another:
        done = run_on(another, tmp_path, "manage.py", "restore", str(tmp_path / "site.backup"), "--into-empty")
        assert done.returncode == 0, done.stderr
        after = dump_of(another)
        with another.cursor() as cursor:
            cursor.execute("SELECT subject FROM contacts_contact WHERE message = 'meanwhile' ORDER BY subject")
            written = [int(subject) for (subject,) in cursor.fetchall()]
    assert written == list(range(1, len(written) + 1))
    assert len(written) >= 1
    unchanged = [table for table in before if not table.startswith(WRITTEN_MEANWHILE)]
    assert {table: after[table] for table in unchanged} == {table: before[table] for table in unchanged}


def test_both_commands_are_recorded(backup: Path, tmp_path: Path) -> None:
    [made] = AuditLog.objects.filter(details__event="site.backup.made")

    call_command("restore", str(backup), replace=own_name(), verbosity=0)

    [restored] = AuditLog.objects.filter(details__event="site.backup.restored")
    assert (made.action, restored.action) == ("create", "update")
    assert made.details["sha256"] == restored.details["sha256"] == archive.digest_of(backup)
    assert restored.details["file"] == "site.backup"


def test_what_came_after_the_backup_is_gone_when_the_database_is_named(backup: Path) -> None:
    make_user("later@example.com")
    before = LedgerEntry.objects.count()

    call_command("restore", str(backup), replace=own_name(), verbosity=0)

    assert not LedgerEntry.objects.exclude(payment__user__email="buyer@example.com").exists()
    assert LedgerEntry.objects.count() == before
    login = {"email": "later@example.com", "password": PASSWORD}
    assert APIClient().post("/api/v1/auth/token/", login).status_code == 401


def test_pictures_that_find_no_place_are_told_apart_from_the_database(
    backup: Path, tmp_path: Path, settings: LazySettings
) -> None:
    settings.MEDIA_ROOT = str(tmp_path / "a-file")
    Path(settings.MEDIA_ROOT).write_text("no folder")

    with pytest.raises(CommandError, match=r"^The database is restored, its pictures are not: "):
        call_command("restore", str(backup), replace=own_name(), verbosity=0)

    assert AuditLog.objects.filter(details__event="site.backup.restored").exists()


def test_a_database_with_data_is_replaced_only_by_its_name(backup: Path) -> None:
    before = dump_of(connection)

    with pytest.raises(CommandError, match="is not empty"):
        call_command("restore", str(backup), into_empty=True)
    with pytest.raises(CommandError, match="not another_one"):
        call_command("restore", str(backup), replace="another_one")

    assert dump_of(connection) == before


def test_a_backup_that_is_cut_off_anywhere_is_refused(backup: Path) -> None:
    whole, before = backup.read_bytes(), dump_of(connection)
    end = whole.rindex(b"manifest.sha256") + 512 + 64  # what follows is the padding of tar

    for share in (0.0, 0.1, 0.5, 0.9, 0.99, 0.9999):
        backup.write_bytes(whole[: int(end * share)])
        with pytest.raises(CommandError, match="Not restored"):
            call_command("restore", str(backup), replace=own_name())

    assert dump_of(connection) == before


def test_a_backup_that_is_altered_anywhere_is_refused(backup: Path) -> None:
    whole, before = backup.read_bytes(), dump_of(connection)
    inside = [whole.index(name) + 520 for name in (b"database.dump", b"media/pictures/face.webp", b"manifest.json")]

    for place in [*inside, whole.index(b'"rows"') + 1, whole.rindex(b"manifest.sha256") + 520, 0]:
        backup.write_bytes(whole[:place] + bytes([whole[place] ^ 1]) + whole[place + 1 :])
        with pytest.raises(CommandError, match="Not restored"):
            call_command("restore", str(backup), replace=own_name())

    assert dump_of(connection) == before


def rewritten(backup: Path, folder: Path, **changes: object) -> Path:
    """Return the backup with a manifest that claims something else, and fits its digests."""
    manifest = read_manifest(backup)
    unpack(backup, [DUMP], folder)
    (folder / "rewritten.backup").unlink(missing_ok=True)
    with Writer(folder / "rewritten.backup") as writer:
        writer.add(DUMP, folder / DUMP)
        facts: dict[str, Any] = {**vars(manifest), "files": writer.files, **changes}
        writer.finish(Manifest(**facts))
    return folder / "rewritten.backup"


def test_a_backup_that_does_not_fit_leaves_the_database_as_it_was(backup: Path, tmp_path: Path) -> None:
    before = dump_of(connection)
    misfits: list[tuple[dict[str, object], str]] = [
        ({"format": 99}, "format 99"),
        ({"vendor": "oracle"}, "one of oracle"),
        ({"migrations": ["users.9999_from_the_future"]}, "later release"),
        ({"rows": {"users_user": 12345}}, "rows"),
    ]

    for changes, words in misfits:
        with pytest.raises(CommandError, match=words):
            call_command("restore", str(rewritten(backup, tmp_path, **changes)), replace=own_name())

    assert dump_of(connection) == before


def test_a_backup_never_overwrites_a_file(backup: Path) -> None:
    before = backup.read_bytes()

    with pytest.raises(CommandError, match="exists already"):
        call_command("backup", str(backup))

    assert backup.read_bytes() == before


def test_a_backup_that_fails_leaves_nothing_behind(
    populated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def no_space(*args: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Writer, "finish", no_space)
    (tmp_path / "backups").mkdir()

    with pytest.raises(CommandError, match="No space left"):
        call_command("backup", str(tmp_path / "backups"))

    assert list((tmp_path / "backups").iterdir()) == []
    assert not AuditLog.objects.filter(details__event="site.backup.made").exists()


def test_a_backup_in_a_folder_gets_a_name_of_its_own_and_only_its_owner_reads_it(
    populated: Path, tmp_path: Path
) -> None:
    (tmp_path / "backups").mkdir()
    call_command("backup", str(tmp_path / "backups"), "--no-media", verbosity=0)

    [made] = (tmp_path / "backups").iterdir()
    assert made.name.startswith("titanobova-")
    assert made.stat().st_mode & 0o777 == 0o600
    assert list(read_manifest(made).files) == [DUMP]


if connection.vendor == "postgresql":
    SPY = '#!/bin/sh\necho "$@" > {log}\nenv >> {log}\nexec {real} "$@"\n'

    def test_the_tools_get_the_password_and_no_other_secret_and_no_command_line_shows_it(
        populated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "bin").mkdir()
        spy, log = tmp_path / "bin" / "pg_dump", tmp_path / "log"
        spy.write_text(SPY.format(log=log, real="/usr/bin/pg_dump"))
        spy.chmod(0o755)
        monkeypatch.setenv("PATH", f"{spy.parent}:/usr/bin:/bin")
        monkeypatch.setenv("SECRET_KEY", "not-for-tools")
        monkeypatch.setitem(connection.settings_dict, "PASSWORD", "only-by-environment")

        call_command("backup", str(tmp_path / "site.backup"), verbosity=0)

        arguments, *environment = log.read_text().splitlines()
        assert "only-by-environment" not in arguments
        assert "PGPASSWORD=only-by-environment" in environment
        assert "not-for-tools" not in log.read_text()

    def test_without_postgresqls_tools_it_says_what_to_install(
        populated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("PATH", str(tmp_path))

        with pytest.raises(CommandError, match="pg_dump is not installed; install PostgreSQL's client"):
            call_command("backup", str(tmp_path / "site.backup"))

    # All rows are there, and nothing that makes them unique or keeps the log as it is; then the tool is killed.
    CUT_OFF = """#!/bin/sh
case "$*" in *--list*) exec /usr/bin/pg_restore "$@" ;; esac
/usr/bin/pg_restore "$@" | sed '/; Type: CONSTRAINT;/,$d'
exit 137
"""

    def test_a_dump_that_breaks_off_between_two_statements_leaves_the_database_as_it_was(
        backup: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        before = dump_of(connection)
        (tmp_path / "bin").mkdir()
        tool = tmp_path / "bin" / "pg_restore"
        tool.write_text(CUT_OFF)
        tool.chmod(0o755)
        monkeypatch.setenv("PATH", f"{tool.parent}:/usr/bin:/bin")

        with pytest.raises(CommandError, match=r"Not restored: the database stays as it was: .*broke off"):
            call_command("restore", str(backup), replace=own_name(), verbosity=0)

        assert dump_of(connection) == before
