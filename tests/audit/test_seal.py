"""The seal: rows get their places in a chain after their commit, and one who breaks it is found (contract 6.4)."""

import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, connections, transaction
from django.utils import timezone
from pytest_django import Settings

from audit.actor import Actor
from audit.models import AuditLog, ChainHead, Tombstone
from audit.personal_data import forget_person
from audit.purging import purge_log
from audit.sealing import ChainBroken, seal_log
from audit.services import record
from audit.verifying import Counts, findings
from tests.shared.conftest import Lines
from titanobova.append_only import lifted
from titanobova.ids import uuid7
from users.models import User

pytestmark = pytest.mark.django_db

HOME = Actor(ip_address="2001:DB8:0::1", user_agent="a browser", request_id="request-1")


@pytest.fixture
def ten(student: User) -> list[AuditLog]:
    """Ten sealed rows of a person, and one that waits."""
    by = HOME.as_user(student)
    rows = [record("update", f"x.{number}", by=by, on=student, details={"note": str(number)}) for number in range(10)]
    seal_log()
    record("update", "x.waits", by=by)
    return rows


@contextmanager
def without_guards() -> Iterator[Any]:
    """What somebody can do who owns the database: the triggers go for a moment."""
    with lifted(connection), connection.cursor() as cursor:
        yield cursor


def verify(*arguments: str) -> str:
    """Return what verify_audit says of a log that is whole."""
    out = StringIO()
    call_command("verify_audit", *arguments, stdout=out)
    return out.getvalue()


def first_finding(*arguments: str) -> str:
    """Return what verify_audit finds first."""
    with pytest.raises(CommandError) as raised:
        verify(*arguments)
    assert raised.value.returncode == 1
    return str(raised.value)


def test_rows_wait_for_their_seal_and_get_one_number_each(ten: list[AuditLog]) -> None:
    assert list(AuditLog.objects.sealed().order_by("sequence").values_list("pk", "sequence")) == [
        (row.pk, number) for number, row in enumerate(ten, start=1)
    ]
    assert AuditLog.objects.unsealed().get().details["event"] == "x.waits"
    assert ChainHead.objects.get().seal == AuditLog.objects.get(sequence=10).seal
    assert "10 rows sealed, 1 not yet" in verify()


def test_sealing_goes_on_where_it_ended(ten: list[AuditLog]) -> None:
    assert (seal_log(), seal_log()) == (1, 0)
    assert "11 rows sealed, 0 not yet" in verify()


def test_an_empty_log_is_whole() -> None:
    assert seal_log() == 0
    assert "0 rows sealed" in verify()


def test_the_head_is_published_to_the_security_log(ten: list[AuditLog], security_log: Lines) -> None:
    call_command("seal_audit", stdout=StringIO())
    call_command("seal_audit", stdout=StringIO())

    [line] = security_log()
    head = ChainHead.objects.get()
    assert (line["event"], line["sequence"], line["seal"], line["rows"]) == ("audit.sealed", 11, head.seal, 1)


@pytest.mark.parametrize(
    "change",
    [
        "action = 'login'",
        "outcome = 'failure'",
        "user_id = NULL",
        "resource_id = 'other'",
        "resource_type = 'other'",
        "request_id = 'other'",
        "timestamp = '2020-01-01 00:00:00'",
        """details = '{"event": "y"}'""",
        "ip_address = '192.0.2.66'",
        "user_agent = 'other'",
        """personal = '{"note": "other"}'""",
        "origin_salt = NULL",
        "personal_salt = 'a'",
        "origin_digest = 'a'",
        "stamp = 'a'",
        "seal = 'a'",
    ],
)
@pytest.mark.parametrize("number", [1, 5, 10])
def test_a_changed_row_is_named(ten: list[AuditLog], change: str, number: int) -> None:
    with without_guards() as cursor:
        cursor.execute(f"UPDATE audit_auditlog SET {change} WHERE sequence = {number}")

    assert first_finding().startswith(f"The audit log is not what was written. Row {number} ({ten[number - 1].pk})")


def test_a_row_that_waits_for_its_seal_is_guarded_too(ten: list[AuditLog]) -> None:
    with without_guards() as cursor:
        cursor.execute("UPDATE audit_auditlog SET action = 'login' WHERE sequence IS NULL")

    assert "A row without a seal" in first_finding()


