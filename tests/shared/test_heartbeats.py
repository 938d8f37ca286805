"""Signs of life: beat leaves its own whatever the database does, and a job leaves the worker's."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.db import connection

from tests.shared.starting import start
from titanobova import heartbeats
from titanobova.beat import NotingScheduler
from titanobova.celery import app
from titanobova.models import Heartbeat

TICK = """
import json, sys, django
django.setup()
from titanobova.beat import NotingScheduler
from titanobova.celery import app
print(json.dumps(NotingScheduler(app=app, schedule_filename=sys.argv[1]).tick()))
"""


@pytest.mark.django_db(transaction=True)
def test_a_beat_leaves_a_sign_of_life_at_most_every_thirty_seconds(tmp_path: Path) -> None:
    scheduler = NotingScheduler(app=app, schedule_filename=str(tmp_path / "schedule"))

    pause = scheduler.tick()
    first = Heartbeat.objects.get(pk="beat").noted_at
    scheduler.tick()

    assert pause <= heartbeats.EVERY
    assert heartbeats.age("beat") is not None
    assert Heartbeat.objects.get(pk="beat").noted_at == first
    scheduler.close()


def test_a_beat_without_a_database_goes_on_waking_jobs(tmp_path: Path) -> None:
    done = start(tmp_path, "-c", TICK, str(tmp_path / "schedule"), environment={"DB_HOST": "127.0.0.1", "DB_PORT": "1"})

    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) <= heartbeats.EVERY
    assert "The sign of life was not written: OperationalError" in done.stderr


def test_beat_is_the_one_that_leaves_signs_and_wakes_the_worker_for_its_own() -> None:
    entry = app.conf.beat_schedule["note the worker"]

    assert app.conf.beat_scheduler == "titanobova.beat:NotingScheduler"
    assert entry["task"] in app.tasks
    assert entry["schedule"] == heartbeats.EVERY


@pytest.mark.django_db
def test_nobody_is_known_before_the_first_sign() -> None:
    assert heartbeats.age("worker") is None


@pytest.mark.external  # a worker, with Redis
@pytest.mark.django_db(transaction=True)
def test_a_worker_that_works_is_known_to_live(tmp_path: Path) -> None:
    environment = {**os.environ, "DB_NAME": str(connection.settings_dict["NAME"]), "LOG_DIR": str(tmp_path)}
    command = [sys.executable, "-m", "celery", "-A", "titanobova", "worker", "--concurrency", "1", "--pool", "solo"]
    assert settings.REDIS_HOST
    heartbeats.note_worker.delay()
    with subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as worker:
        deadline = time.monotonic() + 60
        while heartbeats.age("worker") is None and time.monotonic() < deadline:
            time.sleep(0.2)
        worker.terminate()

    assert heartbeats.age("worker") is not None
