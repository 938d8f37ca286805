"""A worker is killed at each place of a delivery: no mail is lost, and where one comes twice is known and narrow."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from django.conf import settings as django_settings
from django.db import connection

from tests.mail.signing import deliver, event
from tests.shared.outbox import KEY, SendGrid, make_due
from titanobova.email import deliver_mail
from titanobova.mail.delivering import deliver_due_mail
from titanobova.models import OutgoingMail

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[2]
# How often SendGrid gets a mail whose worker died there: twice only between its answer and our note of it.
PLACES = {"mail.after_claim": 1, "mail.after_call": 2, "mail.after_settle": 1}
OUTCOMES = {
    "mail.after_claim": ["unknown", "accepted"],
    "mail.after_call": ["unknown", "accepted"],
    "mail.after_settle": ["accepted"],
}


def waiting_mail(subject: str = "one") -> OutgoingMail:
    """Return a mail that nothing wakes the delivery for."""
    return OutgoingMail.objects.create(recipient="ada@example.com", subject=subject, text="Hello")


def environment(sendgrid: SendGrid) -> dict[str, str]:
    """Return what leads a worker to the test's database, Redis and SendGrid."""
    database = connection.settings_dict
    places = {"DB_HOST": django_settings.DB_HOST, "DB_NAME": str(database["NAME"]), "DB_PORT": str(database["PORT"])}
    login = {"DB_USER": str(database["USER"]), "DB_PASSWORD": str(database["PASSWORD"]), "DB_POOL_SIZE": "4"}
    redis = {"REDIS_HOST": django_settings.REDIS_HOST} if django_settings.REDIS_HOST else {}
    on_postgresql = {**places, **login, **redis} if django_settings.DB_HOST else {"DB_NAME": str(database["NAME"])}
    ours = {"SENDGRID_API_KEY": KEY, "SENDGRID_API_BASE": f"http://127.0.0.1:{sendgrid.port}"}
    return {**os.environ, **ours, **on_postgresql, "DJANGO_SETTINGS_MODULE": "titanobova.settings"}


def die_at(place: str, sendgrid: SendGrid, how: str = "once") -> int:
    """Let a worker of its own process die at a place; return how it ended."""
    command = [sys.executable, "-m", "tests.mail.killed_worker", place, how]
    done = subprocess.run(command, cwd=PROJECT, env=environment(sendgrid), capture_output=True, timeout=60, check=False)
    return done.returncode


def state_of(mail: OutgoingMail) -> tuple[str, list[str]]:
    """Return the mail's status and what came of its tries."""
    mail.refresh_from_db()
    return mail.status, list(mail.attempts.order_by("number").values_list("outcome", flat=True))


@pytest.mark.parametrize("place", PLACES)
def test_a_worker_killed_at_any_place_loses_no_mail(sendgrid: SendGrid, place: str) -> None:
    mail, other = waiting_mail(), waiting_mail("two")

    assert die_at(place, sendgrid) == -signal.SIGKILL
    assert deliver_due_mail() == 1  # the other; nobody touches what the dead one had claimed before its lease is over
    assert sendgrid.subjects.count("one") == PLACES[place] - (place != "mail.after_settle")
    make_due(mail)
    deliver_due_mail()

    assert sendgrid.subjects.count("one") == PLACES[place]
    assert sendgrid.subjects.count("two") == 1
    assert state_of(mail) == ("sent", OUTCOMES[place])
    assert state_of(other) == ("sent", ["accepted"])


@pytest.mark.usefixtures("webhook")
def test_with_events_not_even_a_crash_after_the_call_sends_a_mail_twice(sendgrid: SendGrid) -> None:
    mail = waiting_mail()
    assert die_at("mail.after_call", sendgrid) == -signal.SIGKILL

    told = sendgrid.received[0].message["custom_args"]
    deliver({**event(None, "processed"), **told})
    make_due(mail)
    deliver_due_mail()

    assert state_of(mail)[0] == "sent"
    assert len(sendgrid.received) == 1


def test_each_repetition_is_the_same_mail_to_servers_that_look(sendgrid: SendGrid) -> None:
    mail = waiting_mail()
    die_at("mail.after_call", sendgrid)
    make_due(mail)
    deliver_due_mail()

    first, second = (received.message for received in sendgrid.received)
    assert first == second
    assert str(mail.pk) in first["headers"]["Message-ID"]


if django_settings.REDIS_HOST:

    @pytest.mark.external
    def test_celerys_worker_killed_in_the_middle_loses_no_mail(sendgrid: SendGrid) -> None:
        mail = waiting_mail()
        deliver_mail.delay()

        assert die_at("mail.after_claim", sendgrid, "celery") == -signal.SIGKILL
        assert state_of(mail) == ("waiting", ["under_way"])
        make_due(mail)
        deliver_mail.delay()
        assert die_at("mail.after_settle", sendgrid, "celery") == -signal.SIGKILL

        assert sendgrid.subjects == ["one"]
        assert state_of(mail) == ("sent", ["unknown", "accepted"])