@pytest.mark.parametrize("number", [1, 5, 9])
def test_a_missing_row_is_named(ten: list[AuditLog], number: int) -> None:
    with without_guards() as cursor:
        cursor.execute(f"DELETE FROM audit_auditlog WHERE sequence = {number}")

    assert f"Row {number} is missing." in first_finding()


def test_rows_missing_at_the_end_are_named(ten: list[AuditLog]) -> None:
    with without_guards() as cursor:
        cursor.execute("DELETE FROM audit_auditlog WHERE sequence >= 8")

    assert "Row 8 is missing, and all after it to 10." in first_finding()


def test_a_chain_that_was_set_back_is_not_what_was_published(
    ten: list[AuditLog], log_folder: Path, security_log: Lines
) -> None:
    seal_log()
    with without_guards() as cursor:
        cursor.execute("DELETE FROM audit_auditlog WHERE sequence >= 8")
        cursor.execute(
            "UPDATE audit_chainhead SET sequence = 7, seal = (SELECT seal FROM audit_auditlog WHERE sequence = 7)"
        )
    assert "7 rows sealed" in verify()  # of itself, the database cannot know

    found = first_finding("--published", str(log_folder / "security.log"))
    assert "Row 8 is missing: the chain was published as far as row 11." in found


def test_a_log_that_was_written_anew_is_not_what_was_published(
    ten: list[AuditLog], log_folder: Path, security_log: Lines
) -> None:
    seal_log()
    with without_guards() as cursor:
        for table in ("auditlog", "chainhead"):
            cursor.execute(f"DELETE FROM audit_{table}")
    for _ in range(11):
        record("update", "another", by=HOME)
    seal_log()
    assert "11 rows sealed" in verify()

    found = first_finding("--published", str(log_folder / "security.log"))
    assert "Row 11 (" in found
    assert found.endswith("is not the one whose seal was published.")


def test_rows_that_changed_places_are_named(ten: list[AuditLog]) -> None:
    with without_guards() as cursor:
        for old, new in ((4, 100), (6, 4), (100, 6)):
            cursor.execute(f"UPDATE audit_auditlog SET sequence = {new} WHERE sequence = {old}")

    assert f"Row 4 ({ten[5].pk}) does not follow the row before it" in first_finding()


def test_a_row_put_in_by_other_ways_than_the_program_is_named(ten: list[AuditLog]) -> None:
    copied = AuditLog.objects.values().get(sequence=3) | {"id": uuid7(), "sequence": None, "seal": None}
    AuditLog.objects.bulk_create([AuditLog(**copied)])
    forged = AuditLog.objects.latest("id")
    with without_guards() as cursor:
        cursor.execute("UPDATE audit_auditlog SET stamp = 'a' WHERE sequence IS NULL AND user_agent = 'a browser'")
    assert "A row without a seal" in first_finding()
    seal_log()

    assert f"({forged.pk})" in " ".join(str(one) for one in findings(Counts()))
    assert "was changed, or was not written by this program" in first_finding()


def test_a_chain_that_ends_behind_its_head_is_named(ten: list[AuditLog]) -> None:
    with without_guards() as cursor:
        cursor.execute("UPDATE audit_chainhead SET sequence = 9")

    assert "Row 10 lies behind the head of the chain" in first_finding()


def test_without_its_head_the_chain_is_not_begun_anew(ten: list[AuditLog]) -> None:
    with without_guards() as cursor:
        cursor.execute("DELETE FROM audit_chainhead")

    with pytest.raises(ChainBroken):
        seal_log()
    with pytest.raises(CommandError, match="verify_audit"):
        call_command("seal_audit", stdout=StringIO())
    assert "Row 1 " in first_finding()


def test_triggers_that_are_gone_are_named(ten: list[AuditLog]) -> None:
    with connection.cursor() as cursor:
        if connection.vendor == "postgresql":
            cursor.execute("ALTER TABLE audit_auditlog DISABLE TRIGGER audit_auditlog_refuses_truncate")
        else:
            cursor.execute("DROP TRIGGER audit_auditlog_refuses_update")

    assert "The trigger audit_auditlog_refuses_" in first_finding()


def test_a_forgotten_person_leaves_the_chain_whole(ten: list[AuditLog], student: User) -> None:
    forget_person(student.pk)
    seal_log()

    assert "11 rows sealed, 0 not yet; 11 without what was personal" in verify()
    assert not AuditLog.objects.exclude(ip_address=None, user_agent=None, personal=None).exists()


