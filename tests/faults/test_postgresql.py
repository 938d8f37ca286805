"""PostgreSQL is restarted, killed, full or not there: people are told to come back, and the site heals at once."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import psycopg
import pytest

from tests.faults.conftest import LONG
from tests.faults.load import Answered, Ask, Load, contact, profile, send
from tests.faults.servers import OwnPostgres, Variables, Web, free_port, wait_until

pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]

COURSE = Ask("GET", "/api/v1/courses/courses/priced/")
SECONDS_OF_LOAD = 60 if LONG else 8
RESTARTS = 3
CLIENTS = 8


def is_ready(web: Web) -> bool:
    """Whether traffic may be sent there."""
    return web.get("/health/ready")[0] == 200


def stored(cluster: OwnPostgres, site: Variables) -> set[str]:
    """Return the ids of all messages in the database of a site."""
    return {str(pk) for (pk,) in cluster.ask("SELECT id FROM contacts_contact", site["DB_NAME"])}


@contextmanager
def connections_taken(cluster: OwnPostgres, name: str) -> Iterator[None]:
    """Take every connection that the server has for ordinary users, within the block."""
    cluster.ask("DROP ROLE IF EXISTS hog")
    cluster.ask("CREATE ROLE hog LOGIN")
    taken: list[psycopg.Connection[Any]] = []
    try:
        while True:
            taken.append(psycopg.connect(cluster.address(name).replace("user=postgres", "user=hog")))
    except psycopg.OperationalError:
        pass
    try:
        yield
    finally:
        for connection in taken:
            connection.close()


@pytest.mark.parametrize("how", ["fast", "immediate"])
def test_three_restarts_under_load_end_within_a_second(
    cluster: OwnPostgres, site: Variables, bearers: dict[str, str], how: str
) -> None:
    load_of: list[Callable[[], Ask]] = [profile(bearers["student"]), contact, lambda: COURSE]
    seconds = SECONDS_OF_LOAD if how == "fast" else 6
    back = []
    with Web(site) as web:
        for ask in load_of * 4:  # the first requests of a process load half of it
            send(ask(), web.port)
        load = Load(load_of, [web.port])
        with load.running(CLIENTS):
            for _ in range(RESTARTS):
                time.sleep(seconds / (RESTARTS + 1))
                down = time.monotonic()
                back.append((down, cluster.restart(how)))
            time.sleep(seconds / (RESTARTS + 1))

    failed = load.failed()
    # Who is hit may be told late on a busy machine; who asks a second after the return must be served.
    late = [one for one in failed if not any(down <= one.end and one.begin <= up + 1 for down, up in back)]
    print(how, load.statuses(), "outages", [round(up - down, 2) for down, up in back], "slowest", load.slowest())
    print("last error after the return:", [last_error(failed, up) for _, up in back])
    assert late == []
    assert {(answered.status, answered.is_json, answered.retry_after) for answered in failed} <= {(503, True, "2")}
    assert load.statuses()[201] > 10
    assert {answered.body["id"] for answered in load.answered if answered.status == 201} <= stored(cluster, site)


def last_error(failed: list[Answered], up: float) -> float:
    """Return how many seconds after the return the last request failed."""
    ends = [answered.end - up for answered in failed]
    return round(max((end for end in ends if -5 < end < 3), default=0.0), 2)


def test_a_pool_whose_connections_were_all_killed_costs_nobody_seconds(
    cluster: OwnPostgres, site: Variables, bearers: dict[str, str]
) -> None:
    slowest, statuses = [], []
    with Web({**site, "GUNICORN_THREADS": "8", "WEB_CONCURRENCY": "1"}) as web:
        for _ in range(20 if LONG else 3):
            load = Load([profile(bearers["student"])], [web.port])
            with load.running(CLIENTS):
                time.sleep(0.5)
                cluster.ask(
                    f"SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = '{site['DB_NAME']}'"
                )
                time.sleep(1.0)
            slowest.append(load.slowest())
            statuses.append(load.statuses())

    print("slowest", [round(seconds, 2) for seconds in slowest], statuses)
    assert max(slowest) < 2
    assert all(set(counted) <= {200, 503} and counted[503] <= CLIENTS for counted in statuses)


def test_no_connection_is_left_at_the_server(cluster: OwnPostgres, site: Variables, bearers: dict[str, str]) -> None:
    # Not a superuser, for whom PostgreSQL keeps some connections.
    name = site["DB_NAME"]
    cluster.ask("DO $$BEGIN CREATE ROLE app LOGIN; EXCEPTION WHEN duplicate_object THEN NULL; END$$")
    cluster.ask("GRANT ALL ON ALL TABLES IN SCHEMA public TO app", name)
    with Web({**site, "DB_USER": "app", "WEB_CONCURRENCY": "1"}) as web:
        with connections_taken(cluster, name):
            first, second = (send(profile(bearers["student"])(), web.port) for _ in range(2))
            is_live, begin = web.get("/health/live")[0], time.monotonic()
            ready, seconds = web.get("/health/ready")[0], time.monotonic() - begin
        healed = wait_until(lambda: send(profile(bearers["student"])(), web.port).status == 200, 5)

    print("first", round(first.seconds, 2), "second", round(second.seconds, 2), "healed", round(healed, 2))
    assert [(one.status, one.is_json, one.retry_after) for one in (first, second)] == [(503, True, "2")] * 2
    assert first.seconds < 3  # one of them to wait, the rest to load half of the program
    assert second.seconds < 1
    assert (is_live, ready, seconds < 2) == (200, 503, True)
    assert healed < 2


def test_a_pool_that_is_all_in_use_refuses_after_three_seconds_and_recovers(
    cluster: OwnPostgres, site: Variables, bearers: dict[str, str]
) -> None:
    small = {**site, "DB_POOL_SIZE": "2", "GUNICORN_THREADS": "8", "WEB_CONCURRENCY": "1"}
    with Web(small) as web, psycopg.connect(cluster.address(site["DB_NAME"])) as locking:
        locking.execute("LOCK TABLE contacts_contact IN ACCESS EXCLUSIVE MODE")
        load = Load([contact, contact, profile(bearers["student"])], [web.port])
        with load.running(CLIENTS):
            time.sleep(6)
        is_live = web.get("/health/live")[0]
        locking.rollback()
        healed = wait_until(lambda: send(contact(), web.port).status == 201, 5)

    print(load.statuses(), "slowest", round(load.slowest(), 2), "healed", round(healed, 2))
    assert {(one.status, one.is_json, one.retry_after) for one in load.failed()} == {(503, True, "2")}
    assert load.slowest() < 9  # a connection waited for, then a lock, each for three seconds
    assert is_live == 200
    assert healed < 2


def test_a_site_that_starts_before_its_database_waits_for_it(
    cluster: OwnPostgres, site: Variables, bearers: dict[str, str]
) -> None:
    port = free_port()
    with Web({**site, "DB_PORT": str(port)}) as web:
        web.get("/health/ready")  # the first one loads half of the program
        begin = time.monotonic()
        ready, seconds = web.get("/health/ready")[0], time.monotonic() - begin
        refused = send(profile(bearers["student"])(), web.port)
        assert (web.get("/health/live")[0], ready) == (200, 503)
        assert seconds < 2
        assert (refused.status, refused.is_json, refused.retry_after) == (503, True, "2")

        cluster.ask(f"ALTER SYSTEM SET port = {port}")
        usual, cluster.port = cluster.port, port
        try:
            cluster.restart()
            healed = wait_until(lambda: is_ready(web), 5)
            assert send(profile(bearers["student"])(), web.port).status == 200
        finally:
            cluster.ask("ALTER SYSTEM RESET port")
            cluster.port = usual
            cluster.restart()
    print("healed", round(healed, 2))
    assert healed < 3
