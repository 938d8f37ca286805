"""Redis is down, or accepts and never answers: people are served at once, and who attacks accounts is limited still."""

import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from redis.exceptions import RedisError
from rest_framework.test import APIClient

from tests.shared.conftest import Lines
from titanobova import shared, throttling
from titanobova.models import RateLimitCounter

pytestmark = pytest.mark.django_db

PROFILE, LOGIN, REGISTER = "/api/v1/users/profile/", "/api/v1/auth/token/", "/api/v1/users/register/"


@pytest.mark.usefixtures("outage")
def test_ordinary_requests_are_served_without_a_limit(
    anonymous: APIClient, settings: LazySettings, everything_log: Lines
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (2, 60)}

    answers = [anonymous.get(PROFILE) for _ in range(5)]

    assert [answer.status_code for answer in answers] == [401] * 5
    assert [answer.headers["RateLimit-Remaining"] for answer in answers] == ["2"] * 5
    assert len([line for line in everything_log() if "Redis does not answer" in line["message"]]) == 1


@pytest.mark.usefixtures("outage")
@pytest.mark.parametrize(
    ("scope", "url"), [("login", LOGIN), ("register", REGISTER), ("contact", "/api/v1/contacts/contacts/")]
)
def test_what_guards_accounts_counts_in_the_database(
    anonymous: APIClient, settings: LazySettings, scope: str, url: str
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, scope: (3, 60)}

    statuses = [anonymous.post(url, {}).status_code for _ in range(5)]

    assert statuses == [400] * 3 + [429] * 2
    assert RateLimitCounter.objects.get().used == 5


@pytest.mark.usefixtures("outage")
def test_a_proved_identity_closes_its_window_there_too(settings: LazySettings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "verify_2fa": (1, 60)}
    throttling.spend("verify_2fa", "somebody")

    throttling.forget("verify_2fa", "somebody")

    assert throttling.spend("verify_2fa", "somebody").is_allowed


@pytest.mark.usefixtures("outage")
def test_the_first_request_waits_a_third_of_a_second_and_the_next_ones_do_not() -> None:
    first = min(seconds_of(lambda: throttling.spend("anon", "somebody"), after=shared.redis.retry) for _ in range(3))
    others = [seconds_of(lambda: throttling.spend("anon", "somebody")) for _ in range(20)]
    closing = seconds_of(lambda: throttling.forget("login", "somebody"))

    assert first <= 0.35
    assert statistics.median(others) <= 0.05
    assert closing <= 0.2  # to ask it again would take a quarter of a second


def seconds_of(call: Callable[[], object], *, after: Callable[[], None] = lambda: None) -> float:
    """Return how long `call` takes once `after` is done."""
    after()
    started = time.perf_counter()
    call()
    return time.perf_counter() - started


@pytest.mark.parametrize("outage", ["silent"], indirect=True)
def test_redis_is_asked_again_after_a_pause(outage: socket.socket, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shared, "PAUSE", 0.2)
    outage.setblocking(False)

    asked = []
    for pause in (0.0, 0.0, 0.25):
        time.sleep(pause)
        throttling.spend("anon", "somebody")
        asked.append(connections_at(outage))

    assert asked == [1, 0, 1]


@pytest.fixture
def found_again(settings: LazySettings, monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """A Redis that fails once, and then is asked by a connection that `failures` spoil in turn; what was asked."""
    asked: list[str] = []
    failures: list[Exception] = [RedisError("down"), OSError("no file left"), UnicodeError("?"), OSError("again")]

    class Connection:
        def eval(self, *arguments: object) -> list[object]:
            asked.append("eval")
            return [1, 60_000, []]

        def ping(self) -> bool:
            asked.append("ping")
            return True

    def connect(name: str) -> Connection:
        if failures:
            raise failures.pop(0)
        return Connection()

    settings.REDIS_HOST = "127.0.0.1"
    monkeypatch.setattr(shared, "PAUSE", 0.01)
    monkeypatch.setattr(shared, "get_redis_connection", connect)
    yield asked
    shared.redis.retry()


def test_whatever_goes_wrong_while_it_looks_redis_is_found_again(found_again: list[str], everything_log: Lines) -> None:
    throttling.spend("anon", "somebody")  # fails, and begins to look
    assert shared.redis.failed_a_moment_ago

    wait_until(lambda: not shared.redis.failed_a_moment_ago)

    assert found_again == ["ping"]
    assert throttling.spend("anon", "somebody").verdict.remaining == django_settings.RATE_LIMITS["anon"][0] - 1

    def told() -> list[dict[str, Any]]:
        return [line for line in everything_log() if line["logger"] == "titanobova.shared"]

    wait_until(lambda: len(told()) == 3)  # the last one is written when Redis may be asked again already
    assert [line["message"].partition(";")[0] for line in told()] == [
        "Redis does not answer: ordinary limits are open until it does.",
        "Redis cannot even be asked",
        "Redis answers again.",
    ]
    assert "no file left" in told()[1]["exception"]


def test_where_no_thread_can_look_the_next_request_asks_redis_itself(
    found_again: list[str], monkeypatch: pytest.MonkeyPatch, everything_log: Lines
) -> None:
    def refuse(thread: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr("threading.Thread.start", refuse)

    throttling.spend("anon", "somebody")

    assert not shared.redis.failed_a_moment_ago
    assert "Nobody can look for Redis." in [line["message"] for line in everything_log()]


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what a thread does in its own time."""
    deadline = time.monotonic() + 10
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.01)
    assert is_so()


def connections_at(listener: socket.socket) -> int:
    """Return how many connections wait to be accepted, and close them."""
    number = 0
    while True:
        try:
            listener.accept()[0].close()
        except BlockingIOError:
            return number
        number += 1