def test_of_a_forgotten_person_nothing_can_be_put_back(ten: list[AuditLog], student: User) -> None:
    forget_person(student.pk)
    with without_guards() as cursor:
        cursor.execute("UPDATE audit_auditlog SET ip_address = '2001:db8::1' WHERE sequence = 4")

    assert f"Row 4 ({ten[3].pk}) has another address" in first_finding()


def tomorrow() -> datetime:
    return timezone.now() + timedelta(days=1)


def test_what_was_purged_leaves_a_tombstone_and_the_chain_whole(ten: list[AuditLog]) -> None:
    assert purge_log(ten[4].timestamp, by=Actor.from_system("tests")) == 4
    seal_log()

    [stone] = Tombstone.objects.all()
    assert (stone.from_sequence, stone.through_sequence) == (1, 4)
    about = AuditLog.objects.get(details__event="audit.purged")
    assert (about.action, about.details["rows"], about.details["through"]) == ("delete", 4, 4)
    assert "8 rows sealed, 0 not yet; 0 without what was personal, 4 purged" in verify()


def test_purging_everything_and_going_on(ten: list[AuditLog]) -> None:
    purge_log(tomorrow(), by=HOME)
    assert "0 rows sealed, 2 not yet; 0 without what was personal, 10 purged" in verify()
    seal_log()
    purge_log(tomorrow(), by=HOME)
    record("update", "y", by=HOME)
    seal_log()

    assert "2 rows sealed, 0 not yet; 0 without what was personal, 12 purged" in verify()


