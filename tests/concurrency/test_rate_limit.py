"""A limit is exact, however many requests arrive at the same moment."""

import threading

import pytest
from django.conf import LazySettings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import RunTogether
from titanobova import throttling

pytestmark = pytest.mark.django_db(transaction=True)

THREADS, REQUESTS, QUOTA = 32, 200, 20
PROFILE = "/api/v1/users/profile/"


def statuses_of(number: int) -> list[int]:
    """Send this thread's share of the requests and return their statuses."""
    visitor = APIClient(REMOTE_ADDR="192.0.2.7")
    return [visitor.get(PROFILE).status_code for _ in range(number, REQUESTS, THREADS)]


def test_of_two_hundred_requests_at_once_exactly_the_quota_passes(
    run_together: RunTogether, settings: LazySettings
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (QUOTA, 3600)}

    outcomes = run_together(THREADS, statuses_of)

    statuses = [status for share in outcomes for status in share]
    assert sorted(statuses) == [401] * QUOTA + [429] * (REQUESTS - QUOTA)
    assert AuditLog.objects.filter(details__event="rate_limit.exceeded", details__scope="anon").count() == 1


def test_the_counter_in_the_database_misses_none_and_counts_none_twice(run_together: RunTogether) -> None:
    outcomes = run_together(THREADS, lambda _: [throttling.count_in_database("key", 60).used for _ in range(3)])

    assert sorted(used for share in outcomes for used in share) == list(range(1, 3 * THREADS + 1))


def test_control_a_counter_that_reads_and_then_writes_lets_more_pass(
    run_together: RunTogether, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (QUOTA, 3600)}
    everyone_has_read = threading.Barrier(THREADS, timeout=30)
    counters: dict[str, int] = {}

    def read_then_write(key: str, seconds: int, **_: bool) -> throttling.Window:
        used = counters.get(key, 0)
        everyone_has_read.wait()
        counters[key] = used + 1
        return throttling.Window(used + 1, seconds)

    monkeypatch.setattr(throttling, "_count", read_then_write)
    outcomes = run_together(THREADS, lambda _: throttling.spend("login", "192.0.2.7"))

    assert len([spent for spent in outcomes if spent.is_allowed]) == THREADS > QUOTA
