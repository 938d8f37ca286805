"""Figures of several gunicorn processes: one sum, whoever is asked and whoever has ended meanwhile."""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.deploy.conftest import SECONDS, Gunicorn

Start = Callable[..., Gunicorn]
COUNTING = ("-c", "deploy/gunicorn.conf.py", "tests.deploy.counting_app:application")
TWO_PROCESSES = {"REDIS_HOST": "redis.invalid"}


def figures(gunicorn: Gunicorn) -> dict[str, float]:
    """Return each figure of all processes by its name."""
    text = gunicorn.ask("/figures").read().decode()
    return {sample.name: sample.value for family in text_string_to_metric_families(text) for sample in family.samples}


def ask_until_both_have_answered(gunicorn: Gunicorn) -> tuple[set[int], int]:
    """Return the numbers of both processes, and how many requests they answered."""
    answered: list[int] = []
    deadline = time.monotonic() + SECONDS
    while len(set(answered)) < 2 and time.monotonic() < deadline:
        answered.append(int(gunicorn.ask("/").read()))
    return set(answered), len(answered)


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what gunicorn does in its own time."""
    deadline = time.monotonic() + SECONDS
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert is_so()


def test_any_process_tells_the_sum_of_all(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn(*COUNTING, **TWO_PROCESSES)
    processes, requests = ask_until_both_have_answered(gunicorn)

    told = [figures(gunicorn)["titanobova_request_seconds_count"] for _ in range(10)]

    assert len(processes) == 2
    assert told == [requests] * 10


def test_what_a_killed_process_counted_stays_and_its_files_go(start_gunicorn: Start, tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    gunicorn = start_gunicorn(*COUNTING, **TWO_PROCESSES, PROMETHEUS_MULTIPROC_DIR=str(folder))
    processes, requests = ask_until_both_have_answered(gunicorn)
    before = figures(gunicorn)
    killed = min(processes)

    os.kill(killed, signal.SIGKILL)
    wait_until(lambda: not list(folder.glob(f"*_{killed}.db")))

    after = figures(gunicorn)
    assert after["titanobova_request_seconds_count"] == before["titanobova_request_seconds_count"] == requests
    assert after["titanobova_request_seconds_sum"] == pytest.approx(before["titanobova_request_seconds_sum"])
    assert 0 < after["titanobova_hashing_waiting"] < before["titanobova_hashing_waiting"]
    assert len(list(folder.glob("histogram_*.db"))) <= 3  # of the ended, of the other one, of the new one


def test_processes_that_end_one_after_the_other_leave_one_file(start_gunicorn: Start, tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    gunicorn = start_gunicorn(*COUNTING, PROMETHEUS_MULTIPROC_DIR=str(folder))
    for _ in range(3):
        number = int(gunicorn.ask("/").read())
        os.kill(number, signal.SIGKILL)
        wait_until(lambda number=number: not list(folder.glob(f"*_{number}.db")))  # type: ignore[misc]

    assert figures(gunicorn)["titanobova_request_seconds_count"] == 3
    assert [path.name for path in folder.glob("histogram_*.db") if "ended" in path.name] == ["histogram_ended.db"]
    assert len(list(folder.glob("*.db"))) <= 8


def test_a_new_start_begins_at_nought(start_gunicorn: Start, tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    first = start_gunicorn(*COUNTING, PROMETHEUS_MULTIPROC_DIR=str(folder))
    first.ask("/").read()
    first.stop()
    assert list(folder.glob("histogram_*.db"))

    second = start_gunicorn(*COUNTING, PROMETHEUS_MULTIPROC_DIR=str(folder))

    assert figures(second).get("titanobova_request_seconds_count", 0) == 0


def test_without_a_named_folder_gunicorn_makes_one_and_removes_it(start_gunicorn: Start, tmp_path: Path) -> None:
    gunicorn = start_gunicorn(*COUNTING, TMPDIR=str(tmp_path))
    gunicorn.ask("/").read()
    made = list(tmp_path.glob("titanobova-metrics-*"))
    gunicorn.stop()

    assert len(made) == 1
    assert not made[0].exists()