def test_a_purge_goes_batch_by_batch(ten: list[AuditLog], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.purging.BATCH", 3)

    assert purge_log(ten[8].timestamp, by=HOME) == 8
    assert list(Tombstone.objects.values_list("from_sequence", "through_sequence")) == [(1, 3), (4, 6), (7, 8)]
    assert AuditLog.objects.filter(details__event="audit.purged").count() == 3
    assert "8 purged" in verify()


def test_after_a_purge_a_missing_or_changed_row_is_named_all_the_same(ten: list[AuditLog]) -> None:
    purge_log(ten[4].timestamp, by=HOME)
    with without_guards() as cursor:
        cursor.execute("DELETE FROM audit_auditlog WHERE sequence = 5")

    assert "Row 5 is missing." in first_finding()


def test_a_purge_with_a_forged_tombstone_is_named(ten: list[AuditLog]) -> None:
    seal = AuditLog.objects.get(sequence=4).seal or ""
    forged: dict[str, Any] = {"through_seal": seal, "before": timezone.now(), "signature": "0" * 64}
    Tombstone.objects.create(from_sequence=1, through_sequence=4, **forged)
    AuditLog.objects.filter(sequence__lte=4).delete()

    assert "The tombstone of rows 1 to 4 is forged." in first_finding()


def test_a_tombstone_that_is_gone_is_missed(ten: list[AuditLog], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("audit.purging.BATCH", 2)
    purge_log(ten[4].timestamp, by=HOME)
    with without_guards() as cursor:
        cursor.execute("DELETE FROM audit_tombstone WHERE from_sequence = 1")

    assert "Row 1 was purged without a tombstone" in first_finding()


def test_the_command_purges_before_a_date_and_only_says_what_it_would(ten: list[AuditLog]) -> None:
    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("purge_audit", *arguments, stdout=out)
        return out.getvalue()

    later = f"{(ten[6].timestamp).astimezone(UTC).isoformat()}"
    assert said("--before", later, "--dry-run") == "Would delete 6 rows.\n"
    assert AuditLog.objects.count() == 11
    assert said("--before", "2020-01-01") == "Deleted 0 rows.\n"
    assert said("--before", later) == "Deleted 6 rows.\n"
    assert AuditLog.objects.get(details__event="audit.purged").details["system"] == "purge_audit"


@pytest.mark.parametrize("text", ["", "yesterday", "2025-13-01", "2025-01-01T00:00:00", "9999-12-31", "0"])
def test_a_date_that_is_none_purges_nothing(ten: list[AuditLog], text: str) -> None:
    with pytest.raises(CommandError):
        call_command("purge_audit", "--before", text)
    assert AuditLog.objects.count() == 11


@pytest.mark.parametrize("content", [None, '{"event": "audit.sealed"', '{"event": "audit.sealed", "seal": "a"}'])
def test_a_file_that_publishes_nothing_readable_is_refused(tmp_path: Path, content: str | None) -> None:
    file = tmp_path / "security.log"
    if content is not None:
        file.write_text(content)

    with pytest.raises(CommandError, match="read"):
        verify("--published", str(file))


def test_with_a_new_secret_key_the_chain_goes_on_and_is_whole_with_the_old_one(
    ten: list[AuditLog], settings: Settings
) -> None:
    old, settings.SECRET_KEY = settings.SECRET_KEY, "another-key-" * 5
    record("update", "y", by=HOME)
    seal_log()

    assert "Row 1 " in first_finding()
    settings.AUDIT_OLD_SECRET_KEYS = [old]
    assert "12 rows sealed" in verify()


def test_a_key_that_was_given_up_seals_nothing_any_more(ten: list[AuditLog], settings: Settings) -> None:
    old, new = settings.SECRET_KEY, "another-key-" * 5
    settings.SECRET_KEY = new
    seal_log()
    settings.SECRET_KEY = old  # somebody found it
    record("update", "forged", by=HOME)
    seal_log()

    settings.SECRET_KEY, settings.AUDIT_OLD_SECRET_KEYS = new, [old]
    assert "Row 12 (" in first_finding()


def test_any_text_is_stored_as_it_was_stamped(student: User) -> None:
    hostile: list[Any] = [
        "a\nb\x00c\x1b[31md\u2028e\ud800f",
        1e22,
        -0.0,
        10**30,
        True,
        None,
        {"z": 1, "a": [1.5]},
        "é😀",
    ]
    for value in hostile:
        record(
            "update", "x", by=Actor(user=student, user_agent=str(value)[:5].replace("\x00", "")), details={"n": value}
        )
    for address in ("::ffff:192.0.2.1", "2001:DB8::0001", "192.0.2.1", None):
        record("update", "x", by=Actor(ip_address=address), details={"amount": "1.0", "count": 10**30})
    seal_log()

    assert "12 rows sealed" in verify()


@pytest.mark.django_db(transaction=True)
def test_a_row_that_is_committed_late_gets_a_later_place(student: User) -> None:
    if connection.vendor != "postgresql":  # SQLite has one writer at a time; so a row is made early and stored late
        late = AuditLog(action="update", details={"event": "late"})
        record("update", "early", by=HOME)
        seal_log()
        late.save(force_insert=True)
    else:
        _commit_after(lambda: (record("update", "early", by=HOME), seal_log()))
    seal_log()

    events = AuditLog.objects.order_by("sequence").values_list("details__event", flat=True)
    assert list(events) == ["early", "late"]
    assert AuditLog.objects.order_by("pk").values_list("details__event", flat=True)[0] == "late"
    assert "2 rows sealed" in verify()


def _commit_after(call: Callable[[], object]) -> None:
    """Write a row in a transaction that stays open while `call` runs."""
    written, go_on = threading.Event(), threading.Event()

    def write() -> None:
        with transaction.atomic():
            record("update", "late", by=HOME)
            written.set()
            go_on.wait(timeout=30)
        connections.close_all()

    thread = threading.Thread(target=write)
    thread.start()
    assert written.wait(timeout=30)
    call()
    go_on.set()
    thread.join(timeout=30)


def test_files_that_tell_of_no_seal_show_nothing(ten: list[AuditLog], log_folder: Path, tmp_path: Path) -> None:
    """A log that was rotated a moment ago compares with nothing, which must not look as if all were well."""
    empty = tmp_path / "security.log"
    empty.write_text("")

    with pytest.raises(CommandError, match="tells of no seal") as refusal:
        verify("--published", str(empty))

    assert refusal.value.returncode == 2
    seal_log()
    rotated = str(log_folder / "security.log")
    assert "Compared with 1 published seals." in verify("--published", str(empty), "--published", rotated)


def test_a_seal_counts_however_its_line_is_spaced(ten: list[AuditLog], log_folder: Path, tmp_path: Path) -> None:
    seal_log()
    [line] = [one for one in (log_folder / "security.log").read_text().splitlines() if "audit.sealed" in one]
    compact = tmp_path / "compact.log"
    compact.write_text(json.dumps({**json.loads(line), "seal": "0" * 64}, separators=(",", ":")))

    assert first_finding("--published", str(compact)).endswith("is not the one whose seal was published.")
