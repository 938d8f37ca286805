"""Redis dies, falls silent, comes back: nobody notices but the operator, and who guesses passwords is limited still."""

import signal
import statistics
import time
from collections.abc import Iterator
from typing import cast

import pytest
from django.conf import settings

from tests.faults.load import Answered, Ask, Load, contact, profile, send
from tests.faults.servers import OwnRedis, Variables, Web, wait_until

pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]

COURSE = Ask("GET", "/api/v1/courses/courses/priced/")
WRONG = {"email": "nobody@example.com", "password": "wrong-horse-9"}
CLIENTS = 4
PATIENCE = cast("float", settings.REDIS_OPTIONS["SOCKET_TIMEOUT"])  # seconds that whoever asks a silent Redis waits


@pytest.fixture
def web(site: Variables) -> Iterator[Web]:
    """A site that lets five people log in an hour, and one process of it, so that all counts are in one place."""
    limits = {"RATE_LIMIT_LOGIN": "5/hour", "LOGIN_REFUSAL_SECONDS": "0", "WEB_CONCURRENCY": "1"}
    with Web({**site, **limits}) as running:
        yield running


def load_on(web: Web, bearer: str) -> Load:
    """Return people who read and write."""
    return Load([profile(bearer), lambda: COURSE, contact], [web.port])


def medians(answered: list[Answered], since: float) -> float:
    """Return the median of what the requests took that began at least half a second after `since`."""
    return statistics.median(one.seconds for one in answered if one.begin > since + 0.5)


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGSTOP], ids=["dead", "silent"])
def test_without_redis_everyone_is_served_and_logins_are_limited_still(
    web: Web, redis: OwnRedis, bearers: dict[str, str], how: signal.Signals
) -> None:
    load = load_on(web, bearers["student"])
    with load.running(CLIENTS):
        time.sleep(2)
        before = medians(load.answered, 0)
        redis.signal(how)
        begin = time.monotonic()
        time.sleep(3)
    tries = [send(Ask("POST", "/api/v1/auth/token/", WRONG), web.port) for _ in range(8)]
    state = web.get("/health/ready")

    hit = [one for one in load.answered if one.end > begin and one.begin < begin + 0.5]
    after = medians(load.answered, begin)
    slow = [one for one in load.answered if one.begin > begin + 0.5 and one.seconds > before + PATIENCE]
    print(how.name, load.statuses(), f"median {before * 1000:.1f} ms before, {after * 1000:.1f} ms after")
    print(f"first hit {max(one.seconds for one in hit):.2f} s; later over a quarter of a second: {len(slow)}")
    assert load.failed() == []
    assert [one.status for one in tries] == [401] * 5 + [429] * 3
    assert (state[0], state[1]["status"]) == (200, "degraded")
    assert after < before + PATIENCE / 2


def test_a_redis_that_comes_back_counts_again_within_a_second(
    site: Variables, redis: OwnRedis, bearers: dict[str, str]
) -> None:
    limits = {"RATE_LIMIT_ANON": "5/hour", "WEB_CONCURRENCY": "1", "RATE_LIMIT_LOGIN": "3/hour"}
    login = Ask("POST", "/api/v1/auth/token/", WRONG)
    with Web({**site, **limits}) as web:
        assert [send(login, web.port).status for _ in range(4)] == [401] * 3 + [429]
        redis.signal(signal.SIGKILL)
        assert [send(COURSE, web.port).status for _ in range(8)] == [200] * 8  # open while nobody counts

        redis.start()
        counted = wait_until(lambda: send(COURSE, web.port).status == 429, 20)
        refused, own = send(login, web.port), send(profile(bearers["student"])(), web.port)

    print("counts again after", round(counted, 2), "s")
    assert counted < 2  # one to find it, and six requests to use the limit up
    assert refused.status == 429  # Redis has forgotten everything; what guards accounts never was in it
    assert own.status == 200
