"""Mail: written with what causes it, sent after the commit, tried again, and never sent twice."""

import json
import socket
import threading
import time
from pathlib import Path

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import transaction
from pytest_django import DjangoCaptureOnCommitCallbacks

from tests.conftest import RunTogether
from tests.shared.outbox import SendGrid, make_due, pause_of, wait_for_the_worker, write_mail
from tests.shared.starting import start
from titanobova import throttling
from titanobova.celery import app
from titanobova.email import deliver_mail
from titanobova.mail import delivering
from titanobova.mail.delivering import claim, deliver_due_mail
from titanobova.models import MailTry, OutgoingMail

pytestmark = pytest.mark.django_db


@pytest.mark.django_db(transaction=True)
def test_a_mail_of_what_was_rolled_back_was_never_written(sendgrid: SendGrid) -> None:
    with pytest.raises(RuntimeError):
        write_mail_and_fail()

    wait_for_the_worker()
    assert not OutgoingMail.objects.exists()
    assert sendgrid.received == []


@transaction.atomic
def write_mail_and_fail() -> None:
    """Write a mail in a transaction that is rolled back."""
    write_mail()
    raise RuntimeError


@pytest.mark.django_db(transaction=True)
def test_the_commit_wakes_the_delivery(sendgrid: SendGrid) -> None:
    with transaction.atomic():
        mail = write_mail()
        wait_for_the_worker()
        assert sendgrid.received == []

    wait_for_the_worker()
    mail.refresh_from_db()
    assert (mail.status, mail.tries, len(sendgrid.received)) == ("sent", 1, 1)
    assert mail.sent_at is not None


def test_a_worker_that_died_while_sending_leaves_the_mail_to_a_later_sweep(sendgrid: SendGrid) -> None:
    mail = write_mail()
    claim()  # and then kill -9

    assert deliver_due_mail() == 0
    assert 110 < pause_of(mail) <= 120
    make_due(mail)

    assert deliver_due_mail() == 1
    mail.refresh_from_db()
    assert (mail.status, mail.tries, len(sendgrid.received)) == ("sent", 2, 1)


@pytest.mark.django_db(transaction=True)
def test_workers_at_the_same_time_send_each_mail_once(sendgrid: SendGrid, run_together: RunTogether) -> None:
    sendgrid.seconds = 0.02
    OutgoingMail.objects.bulk_create(
        OutgoingMail(recipient="ada@example.com", subject=f"mail {number}", text="x") for number in range(12)
    )

    outcomes = run_together(4, lambda _: deliver_due_mail() + deliver_due_mail())

    subjects = [received.message["subject"] for received in sendgrid.received]
    assert sorted(subjects) == sorted({f"mail {number}" for number in range(12)})
    assert sum(outcomes) == 12


@pytest.mark.django_db(transaction=True)
def test_control_without_the_lease_a_mail_is_sent_twice(
    sendgrid: SendGrid, run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
) -> None:
    OutgoingMail.objects.create(recipient="ada@example.com", subject="once", text="x")
    both_have_read = threading.Barrier(2, timeout=10)

    def read_without_lease() -> MailTry:
        mail = OutgoingMail.objects.due().get()
        both_have_read.wait()
        return MailTry(mail=mail, number=1)

    monkeypatch.setattr(delivering, "claim", read_without_lease)
    run_together(2, lambda _: deliver_due_mail(at_most=1))

    assert len(sendgrid.received) == 2


@pytest.mark.usefixtures("outage")
def test_nobody_waits_for_a_queue_that_failed_a_moment_ago(
    settings: LazySettings, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = False
    throttling.spend("anon", "somebody")
    started = time.monotonic()

    with django_capture_on_commit_callbacks(execute=True):
        mail = write_mail()

    assert time.monotonic() - started < 0.2  # to ask it again would take a quarter of a second
    mail.refresh_from_db()
    assert mail.status == "waiting"
    assert deliver_due_mail() == 1


COMMIT_AND_SWEEP = """
import json, time
import django
django.setup()
from django.db import connection, transaction
from titanobova.email import send_later
from titanobova.mail.delivering import deliver_due_mail
from titanobova.models import MailPause, MailTry, OutgoingMail
with connection.schema_editor() as editor:
    for model in (OutgoingMail, MailTry, MailPause):
        editor.create_model(model)
begin = time.monotonic()
with transaction.atomic():
    send_later("session_ended", to="ada@example.com", subject="x")
seconds, status = time.monotonic() - begin, OutgoingMail.objects.get().status
swept = deliver_due_mail()
print(json.dumps([seconds, status, swept, OutgoingMail.objects.get().status]))
"""


def test_a_queue_that_is_down_at_the_commit_delays_the_mail_to_the_next_sweep(tmp_path: Path) -> None:
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))
        nowhere = {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(nobody.getsockname()[1])}
        done = start(
            tmp_path, "-c", COMMIT_AND_SWEEP, environment={**nowhere, "DB_NAME": str(tmp_path / "mail.sqlite3")}
        )

    seconds, before, swept, after = json.loads(done.stdout.splitlines()[-1])
    assert (before, swept, after) == ("waiting", 1, "sent")
    assert seconds < 1


def test_the_sweep_is_a_job_that_the_worker_knows() -> None:
    sweeps = [job for job in django_settings.CELERY_BEAT_SCHEDULE.values() if job["task"] == deliver_mail.name]

    app.loader.import_default_modules()
    assert deliver_mail.name in app.tasks
    assert [job["schedule"] for job in sweeps] == [60.0]
