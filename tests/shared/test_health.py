"""Whether the process lives and may be sent traffic: each part out of order in turn, named, and within two seconds."""

import json
import socket
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.db import connection
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from tests.shared.starting import start
from titanobova import health
from titanobova.models import OutgoingMail

PARTS = {"database", "cache", "queue", "mail", "disk"}
# Asks a process whose database is out of order, and prints what it answers and how long that takes.
ASK = """
import json, os, sys, time
import django
django.setup()
from django.test import Client
client = Client(SERVER_NAME="localhost")
def ask(method, path):
    begin = time.monotonic()
    answer = client.generic(method, path, "{}", content_type="application/json")
    return {"status": answer.status_code, "seconds": time.monotonic() - begin, "body": answer.json(),
            "retry_after": answer.headers.get("Retry-After")}
print(json.dumps([ask(*line.split()) for line in sys.argv[1:]]))
sys.stdout.flush()
os._exit(0)  # what hangs in a thread would keep the process
"""


def ready() -> tuple[int, dict[str, Any], float]:
    """Return status, body and duration in seconds of /health/ready."""
    started = time.monotonic()
    answer = Client().get("/health/ready")
    return answer.status_code, answer.json(), time.monotonic() - started


def test_a_living_process_says_so_without_touching_the_database() -> None:
    answer = Client().get("/health/live")  # a test without the mark django_db fails at the first query

    assert (answer.status_code, answer.json()) == (200, {"status": "live"})


@pytest.mark.parametrize("path", ["/health/live", "/health/ready"])
def test_health_is_only_read(path: str) -> None:
    assert Client().post(path).status_code == 405


@pytest.mark.django_db
def test_a_complete_process_is_ready() -> None:
    status, body, _ = ready()

    assert (status, body) == (200, {"status": "ready", "parts": dict.fromkeys(PARTS, "ok")})


@pytest.mark.django_db(transaction=True)
def test_a_missing_migration_takes_the_traffic_away() -> None:
    recorder = MigrationRecorder(connection)
    recorder.record_unapplied("titanobova", "0001_initial")
    try:
        status, body, _ = ready()
    finally:
        recorder.record_applied("titanobova", "0001_initial")

    assert (status, body["status"]) == (503, "unavailable")
    assert body["parts"]["database"] == "1 migrations are not applied"


@pytest.mark.django_db
@pytest.mark.usefixtures("outage")
def test_without_redis_the_process_is_degraded_and_serves() -> None:
    status, body, seconds = ready()

    assert (status, body["status"]) == (200, "degraded")
    assert {part for part, outcome in body["parts"].items() if outcome != "ok"} == {"cache", "queue"}
    assert seconds < 2


@pytest.mark.django_db(transaction=True)
def test_mail_that_waits_for_long_is_named() -> None:
    OutgoingMail.objects.create(
        recipient="a@example.com", subject="x", text="x", next_try_at=timezone.now() - timedelta(minutes=16)
    )

    status, body, _ = ready()

    assert (status, body["status"]) == (200, "degraded")
    assert body["parts"]["mail"] == "mail has waited for over 15 minutes"


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("part", "name", "bound", "words"),
    [("disk", "LITTLE_SPACE", 2**70, "MiB are free"), ("queue", "MANY_JOBS", 0, "0 jobs wait for a worker")],
)
def test_a_full_disk_and_a_full_queue_are_named(
    monkeypatch: pytest.MonkeyPatch, part: str, name: str, bound: int, words: str
) -> None:
    monkeypatch.setattr(health, name, bound)

    status, body, _ = ready()

    assert (status, body["status"]) == (200, "degraded")
    assert words in body["parts"][part]


@pytest.fixture(params=["dead", "silent"])
def port_of_no_database(request: pytest.FixtureRequest) -> Iterator[int]:
    """A port where nobody listens, then one that takes connections and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen(64)
        yield listener.getsockname()[1]


def test_a_database_that_is_down_is_named_within_two_seconds(tmp_path: Path, port_of_no_database: int) -> None:
    done = start(
        tmp_path,
        "-c",
        ASK,
        "GET /health/live",
        "GET /health/ready",
        environment={"DB_HOST": "127.0.0.1", "DB_PORT": str(port_of_no_database)},
    )

    is_live, is_ready = json.loads(done.stdout)
    assert (is_ready["status"], is_ready["body"]["status"]) == (503, "unavailable")
    assert is_ready["body"]["parts"]["database"] != "ok"
    assert is_ready["body"]["parts"]["cache"] == "ok"
    assert is_ready["seconds"] < 2
    assert (is_live["status"], is_live["seconds"] < 0.5) == (200, True)


def test_a_request_that_needs_the_database_meanwhile_is_a_503(tmp_path: Path) -> None:
    done = start(
        tmp_path, "-c", ASK, "GET /api/v1/courses/courses/", environment={"DB_HOST": "127.0.0.1", "DB_PORT": "1"}
    )

    (answer,) = json.loads(done.stdout)
    assert (answer["status"], answer["body"]["code"]) == (503, "temporarily_unavailable")
    assert int(answer["retry_after"]) >= 1
    assert answer["seconds"] < 5
