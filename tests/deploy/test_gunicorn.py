"""deploy/gunicorn.conf.py, by a gunicorn that really runs from it."""

import json
import signal
import socket
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from deploy import healthcheck
from tests.deploy.conftest import CONFIGURED, SECONDS, Gunicorn

Start = Callable[..., Gunicorn]


def control_sockets(home: Path) -> list[Path]:
    return [path for path in home.rglob("*") if path.is_socket()]


def setting(gunicorn: Gunicorn, name: str) -> str:
    return gunicorn.wait_for(rf"(?m)^{name}\s+= (.*)$")


def test_it_answers_and_opens_no_control_socket(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn(*CONFIGURED)

    assert gunicorn.ask("/").read() == b"http 127.0.0.1 "
    gunicorn.process.send_signal(signal.SIGUSR1)
    gunicorn.wait_for("Handling signal: usr1")  # by now gunicorn has started all that it starts
    assert control_sockets(gunicorn.home) == []


def test_gunicorn_by_itself_would_open_a_control_socket(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn("--bind", "127.0.0.1:0", "tests.deploy.tiny_app:application")

    deadline = time.monotonic() + SECONDS
    while not control_sockets(gunicorn.home) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert control_sockets(gunicorn.home)


def test_one_process_serves_without_redis_and_two_with_it(start_gunicorn: Start) -> None:
    alone = start_gunicorn("--print-config", *CONFIGURED)
    with_redis = start_gunicorn("--print-config", *CONFIGURED, REDIS_HOST="redis.invalid")

    assert setting(alone, "workers") == "1"
    assert setting(with_redis, "workers") == "2"


def test_threads_and_processes_follow_the_environment(start_gunicorn: Start) -> None:
    asked = {"REDIS_HOST": "redis.invalid", "WEB_CONCURRENCY": "3", "GUNICORN_THREADS": "6"}
    gunicorn = start_gunicorn("--print-config", *CONFIGURED, **asked)

    assert setting(gunicorn, "workers") == "3"
    assert setting(gunicorn, "threads") == "6"
    assert setting(gunicorn, "worker_class") == "deploy.draining.DrainingWorker"


@pytest.mark.parametrize(("arguments", "variables"), [((), {"WEB_CONCURRENCY": "2"}), (("--workers", "2"), {})])
def test_two_processes_without_redis_are_refused(
    start_gunicorn: Start, arguments: tuple[str, ...], variables: dict[str, str]
) -> None:
    gunicorn = start_gunicorn(*arguments, *CONFIGURED, **variables)

    assert gunicorn.process.wait(SECONDS) != 0
    assert "Refusing to start 2 processes without REDIS_HOST" in gunicorn.printed.read_text()
    assert "Traceback" not in gunicorn.printed.read_text()


def test_variables_that_cannot_be_read_stop_the_start_by_name(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn(*CONFIGURED, DEBUG="perhaps", GUNICORN_THREADS="0")

    assert gunicorn.process.wait(SECONDS) != 0
    assert "DEBUG" in gunicorn.printed.read_text()
    assert "GUNICORN_THREADS" in gunicorn.printed.read_text()
    assert "Traceback" not in gunicorn.printed.read_text()


def test_settings_of_the_env_file_count_as_those_of_the_environment(start_gunicorn: Start, tmp_path: Path) -> None:
    (tmp_path / ".env").write_text("WEB_CONCURRENCY=2\n")
    gunicorn = start_gunicorn("--print-config", *CONFIGURED, ENV_DIR=str(tmp_path))

    assert setting(gunicorn, "workers") == "2"


def test_forwarded_headers_are_not_believed_even_from_this_machine(start_gunicorn: Start) -> None:
    forged = {"X-Forwarded-Proto": "https", "X-Forwarded-For": "203.0.113.9", "SCRIPT_NAME": "/elsewhere"}

    answer = start_gunicorn(*CONFIGURED).ask("/", forged)

    assert answer.read() == b"http 127.0.0.1 "


@pytest.mark.parametrize(
    ("request_head", "status", "code"),
    [
        ("GET /" + "a" * 5000 + " HTTP/1.1", "414 URI Too Long", "uri_too_long"),
        ("GET / HTTP/1.1" + "\r\nX: 1" * 200, "431 Request Header Fields Too Large", "headers_too_large"),
        ("<script>alert(1)</script>", "400 Bad Request", "bad_request"),
        ("GET / HTTP/1.1\r\n<script>: 1", "400 Bad Request", "bad_request"),
    ],
)
def test_a_request_that_gunicorn_cannot_read_is_refused_in_json(
    start_gunicorn: Start, request_head: str, status: str, code: str
) -> None:
    with socket.create_connection(("127.0.0.1", start_gunicorn(*CONFIGURED).port), SECONDS) as client:
        client.sendall(f"{request_head}\r\n\r\n".encode())
        head, _, body = client.makefile("rb").read().decode().partition("\r\n\r\n")

    assert head.startswith(f"HTTP/1.1 {status}\r\n")
    assert "Content-Type: application/json\r\n" in head
    assert (json.loads(body).keys(), json.loads(body)["code"]) == ({"detail", "code"}, code)
    assert "script" not in head + body


def test_a_request_under_way_is_finished_after_sigterm(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn(*CONFIGURED)
    answer = gunicorn.ask("/slow")
    assert answer.read(6) == b"begun,"

    gunicorn.process.terminate()

    assert answer.read() == b"done"
    assert gunicorn.process.wait(SECONDS) == 0


def test_in_production_gunicorn_prints_json_lines_and_no_line_for_a_request(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn(*CONFIGURED, DEBUG="False")
    gunicorn.ask("/?token=not-for-logs").read()
    gunicorn.stop()

    lines = [json.loads(line) for line in gunicorn.printed.read_text().splitlines()]
    assert {"time", "level", "message"} <= lines[0].keys()
    assert "not-for-logs" not in gunicorn.printed.read_text()


def test_the_health_check_tells_an_answer_from_silence(start_gunicorn: Start) -> None:
    gunicorn = start_gunicorn(*CONFIGURED)
    assert healthcheck.live_status(f"0.0.0.0:{gunicorn.port}", "localhost") == 200

    gunicorn.stop()

    with pytest.raises(OSError, match="refused"):
        healthcheck.live_status(f"0.0.0.0:{gunicorn.port}", "localhost")


@pytest.mark.parametrize(
    ("hosts", "name"),
    [("api.example.com,localhost", "api.example.com"), (".example.com", "example.com"), ("", "localhost")],
)
def test_the_health_check_asks_under_an_allowed_name(hosts: str, name: str) -> None:
    assert healthcheck.allowed_host(hosts) == name
