"""What the worker's processes count is told on a port of the worker's own, to whoever knows METRICS_TOKEN."""

import http.client
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from http.server import HTTPServer
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.db import connection
from prometheus_client.parser import text_string_to_metric_families

from tests.monitoring.figures import TOKEN, figure, figures
from tests.monitoring.test_who_may_read import NOT_THE_TOKEN, OTHER_SCHEMES
from tests.shared.conftest import Lines
from tests.shared.outbox import SendGrid, make_due, write_mail
from titanobova import worker_figures
from titanobova.celery import app
from titanobova.heartbeats import note_worker
from titanobova.mail.delivering import deliver_due_mail
from titanobova.worker_figures import listen

NOTE, DELIVER = "titanobova.heartbeats.note_worker", "titanobova.email.deliver_mail"
BEARER = f"Bearer {TOKEN}"


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that the worker's processes count in."""
    made = tmp_path / "metrics"
    made.mkdir()
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(made))
    return made


@pytest.fixture
def server(settings: LazySettings, folder: Path) -> Iterator[HTTPServer]:
    """The port of a worker, in this process."""
    settings.WORKER_METRICS_BIND = "127.0.0.1:0"
    listening = listen()
    assert listening is not None
    yield listening
    worker_figures._servers.remove(listening)
    listening.shutdown()
    listening.server_close()


def ask(port: int, authorization: str = BEARER, path: str = "/metrics", method: str = "GET") -> tuple[int, str]:
    """Return status and body of an answer."""
    asking = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    asking.putrequest(method, path)
    asking.putheader("Authorization", authorization.encode())
    asking.endheaders()
    answer = asking.getresponse()
    body = answer.read().decode()
    asking.close()
    return answer.status, body


def test_whoever_knows_the_token_reads(server: HTTPServer) -> None:
    assert ask(server.server_port)[0] == 200


@pytest.mark.parametrize("header", [*(f"Bearer {token}" for token in NOT_THE_TOKEN), *OTHER_SCHEMES])
@pytest.mark.parametrize("path", ["/metrics", "/", "/nothing"])
def test_whoever_does_not_learns_nothing(server: HTTPServer, header: str, path: str) -> None:
    assert ask(server.server_port, header, path) == (401, "Send METRICS_TOKEN as a bearer token.\n")


@pytest.mark.parametrize(
    ("method", "path", "status"),
    [("GET", "/", 404), ("GET", "/metrics/", 404), ("GET", "/../metrics", 404), ("POST", "/metrics", 501)],
)
def test_nothing_else_is_to_be_had_there(server: HTTPServer, method: str, path: str, status: int) -> None:
    assert ask(server.server_port, method=method, path=path)[0] == status


@pytest.mark.parametrize("missing", ["WORKER_METRICS_BIND", "METRICS_TOKEN"])
def test_without_an_address_or_a_token_nobody_listens(settings: LazySettings, folder: Path, missing: str) -> None:
    settings.WORKER_METRICS_BIND = "127.0.0.1:0"
    setattr(settings, missing, "")

    assert listen() is None


def test_without_a_folder_to_count_in_nobody_listens_and_the_log_says_so(
    settings: LazySettings, everything_log: Lines
) -> None:
    settings.WORKER_METRICS_BIND = "127.0.0.1:0"

    assert listen() is None
    assert "PROMETHEUS_MULTIPROC_DIR" in everything_log()[-1]["message"]


def test_a_port_that_is_taken_does_not_end_the_worker(
    server: HTTPServer, settings: LazySettings, everything_log: Lines
) -> None:
    settings.WORKER_METRICS_BIND = f"127.0.0.1:{server.server_port}"

    assert listen() is None
    assert everything_log()[-1]["message"].endswith("Address already in use")


def test_figures_that_cannot_be_told_are_an_error_without_details(
    server: HTTPServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker_figures, "figures", lambda: 1 / 0)

    assert ask(server.server_port) == (500, "The figures cannot be told; the log says why.\n")


def test_who_says_nothing_keeps_prometheus_waiting_for_a_bounded_time(server: HTTPServer) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port)):
        began = time.monotonic()
        assert ask(server.server_port)[0] == 200

    assert 4 < time.monotonic() - began < 9


def told_by(port: int) -> dict[tuple[str, str, str], float]:
    """Return how many jobs a worker has done, by name and outcome, once it answers."""
    try:
        _, text = ask(port)
    except ConnectionError:
        return {}
    samples = [one for family in text_string_to_metric_families(text) for one in family.samples]
    return {
        (one.name, one.labels["task"], one.labels["outcome"]): one.value
        for one in samples
        if one.name == "titanobova_job_seconds_count"
    }


def wait_until(is_so: Callable[[], bool]) -> None:
    """Wait for what the worker does in its own time."""
    deadline = time.monotonic() + 60
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.2)
    assert is_so()


@pytest.fixture
def worker_port(tmp_path: Path) -> Iterator[int]:
    """A worker with two processes, at a port of its own."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port: int = free.getsockname()[1]
    environment = {
        **os.environ,
        "DB_NAME": str(connection.settings_dict["NAME"]),
        "LOG_DIR": str(tmp_path),
        "PROMETHEUS_MULTIPROC_DIR": str(tmp_path / "metrics"),
        "METRICS_TOKEN": TOKEN,
        "WORKER_METRICS_BIND": f"127.0.0.1:{port}",
    }
    command = [sys.executable, "-m", "celery", "-A", "titanobova", "worker", "--concurrency", "2"]
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        yield port
        worker.terminate()


@pytest.mark.external  # a worker, with Redis
@pytest.mark.django_db(transaction=True)
def test_a_worker_tells_what_its_processes_did_and_forgets_none_that_was_killed(
    worker_port: int, tmp_path: Path
) -> None:
    done, failed = (
        ("titanobova_job_seconds_count", NOTE, "done"),
        ("titanobova_job_seconds_count", DELIVER, "failed"),
    )
    for _ in range(6):
        note_worker.delay()
    app.send_task(DELIVER, args=["one that it does not take"])
    wait_until(lambda: told_by(worker_port).get(done) == 6 and told_by(worker_port).get(failed) == 1)

    counting = {int(path.stem.rpartition("_")[2]) for path in (tmp_path / "metrics").glob("histogram_*.db")}
    children = [number for number in counting if parent_of(number) in counting]
    assert len(children) == 2
    for number in children:
        os.kill(number, signal.SIGKILL)
    wait_until(lambda: not set(children) & numbers_in(tmp_path / "metrics") or not told_by(worker_port))
    note_worker.delay()

    wait_until(lambda: told_by(worker_port).get(done) == 7)
    assert told_by(worker_port)[failed] == 1
    assert not set(children) & numbers_in(tmp_path / "metrics")


def numbers_in(folder: Path) -> set[int]:
    """Return which processes have files there."""
    names = {path.stem.rpartition("_")[2] for path in folder.glob("*.db")}
    return {int(name) for name in names if name.isdecimal()}


def parent_of(number: int) -> int:
    """Return the parent of a process."""
    return int(Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[1])


@pytest.mark.django_db
def test_each_try_to_send_a_mail_is_counted_by_what_came_of_it(sendgrid: SendGrid) -> None:
    name, before = "titanobova_mail_tries_total", figures()
    for status, outcome in ((202, "accepted"), (400, "refused"), (429, "busy")):
        sendgrid.status = status
        mail = write_mail()
        make_due(mail)
        deliver_due_mail()
        assert figure(name, outcome=outcome) - figure(name, before, outcome=outcome) == 1
