"""The link to the old database breaks or goes silent: the run ends soon, what it stored stands, the next goes on."""

import os
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest
from django.core.management import CommandError, call_command

from benchmarks.import_speed.old_rows import Size, drop_mariadb, fill_mariadb
from contacts.models import Contact
from courses.models import Enrollment
from legacy_import.models import ImportedRecord, ImportRun
from tests.legacy_import.conftest import MariaDatabase, server_address
from tests.legacy_import.imports import dump, everything_stored, forget_everything
from tests.legacy_import.links import BreakingLink
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]
READ_SECONDS = 1  # instead of 30
BOUND = 10  # seconds from the break to the end, on a busy machine
BATCH = 100
FEW = Size(users=300, contacts=3000, enrollments=300)
MANY = Size(users=300, contacts=5000, enrollments=300)
ENOUGH = 4000  # rows, instead of 20,000: for a reader in a process of its own, and for a table without its indexes


class Ended(NamedTuple):
    """How the command ended."""

    code: int
    message: str
    seconds: float


def run(connection: str, rejects: Path, *options: str) -> Ended:
    """Run the command."""
    started, code, message = time.monotonic(), 0, ""
    try:
        call_command("import_from_nodejs", connection, f"--batch-size={BATCH}", f"--rejects={rejects}", *options)
    except CommandError as ended:
        code, message = ended.returncode, str(ended)
    return Ended(code, message, time.monotonic() - started)


@pytest.fixture(params=[FEW, MANY], ids=["a few rows", "many rows"])
def size(request: pytest.FixtureRequest) -> Size:
    """How many rows the old database has."""
    assert isinstance(request.param, Size)
    return request.param


@pytest.fixture
def old(size: Size) -> Iterator[str]:
    """An old database, most of which are messages; returns its address."""
    name = f"titanobova_link_{os.getpid()}"
    fill_mariadb(name, size)
    yield server_address(name)
    drop_mariadb(name)


@pytest.fixture(autouse=True)
def _impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("legacy_import.source.mysql.READ_SECONDS", READ_SECONDS)
    monkeypatch.setattr("legacy_import.processes.WORTH_A_PROCESS", ENOUGH)
    monkeypatch.setattr("legacy_import.loading.bare.MANY", ENOUGH)


@pytest.mark.parametrize("is_silent", [False, True], ids=["cut", "silent"])
def test_a_link_that_breaks_in_the_middle_of_a_table_costs_nothing_but_another_run(
    is_silent: bool, old: str, size: Size, tmp_path: Path
) -> None:
    with BreakingLink.to(old, after=None) as link:
        undisturbed = run(link.around(old), tmp_path / "first.jsonl")
    end_state, total = dump(), link.most
    assert undisturbed.code == 0
    forget_everything()

    with BreakingLink.to(old, after=total * 6 // 10, is_silent=is_silent) as link:
        broken = run(link.around(old), tmp_path / "second.jsonl")

    assert (broken.code, broken.message.count("\n")) == (3, 0)
    assert broken.message.startswith("The import stopped: The connection to 127.0.0.1:")
    assert broken.message.endswith("was lost: run it again.")
    assert broken.seconds < undisturbed.seconds + BOUND
    assert 0 < Contact.objects.count() < size.contacts
    assert Contact.objects.count() % BATCH == 0
    assert ImportedRecord.objects.filter(kind="users").count() == size.users
    assert ImportedRecord.objects.filter(kind="contacts").count() == Contact.objects.count()
    assert not Enrollment.objects.exists()
    stored = set(Contact.objects.values_list("pk", flat=True))

    assert run(old, tmp_path / "third.jsonl").code == 0

    assert stored <= set(Contact.objects.values_list("pk", flat=True))
    assert list(ImportRun.objects.order_by("pk").values_list("outcome", flat=True)) == ["failed", "finished"]
    assert dump() == end_state


@pytest.mark.parametrize("size", [FEW], ids=["a few rows"])
@pytest.mark.parametrize("is_silent", [False, True], ids=["cut", "silent"])
def test_a_link_that_breaks_while_only_what_changed_is_brought_loses_no_change(
    is_silent: bool, old: str, tmp_path: Path
) -> None:
    assert run(old, tmp_path / "first.jsonl").code == 0
    MariaDatabase(old.rpartition("/")[2]).execute("UPDATE contacts SET message = 'Changed' WHERE id % 2 = 0")

    with BreakingLink.to(old, after=300_000, is_silent=is_silent) as link:
        broken = run(link.around(old), tmp_path / "second.jsonl")

    changed = Contact.objects.filter(message="Changed").count()
    assert (broken.code, 0 < changed < FEW.contacts // 2) == (3, True)
    assert run(old, tmp_path / "third.jsonl").code == 0
    assert Contact.objects.filter(message="Changed").count() == FEW.contacts // 2
    after_the_rerun = dump()
    forget_everything()
    assert run(old, tmp_path / "fourth.jsonl").code == 0
    assert dump() == after_the_rerun


@pytest.mark.parametrize("size", [FEW], ids=["a few rows"])
@pytest.mark.parametrize("after", [0, 500], ids=["before the greeting", "before the first table"])
@pytest.mark.parametrize("is_silent", [False, True], ids=["cut", "silent"])
def test_a_link_that_breaks_before_anything_was_read_leaves_nothing(
    after: int, is_silent: bool, old: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("legacy_import.source.mysql.CONNECT_SECONDS", READ_SECONDS)
    before = everything_stored()

    with BreakingLink.to(old, after=after, is_silent=is_silent) as link:
        ended = run(link.around(old), tmp_path / "rejects.jsonl")

    assert (ended.code, ended.message.count("\n")) == (2, 0)
    assert "127.0.0.1:" in ended.message
    assert ended.seconds < BOUND
    assert everything_stored() == before
    assert not ImportRun.objects.exists()
    assert not User.objects.exists()
