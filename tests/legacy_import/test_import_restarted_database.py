"""Our own PostgreSQL is restarted amid an import: one clear line, and the next run ends as if nothing had been."""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import pytest

from benchmarks.import_speed.old_rows import Size, drop_mariadb, fill_mariadb
from legacy_import.exclusive import RETURN_SECONDS
from tests.faults.servers import OwnPostgres, Variables, in_site, production, wait_until
from tests.legacy_import.conftest import server_address
from titanobova.env import BASE_DIR

pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]
DUMP = """
import json, django
django.setup()
from tests.legacy_import.imports import dump
print(json.dumps(dump()))
"""
BATCH = 100
FEW = Size(users=1000, contacts=6000, enrollments=1000)
# Enough for the table of messages to be filled in one transaction, without its indexes.
MANY = Size(users=1000, contacts=21_000, enrollments=1000)
# How PostgreSQL is stopped and how long it stays away; the long series takes all four.
BOTH_WAYS = [
    pytest.param(size, way, id=f"{rows}, {how}")
    for size, rows in ((FEW, "batch by batch"), (MANY, "a table at once"))
    for way, how in ((("fast", 0), "at once"), (("immediate", 4), "after a crash"))
]
LONG = os.environ.get("FAULTS") == "long"


class Ended(NamedTuple):
    """How the command ended."""

    code: int
    printed: str
    errors: list[str]


class Import:
    """The command in a process of its own."""

    def __init__(self, site: Variables, connection: str, folder: Path) -> None:
        command = [sys.executable, "manage.py", "import_from_nodejs", connection, f"--batch-size={BATCH}"]
        rejects = folder / f"rejects-{len(list(folder.iterdir()))}.jsonl"
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **site}
        self.process = subprocess.Popen(
            [*command, f"--rejects={rejects}"],
            cwd=BASE_DIR,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def ended(self) -> Ended:
        """Wait for its end."""
        printed, errors = self.process.communicate(timeout=120)
        return Ended(self.process.returncode, printed, [line for line in errors.splitlines() if not _is_log(line)])


def _is_log(line: str) -> bool:
    """Say whether a line is one of the log, where the pool tells of each try to reach the server."""
    return line.startswith('{"time": ')


@pytest.fixture(scope="module")
def cluster() -> Iterator[OwnPostgres]:
    """A PostgreSQL to restart, with a migrated database `empty`; in a folder that its user may enter."""
    folder = Path(tempfile.mkdtemp(prefix="titanobova-restarts-"))
    folder.chmod(0o755)
    try:
        with OwnPostgres(folder / "cluster", most=30) as running:
            running.ask("CREATE DATABASE empty")
            in_site(production(folder, **running.variables("empty")), "manage.py", "migrate", "--verbosity", "0")
            yield running
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def old(size: Size) -> Iterator[str]:
    """An old database, most of which are messages; returns its address."""
    name = f"titanobova_restart_{os.getpid()}"
    fill_mariadb(name, size)
    yield server_address(name)
    drop_mariadb(name)


@pytest.fixture
def sites(cluster: OwnPostgres, tmp_path: Path) -> tuple[Variables, Variables]:
    """Two sites whose databases are empty."""
    found = []
    for _ in range(2):
        name = f"site_{os.urandom(6).hex()}"
        cluster.ask(f"CREATE DATABASE {name} TEMPLATE empty")
        found.append(production(tmp_path, **cluster.variables(name)))
    return found[0], found[1]


def rows(cluster: OwnPostgres, site: Variables, kind: str) -> int:
    """Return how many old rows of a kind are remembered, which is with what they became."""
    question = f"SELECT count(*) FROM legacy_import_importedrecord WHERE kind = '{kind}'"
    ((number,),) = cluster.ask(question, site["DB_NAME"])
    return int(number)


def is_amid_messages(cluster: OwnPostgres, site: Variables) -> bool:
    """Whether messages are being stored: some are committed, or nobody else may use their table."""
    locks = (
        "SELECT count(*) FROM pg_locks WHERE mode = 'AccessExclusiveLock' AND granted"
        " AND relation = 'contacts_contact'::regclass"
    )
    return rows(cluster, site, "contacts") > 0 or cluster.ask(locks, site["DB_NAME"]) != [(0,)]


def indexes_and_keys(cluster: OwnPostgres, site: Variables) -> list[tuple[str, ...]]:
    """Return the definitions of all indexes and foreign keys."""
    question = (
        "SELECT indexname, indexdef FROM pg_indexes WHERE schemaname = 'public'"
        " UNION SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint WHERE contype = 'f' ORDER BY 1, 2"
    )
    return cluster.ask(question, site["DB_NAME"])


def assert_stopped(stopped: Ended) -> None:
    """Assert that an import ended in the middle, and said so in one line beside its report."""
    assert (stopped.code, len(stopped.errors)) == (3, 1), stopped.errors
    assert stopped.errors[0].startswith("CommandError: The import stopped: ")
    assert stopped.errors[0].endswith(". Run it again to go on.")
    assert "The run failed: " in stopped.printed


@pytest.mark.parametrize(("size", "way"), BOTH_WAYS if LONG else BOTH_WAYS[::3], scope="module")
def test_a_restart_of_postgresql_costs_nothing_but_another_run(
    way: tuple[str, float], cluster: OwnPostgres, sites: tuple[Variables, Variables], old: str, tmp_path: Path
) -> None:
    (how, seconds_down), (site, untouched) = way, sites
    importing = Import(site, old, tmp_path)
    wait_until(lambda: is_amid_messages(cluster, site))
    cluster.ctl("stop", "-m", how)
    time.sleep(seconds_down)
    cluster.ctl("start")

    assert_stopped(importing.ended())

    assert (rows(cluster, site, "users") > 0, rows(cluster, site, "enrollments")) == (True, 0)
    assert cluster.ask("SELECT outcome FROM legacy_import_importrun", site["DB_NAME"]) == [("failed",)]
    assert Import(site, old, tmp_path).ended().code == 0
    assert Import(untouched, old, tmp_path).ended().code == 0
    rerun, whole = (json.loads(in_site(one, "-c", DUMP)) for one in sites)
    assert rerun == whole
    assert len(rerun["contacts"]) > len(rerun["enrollments"])
    assert indexes_and_keys(cluster, site) == indexes_and_keys(cluster, untouched)


@pytest.mark.parametrize("size", [FEW], ids=["batch by batch"], scope="module")
def test_a_postgresql_that_does_not_come_back_is_not_waited_for(
    cluster: OwnPostgres, sites: tuple[Variables, Variables], old: str, tmp_path: Path
) -> None:
    site, _ = sites
    importing = Import(site, old, tmp_path)
    wait_until(lambda: is_amid_messages(cluster, site))
    cluster.ctl("stop", "-m", "fast")
    down_at = time.monotonic()
    try:
        stopped = importing.ended()
        seconds = time.monotonic() - down_at
    finally:
        cluster.ctl("start")

    assert_stopped(stopped)
    assert seconds < RETURN_SECONDS + 15
    assert cluster.ask("SELECT outcome FROM legacy_import_importrun", site["DB_NAME"]) == [("running",)]
    assert Import(site, old, tmp_path).ended().code == 0
    outcomes = "SELECT outcome FROM legacy_import_importrun ORDER BY id"
    assert cluster.ask(outcomes, site["DB_NAME"]) == [("failed",), ("finished",)]
