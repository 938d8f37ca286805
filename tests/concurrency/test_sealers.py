"""Sealers at work at the same moment give every row one place, and the chain does not fork."""

import threading
from collections.abc import Callable

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError, OperationalError

from audit import sealing
from audit.actor import Actor
from audit.models import AuditLog, ChainHead
from audit.sealing import seal_log
from audit.services import record
from audit.verifying import Counts, findings
from tests.conftest import RunTogether

pytestmark = pytest.mark.django_db(transaction=True)

SEALERS, ROWS = 8, 60


@pytest.fixture
def waiting_rows() -> int:
    """Rows that wait for their seal, behind one that has it."""
    record("update", "first", by=Actor())
    seal_log()
    for number in range(ROWS):
        record("update", "x", by=Actor(), details={"count": number})
    return ROWS


def seal_all(_: int) -> int:
    """Seal until nothing is left, as a job does."""
    return seal_log()


def test_every_row_gets_one_place_while_others_are_written(
    run_together: RunTogether, monkeypatch: pytest.MonkeyPatch, waiting_rows: int
) -> None:
    monkeypatch.setattr(sealing, "BATCH", 7)

    def seal_or_write(number: int) -> int:
        if number % 4 == 3:
            for _ in range(10):
                record("update", "y", by=Actor())
            return 0
        return seal_log()

    outcomes = run_together(SEALERS, seal_or_write)
    left = seal_log()

    assert sum(outcomes) + left == ROWS + 20
    counts = Counts()
    assert list(findings(counts)) == []
    assert (counts.sealed, counts.unsealed) == (ROWS + 21, 0)
    assert ChainHead.objects.get().sequence == AuditLog.objects.count()


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_sealers_that_do_not_wait_at_the_head_take_the_same_places(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch, waiting_rows: int
    ) -> None:
        _read_the_head_without_a_lock(monkeypatch)

        outcomes = run_together(SEALERS, seal_all)

        # The constraint on the place lets all but one fail, each after the whole work for its batch; on a busy machine
        # one may have waited for the winner for as long as a lock may be waited for.
        failures = IntegrityError | OperationalError | sealing.ChainBroken
        refused = [outcome for outcome in outcomes if isinstance(outcome, failures)]
        assert len(refused) == SEALERS - 1
        assert list(findings(Counts())) == []


def _read_the_head_without_a_lock(monkeypatch: pytest.MonkeyPatch) -> None:
    everyone_has_read = threading.Barrier(SEALERS, timeout=30)
    read: Callable[[], ChainHead] = ChainHead.objects.get

    def unlocked() -> ChainHead:
        head = read()
        everyone_has_read.wait()
        return head

    monkeypatch.setattr(sealing, "lock_head", unlocked)
