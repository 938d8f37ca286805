"""The site itself is restarted under load: nobody's request fails, whichever way it is done."""

import signal
import time
from collections.abc import Callable

import pytest

from tests.faults.load import Ask, Load, contact, profile, send
from tests.faults.servers import Variables, Web, free_port

pytestmark = [pytest.mark.external, pytest.mark.timeout(300)]

CLIENTS = 8
COURSE = Ask("GET", "/api/v1/courses/courses/priced/")


def people(bearers: dict[str, str]) -> list[Callable[[], Ask]]:
    """Return people who read and write."""
    return [profile(bearers["student"]), contact, lambda: COURSE]


def warm_up(web: Web, bearers: dict[str, str]) -> Web:
    """Let the processes load what the first requests need."""
    for make in people(bearers) * 2:
        send(make(), web.port)
    return web


def test_new_processes_take_over_at_sighup(site: Variables, bearers: dict[str, str]) -> None:
    with Web(site) as web:
        warm_up(web, bearers)
        load, generations = Load(people(bearers), [web.port]), [set(web.children())]
        with load.running(CLIENTS):
            for _ in range(2):
                time.sleep(1)
                web.process.send_signal(signal.SIGHUP)
            time.sleep(3)
        generations.append(set(web.children()))

    print(load.statuses(), "slowest", round(load.slowest(), 2))
    assert load.failed() == []
    assert not generations[0] & generations[1]


def test_of_two_servers_one_is_always_there_while_each_is_restarted(site: Variables, bearers: dict[str, str]) -> None:
    ports = [free_port(), free_port()]
    servers = [warm_up(Web(site, port=port), bearers) for port in ports]
    load = Load(people(bearers), ports)
    try:
        with load.running(CLIENTS):
            for number in (0, 1):
                time.sleep(1)
                assert servers[number].stop(signal.SIGTERM) == 0
                servers[number] = Web(site, port=ports[number])
            time.sleep(1)
    finally:
        for server in servers:
            server.__exit__()

    print(load.statuses(), "slowest", round(load.slowest(), 2))
    assert load.failed() == []


def test_whoever_is_connected_at_sigterm_is_answered(site: Variables, bearers: dict[str, str]) -> None:
    cut, answered = [], 0
    for _ in range(2):
        web = warm_up(Web({**site, "GUNICORN_THREADS": "2"}), bearers)  # so few that some wait at the door
        load = Load(people(bearers), [web.port])
        try:
            with load.running(16):
                time.sleep(1)
                exit_code = web.stop(signal.SIGTERM)
                time.sleep(0.2)
        finally:
            web.__exit__()
        answered += len([one for one in load.answered if one.status > 0])
        cut += [one for one in load.failed() if one.status != -1]  # -1: nobody took the connection, which is clear
        assert exit_code == 0

    print("answered", answered, "cut off", len(cut))
    assert cut == []
