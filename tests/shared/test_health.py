"""Whether the process lives and may be sent traffic: each part out of order in turn, named, and within two seconds."""

import json
import socket
import threading
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.db import connection, transaction
from django.db.migrations.recorder import MigrationRecorder
from django.test import Client
from django.utils import timezone

from tests.conftest import together
from tests.shared.starting import PRODUCTION, start
from titanobova import health, heartbeats
from titanobova.models import Heartbeat, OutgoingMail

PARTS = {"database", "migrations", "cache", "queue", "worker", "beat", "mail", "disk"}
# Asks a process whose database is out of order, and prints what it answers and how long that takes.
ASK = """
import json, os, sys, time
import django
django.setup()
from django.test import Client
client = Client(SERVER_NAME="localhost", raise_request_exception=False, headers={"Cookie": "sessionid=" + "x" * 32})
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


@pytest.mark.django_db(transaction=True)
def test_a_complete_process_is_ready() -> None:
    heartbeats.note("worker")
    heartbeats.note("beat")

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
    assert (body["parts"]["database"], body["parts"]["migrations"]) == ("ok", "1 migrations are not applied")


@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("outage")
def test_without_redis_the_process_is_degraded_and_serves() -> None:
    heartbeats.note("worker")
    heartbeats.note("beat")

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


def last_heard_of(name: str, *, seconds: int) -> None:
    """Let the last sign of life of `name` be so old."""
    Heartbeat.objects.update_or_create(pk=name, defaults={"noted_at": timezone.now() - timedelta(seconds=seconds)})


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("worker", "beat", "of_worker", "of_beat"),
    [
        (0, 0, "ok", "ok"),
        (200, 10, "no heartbeat for 200 s", "ok"),
        (200, 200, "not known: no beat wakes it", "no heartbeat for 200 s"),
        (100, 200, "ok", "no heartbeat for 200 s"),
    ],
)
def test_a_worker_and_a_beat_that_fall_silent_are_told_apart(
    settings: LazySettings, worker: int, beat: int, of_worker: str, of_beat: str
) -> None:
    settings.REDIS_HOST = settings.REDIS_HOST or "127.0.0.1"  # where there are such processes
    last_heard_of("worker", seconds=worker)
    last_heard_of("beat", seconds=beat)

    status, body, _ = ready()

    assert status == 200
    assert (body["parts"]["worker"], body["parts"]["beat"]) == (of_worker, of_beat)


@pytest.mark.django_db(transaction=True)
def test_a_worker_and_a_beat_that_never_started_are_named(settings: LazySettings) -> None:
    settings.REDIS_HOST = settings.REDIS_HOST or "127.0.0.1"

    parts = health.examine().parts

    assert (parts["worker"], parts["beat"]) == ("not known: no beat wakes it", "no heartbeat yet")


@pytest.mark.django_db(transaction=True)
def test_a_disk_that_hangs_is_named_and_keeps_one_thread_however_often_it_is_asked(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    wakes_up = threading.Event()
    monkeypatch.setattr("titanobova.health.shutil.disk_usage", lambda folder: wakes_up.wait(30))
    before = set(threading.enumerate())
    try:
        answers = together(4, lambda number: ready())
        hanging = set(threading.enumerate()) - before
    finally:
        wakes_up.set()

    for status, body, seconds in answers:
        assert (status, body["status"], body["parts"]["disk"]) == (200, "degraded", "no answer within 1.5 s")
        assert seconds < 2
    assert len(hanging) == 1


@pytest.mark.external  # SQLite has no lock of one table
@pytest.mark.django_db(transaction=True)
def test_a_table_that_is_locked_takes_no_traffic_away() -> None:
    with connection.cursor() as cursor, transaction.atomic():
        cursor.execute("LOCK TABLE titanobova_outgoingmail IN ACCESS EXCLUSIVE MODE")
        status, body, seconds = ready()

    assert (status, body["parts"]["database"], body["parts"]["mail"]) == (200, "ok", "no answer within 1.5 s")
    assert seconds < 2


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
        "GET /health/live",
        "GET /health/ready",
        environment={"DB_HOST": "127.0.0.1", "DB_PORT": str(port_of_no_database)},
    )

    _, is_live, is_ready = json.loads(done.stdout)  # the first loads the program
    assert (is_ready["status"], is_ready["body"]["status"]) == (503, "unavailable")
    assert is_ready["body"]["parts"]["database"] != "ok"
    assert is_ready["body"]["parts"]["migrations"].startswith("not known")
    assert is_ready["body"]["parts"]["cache"] == "ok"
    assert is_ready["seconds"] < 2
    assert (is_live["status"], is_live["seconds"] < 0.5) == (200, True)


@pytest.mark.parametrize("path", ["/api/v1/courses/courses/", "/admin/", "/admin/users/user/"])
def test_whoever_needs_the_database_meanwhile_is_asked_to_come_back(tmp_path: Path, path: str) -> None:
    production = {**PRODUCTION, "ALLOWED_HOSTS": "localhost", "HTTPS_ONLY": "False"}
    done = start(tmp_path, "-c", ASK, f"GET {path}", environment={**production, "DB_HOST": "127.0.0.1", "DB_PORT": "1"})

    (answer,) = json.loads(done.stdout.splitlines()[-1])
    assert (answer["status"], answer["body"]["code"]) == (503, "temporarily_unavailable")
    assert int(answer["retry_after"]) >= 1
    assert answer["seconds"] < 8  # a page asks once more, to store its session
