"""The mail service, the queue and the database fail for a while, or for a day: no mail is lost, none comes twice."""

import time
from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import time_machine
from django.conf import settings as django_settings
from django.db import connection
from django.utils import timezone
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from tests.shared.outbox import SendGrid, wait_for_the_worker, write_mail
from titanobova import email, faults
from titanobova.email import deliver_mail
from titanobova.mail import figures
from titanobova.mail import sendgrid as door
from titanobova.mail.answers import ACCEPTED, Answer, Outcome
from titanobova.mail.delivering import AT_MOST, claim, deliver_due_mail, settle, try_to_send
from titanobova.models import MailPause, MailTry, OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db

Clock = time_machine.Traveller
MORNING = datetime(2027, 3, 1, 6, tzinfo=UTC)
DAY = timedelta(days=1)


@pytest.fixture
def clock() -> Iterator[Clock]:
    """A clock that the test moves."""
    with time_machine.travel(MORNING, tick=False) as moved:
        yield moved


def sweep_for(clock: Clock, span: timedelta, *, every: int = 1, each: Callable[[int], object] = id) -> int:
    """Let the sweep run every so many minutes for a while (beat: every one); return how many mails left."""
    sent = 0
    for minute in range(0, int(span.total_seconds() // 60), every):
        each(minute)
        sent += deliver_mail()
        clock.shift(60 * every)
    return sent


def mail_now_and_then(minute: int) -> None:
    """Write a mail every half an hour."""
    if minute % 30 == 0:
        OutgoingMail.objects.create(recipient="ada@example.com", subject=f"minute {minute}", text="x")


FAILING: dict[str, tuple[int, dict[str, Any]]] = {
    "unavailable": (5, {"status": 503}),
    "limiting": (10, {"status": 429, "headers": {"Retry-After": "900"}}),
    "refusing our key": (10, {"status": 401}),
    "cutting": (10, {"cuts": True}),
}


@pytest.mark.parametrize(("every", "mood"), FAILING.values(), ids=FAILING)
def test_a_day_without_sendgrid_loses_no_mail_and_sends_none_twice(
    sendgrid: SendGrid, clock: Clock, every: int, mood: dict[str, Any]
) -> None:
    for name, value in mood.items():
        setattr(sendgrid, name, value)

    assert sweep_for(clock, DAY, every=every, each=mail_now_and_then) == 0

    asked = len(sendgrid.received)
    assert OutgoingMail.objects.filter(status="waiting").count() == 48
    assert not OutgoingMail.objects.exclude(status="waiting").exists()
    assert 24 <= asked <= 24 * 12 + 10  # at most a try every five minutes, however many wait
    assert figures.oldest_waiting_seconds() == DAY.total_seconds()
    assert (figures.waiting_count(), figures.failed_count()) == (48, 0)
    sendgrid.status, sendgrid.cuts, sendgrid.received = 202, False, []

    assert sweep_for(clock, timedelta(minutes=80), every=5) == 48  # the longest pause of one mail, and a quarter
    assert Counter(sendgrid.subjects) == {f"minute {minute}": 1 for minute in range(0, 1440, 30)}
    assert (figures.oldest_waiting_seconds(), figures.paused_seconds(), figures.pause_reason()) == (0, 0, "")


def test_a_long_weekend_loses_no_mail_either(sendgrid: SendGrid, clock: Clock) -> None:
    sendgrid.status = 503
    mail_now_and_then(0)

    for _ in range(int(timedelta(days=3, hours=18) / timedelta(minutes=60))):
        deliver_due_mail()
        clock.shift(3600)

    assert OutgoingMail.objects.get().status == "waiting"
    sendgrid.status = 202
    clock.shift(4500)
    assert deliver_due_mail() == 1


def test_a_pause_and_its_reason_can_be_asked_for(sendgrid: SendGrid, clock: Clock) -> None:
    sendgrid.status, sendgrid.headers = 429, {"Retry-After": "600"}
    write_mail()

    deliver_due_mail()

    assert 600 <= figures.paused_seconds() <= 750
    assert figures.pause_reason() == "SendGrid answered with status 429"


def test_the_embedded_sweep_comes_back_when_the_pause_is_over(sendgrid: SendGrid) -> None:
    sendgrid.status, sendgrid.headers = 429, {"Retry-After": "600"}
    write_mail()
    deliver_due_mail()
    write_mail()

    email._sweep_again()

    assert email._next_sweep is not None
    email._next_sweep.cancel()
    assert 598 < email._next_sweep.interval <= 750


def test_failed_mails_are_counted_without_those_of_the_erased(sendgrid: SendGrid) -> None:
    sendgrid.status = 400
    write_mail()
    write_mail()
    deliver_due_mail()
    OutgoingMail.objects.filter(pk=OutgoingMail.objects.first().pk).update(text="")  # type: ignore[union-attr]

    assert figures.failed_count() == 1


BUSY: dict[str, dict[str, Any]] = {"silent": {"seconds": 1.2}, "limiting": {"status": 429}, "broken": {"status": 500}}


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("mood", BUSY.values(), ids=BUSY)
def test_contacts_and_registrations_do_not_wait_for_mail(
    sendgrid: SendGrid, anonymous: APIClient, monkeypatch: pytest.MonkeyPatch, staff: User, mood: dict[str, Any]
) -> None:
    monkeypatch.setattr(door, "SECONDS", 1)
    for name, value in mood.items():
        setattr(sendgrid, name, value)
    contact = {"name": "Ada", "email": "ada@example.com", "subject": "Hello", "message": "When does it start?"}
    account = {"email": "nia@example.com", "password": "quiet-lantern-42", "name": "Nia Okoye"}

    started = time.monotonic()
    answers = [
        anonymous.post("/api/v1/contacts/contacts/", contact),
        anonymous.post("/api/v1/users/register/", account),
    ]
    seconds = (time.monotonic() - started) / 2

    assert [answer.status_code for answer in answers] == [201, 201]
    assert seconds <= 1.5
    wait_for_the_worker()
    waiting = set(OutgoingMail.objects.values_list("recipient", flat=True))
    assert OutgoingMail.objects.exclude(status="waiting").count() == 0
    sendgrid.seconds, sendgrid.status, sendgrid.received = 0, 202, []
    OutgoingMail.objects.update(next_try_at=timezone.now())
    MailPause.objects.all().delete()

    assert deliver_due_mail() == len(waiting) == 2
    assert {one.message["personalizations"][0]["to"][0]["email"] for one in sendgrid.received} == waiting


def test_a_worker_slower_than_its_lease_reschedules_nothing_that_another_one_took(sendgrid: SendGrid) -> None:
    mail = write_mail()
    slow = claim()
    assert slow is not None
    OutgoingMail.objects.update(next_try_at=timezone.now())
    quick = claim()
    assert quick is not None
    settle(quick, ACCEPTED)

    settle(slow, Answer(Outcome.REFUSED, "too late"))

    mail.refresh_from_db()
    assert (mail.status, mail.last_error) == ("sent", "")
    assert list(mail.attempts.values_list("outcome", "reason")) == [("refused", ""), ("accepted", "")]


def test_a_worker_that_stood_still_after_its_claim_keeps_its_hands_off(sendgrid: SendGrid, clock: Clock) -> None:
    mail = write_mail()
    frozen = claim()
    assert frozen is not None
    clock.shift(130)
    assert deliver_due_mail() == 1  # another worker, once the lease is over

    try_to_send(frozen)

    mail.refresh_from_db()
    assert (mail.status, len(sendgrid.received)) == ("sent", 1)
    assert list(mail.attempts.values_list("outcome", flat=True)) == ["deferred", "accepted"]


def test_a_worker_slower_than_its_lease_that_succeeded_spares_the_next_try(sendgrid: SendGrid) -> None:
    mail = write_mail()
    slow = claim()
    assert slow is not None
    OutgoingMail.objects.update(next_try_at=timezone.now())
    claim()

    settle(slow, ACCEPTED)
    OutgoingMail.objects.update(next_try_at=timezone.now())

    assert deliver_due_mail() == 0
    mail.refresh_from_db()
    assert mail.status == "sent"


def test_a_mail_of_somebody_erased_while_it_was_sent_stays_erased(sendgrid: SendGrid) -> None:
    mail = write_mail()
    attempt = claim()
    assert attempt is not None
    OutgoingMail.objects.update(status="failed", text="", subject="", recipient="erased@erased.invalid")

    settle(attempt, ACCEPTED)

    mail.refresh_from_db()
    assert (mail.text, mail.recipient, mail.status) == ("", "erased@erased.invalid", "failed")


def test_a_backlog_goes_on_without_waiting_for_the_next_sweep(
    sendgrid: SendGrid, monkeypatch: pytest.MonkeyPatch
) -> None:
    woken: list[None] = []
    monkeypatch.setattr(email, "wake_delivery", lambda: woken.append(None))
    OutgoingMail.objects.bulk_create(
        OutgoingMail(recipient="ada@example.com", subject=str(number), text="x") for number in range(AT_MOST + 1)
    )

    assert deliver_mail() == AT_MOST
    assert len(woken) == 1
    assert deliver_mail() == 1
    assert len(woken) == 1


if django_settings.DB_HOST:

    @pytest.mark.django_db(transaction=True)
    def test_a_database_that_goes_away_after_the_call_does_not_send_a_mail_twice(
        sendgrid: SendGrid, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        OutgoingMail.objects.create(recipient="ada@example.com", subject="once", text="x")
        gone: list[str] = []

        def end_our_connection(name: str) -> None:
            if name == "mail.after_call" and not gone:
                gone.append(name)
                with connection.cursor() as cursor, pytest.raises(Exception, match="terminating"):
                    cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")

        monkeypatch.setattr(faults, "hook", end_our_connection)

        assert deliver_due_mail() == 1

        assert gone == ["mail.after_call"]
        assert len(sendgrid.received) == 1
        assert list(MailTry.objects.values_list("outcome", flat=True)) == ["accepted"]
        assert OutgoingMail.objects.get().status == "sent"


if django_settings.REDIS_HOST:

    @pytest.mark.django_db(transaction=True)
    def test_a_commit_puts_a_job_into_the_queue() -> None:
        queue = get_redis_connection("default")
        write_mail()
        email._queue_waker.flush()

        assert queue.llen("celery") == 1
