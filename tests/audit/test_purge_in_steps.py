"""A purge goes through a log of any length in statements that read, and delete, one batch each."""

import re
from collections.abc import Sequence
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.core.management import call_command
from django.db import OperationalError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog, Tombstone
from audit.purging import purge_log, purgeable
from audit.sealing import seal_log
from audit.services import record

pytestmark = pytest.mark.django_db
SOMEBODY = Actor.from_system("tests")
ROWS = 300
# Each row takes four milliseconds to delete: all of them 1.2 seconds, and a batch of forty 0.16.
SLOWLY = """
CREATE FUNCTION pause() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM pg_sleep(0.004); RETURN OLD; END $$;
CREATE TRIGGER a_pause BEFORE DELETE ON audit_auditlog FOR EACH ROW EXECUTE FUNCTION pause();
SET LOCAL statement_timeout = '800ms'
"""


@pytest.fixture
def log() -> list[AuditLog]:
    """A sealed log."""
    rows = [record("update", f"x.{number}", by=SOMEBODY) for number in range(ROWS)]
    seal_log()
    return rows


@pytest.mark.parametrize("batch", [1, 7, 100, ROWS, ROWS + 1])
@pytest.mark.parametrize("kept", [0, 1, 100, ROWS - 1, ROWS])
def test_batches_reach_as_far_as_the_first_row_that_is_kept(
    log: list[AuditLog], batch: int, kept: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("audit.purging.BATCH", batch)
    before = (log[-kept].timestamp) if kept else timezone.now()

    steps = list(purgeable(before))

    numbers = [number for first, last in steps for number in range(first, last + 1)]
    assert numbers == list(range(1, ROWS - kept + 1))
    assert all(last - first < batch for first, last in steps)
    out = StringIO()
    call_command("purge_audit", "--before", before.isoformat(), "--dry-run", stdout=out)
    assert out.getvalue() == f"Would delete {ROWS - kept} rows.\n"


def test_one_row_that_is_younger_than_its_place_keeps_those_behind_it(log: list[AuditLog]) -> None:
    """Rows are sealed as they were committed; only the beginning of the chain may go."""
    late = record("update", "late", by=SOMEBODY)
    seal_log()
    for _ in range(5):
        early = AuditLog(action="update", details={"event": "early"}, timestamp=late.timestamp - timedelta(days=9))
        early.save(force_insert=True)
    seal_log()

    assert purge_log(late.timestamp, by=SOMEBODY) == ROWS
    assert AuditLog.objects.filter(details__event="early").count() == 5


@pytest.mark.usefixtures("log")
def test_a_purge_ends_though_all_its_rows_at_once_would_meet_the_statement_timeout(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite knows no such timeout
    with connection.cursor() as cursor:
        cursor.execute(SLOWLY)
    before = timezone.now()
    with pytest.raises(OperationalError, match="statement timeout"), transaction.atomic():
        purge_log(before, by=SOMEBODY)  # the negative control: one batch for all

    monkeypatch.setattr("audit.purging.BATCH", 40)

    assert purge_log(before, by=SOMEBODY) == ROWS
    assert Tombstone.objects.count() == 8


@pytest.mark.usefixtures("log")
def test_no_query_reads_more_than_a_batch(monkeypatch: pytest.MonkeyPatch) -> None:
    if connection.vendor != "postgresql":
        return  # SQLite tells no counts
    monkeypatch.setattr("audit.purging.BATCH", 50)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE audit_auditlog")

    with CaptureQueriesContext(connection) as captured:
        assert len(list(purgeable(timezone.now()))) == 6

    selects = [one["sql"] for one in captured if re.match(r'SELECT.*"audit_auditlog"', one["sql"])]
    assert len(selects) == 7
    assert max(rows_read(statement) for statement in selects) == 50
    # The negative control, as it was asked before: the first row that is to be kept, behind all the others.
    kept = AuditLog.objects.sealed().filter(timestamp__gte=timezone.now()).order_by("sequence")[:1]
    assert rows_read(*kept.query.sql_with_params()) == ROWS


def rows_read(statement: str, values: Sequence[Any] = ()) -> int:
    """Return how many rows PostgreSQL looks at to answer."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off; SET LOCAL enable_sort = off")
        cursor.execute(f"EXPLAIN (ANALYZE, TIMING OFF) {statement}", values or None)
        plan = "\n".join(line for (line,) in cursor.fetchall())
    found = re.findall(r"Scan .*actual rows=(\d+)", plan) + re.findall(r"Rows Removed by Filter: (\d+)", plan)
    return sum(map(int, found))
