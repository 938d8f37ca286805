"""The log is sealed by itself: by beat in production, by the one process of the embedded mode."""

from pathlib import Path

import pytest
from django.conf import settings as django_settings

from audit.actor import Actor
from audit.jobs import seal
from audit.models import AuditLog
from audit.services import record
from tests.shared.starting import settings_of, start
from titanobova.celery import app

LIFE = """
import time
import django; django.setup()
from django.core.management import call_command
call_command("migrate", verbosity=0)
from audit.actor import Actor
from audit.models import AuditLog
from audit.services import record
for _ in range(2):
    record("update", "x", by=Actor())
    waited = 0
    while AuditLog.objects.unsealed().exists() and waited < 200:
        time.sleep(0.05)
        waited += 1
print(list(AuditLog.objects.order_by("pk").values_list("sequence", flat=True)))
"""


def test_the_embedded_mode_seals_what_was_written_and_again_later(tmp_path: Path) -> None:
    environment = {"AUDIT_SEAL_SECONDS": "0.2", "DB_NAME": str(tmp_path / "x.sqlite3")}

    done = start(tmp_path, "-c", LIFE, environment=environment)

    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[-1] == "[1, 2]"


def test_without_an_interval_nothing_seals_by_itself(tmp_path: Path) -> None:
    schedules = [
        settings_of(tmp_path, "CELERY_BEAT_SCHEDULE", AUDIT_SEAL_SECONDS=seconds)["CELERY_BEAT_SCHEDULE"]
        for seconds in ("0", "30")
    ]

    assert "seal the audit log" not in schedules[0]
    assert schedules[1]["seal the audit log"] == {"task": "audit.jobs.seal", "schedule": 30.0}


@pytest.mark.parametrize("text", ["-1", "soon"])
def test_an_interval_that_is_none_stops_the_start(tmp_path: Path, text: str) -> None:
    done = start(
        tmp_path, "-c", "from django.conf import settings; settings.DEBUG", environment={"AUDIT_SEAL_SECONDS": text}
    )

    assert done.returncode != 0
    assert "AUDIT_SEAL_SECONDS" in done.stderr


@pytest.mark.django_db
def test_the_job_is_known_to_the_worker_and_seals() -> None:
    record("update", "x", by=Actor())

    assert "audit.jobs" in app.conf.imports
    assert seal() == 1
    assert AuditLog.objects.get().sequence == 1
    assert django_settings.AUDIT_SEAL_SECONDS == 0  # in tests, so that only tests seal
