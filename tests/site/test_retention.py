"""What was kept long enough goes, in bounded steps, and nothing that anybody still needs (docs/operations.md)."""

import re
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from django.conf import LazySettings
from django.contrib.sessions.models import Session as CookieSession
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import ContactAnswer
from contacts.services.answering import respond_to_contact
from tests.contacts.conftest import make_contact
from tests.shared.aged import days_ago, made
from titanobova import faults, retention
from titanobova.celery import app
from titanobova.mail.delivering import deliver_due_mail
from titanobova.models import IdempotencyKey, MailEvent, MailTry, OutgoingMail, RateLimitCounter
from titanobova.site import jobs
from titanobova.site.mail import purging
from titanobova.site.mail.resending import MailIsGone, resend
from titanobova.site.retention import KEPT, apply_retention

pytestmark = pytest.mark.django_db
NIGHT = Actor.from_system("retention")


@pytest.fixture(autouse=True)
def _weeks(settings: LazySettings) -> None:
    settings.MAIL_KEPT_DAYS, settings.UNDELIVERED_MAIL_KEPT_DAYS, settings.LOGINS_KEPT_DAYS = 30, 60, 90


def mail(subject: str, days: float, *, last: float | None = None, **fields: Any) -> OutgoingMail:
    """Store a mail that was written so many days ago, and sent or given up `last` days ago: at once, if not said."""
    row = made(days)
    ended_at = days_ago(last) if last is not None else row["created_at"]
    row |= {"next_try_at": ended_at, "sent_at": ended_at if fields["status"] == "sent" else None}
    return OutgoingMail.objects.create(recipient="a@example.com", subject=subject, text="x", **row, **fields)


def left() -> list[str]:
    return sorted(OutgoingMail.objects.values_list("subject", flat=True))


def removals() -> list[dict[str, Any]]:
    """Return what the audit log says of removals, oldest first."""
    return [row.details for row in AuditLog.objects.filter(details__event="site.retention.applied").order_by("pk")]


def test_mail_stays_while_it_waits_and_for_its_days_and_longer_where_it_did_not_arrive() -> None:
    for days in (29, 31, 59, 61, 400):
        mail(f"arrived {days}", days, status="sent", delivery="delivered" if days % 2 else "")
        mail(f"bounced {days}", days, status="sent", delivery="bounced")
        mail(f"failed {days}", days, status="failed")
        mail(f"waits {days}", days, status="waiting")

    run = apply_retention(by=NIGHT)

    kept = {
        ("arrived", 29),
        *(("bounced", days) for days in (29, 31, 59)),
        *(("failed", days) for days in (29, 31, 59)),
    }
    waiting = {("waits", days) for days in (29, 31, 59, 61, 400)}
    assert left() == sorted(f"{kind} {days}" for kind, days in kept | waiting)
    assert (run.gone["delivered mail"], run.gone["undelivered mail"], run.is_over) == (4, 4, True)


def test_the_days_count_from_when_it_was_sent_or_given_up_the_last_time() -> None:
    mail("sent again", 400, last=10, status="sent")
    mail("came back", 400, last=50, status="sent", delivery="dropped")
    mail("failed lately", 400, last=50, status="failed")
    mail("old", 400, last=61, status="failed")

    apply_retention(by=NIGHT)

    assert left() == ["came back", "failed lately", "sent again"]


def test_nought_days_keep_all_for_ever(settings: LazySettings) -> None:
    settings.MAIL_KEPT_DAYS = settings.UNDELIVERED_MAIL_KEPT_DAYS = 0
    for status in ("sent", "failed"):
        mail(status, 4000, status=status)

    apply_retention(by=NIGHT)

    assert left() == ["failed", "sent"]
    assert removals() == []


def test_tries_and_events_go_along_and_a_thread_keeps_its_answer(actor: Actor) -> None:
    contact = make_contact()
    respond_to_contact(contact, message="It is mended", by=actor)
    deliver_due_mail()
    old = made(31)
    OutgoingMail.objects.update(status="sent", sent_at=old["created_at"], id=old["id"])  # its rows follow below
    MailTry.objects.all().delete()
    MailTry.objects.create(mail_id=old["id"], number=1, outcome="accepted")
    MailEvent.objects.create(id="e", mail_id=old["id"], kind="delivered", occurred_at=timezone.now())
    ContactAnswer.objects.update(mail_id=old["id"])

    apply_retention(by=NIGHT)

    assert (OutgoingMail.objects.count(), MailTry.objects.count(), MailEvent.objects.count()) == (0, 0, 0)
    answer = ContactAnswer.objects.get()
    assert (answer.message, answer.mail) == ("It is mended", None)


def test_each_step_says_in_its_own_transaction_what_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 2)
    for number in range(5):
        mail(str(number), 40 + number, status="sent")

    apply_retention(by=NIGHT)

    assert [row["count"] for row in removals()] == [2, 2, 1]
    told = removals()[0]
    assert (told["of"], told["kind"], told["system"]) == ("titanobova.outgoingmail", "delivered mail", "retention")
    assert told["before"].startswith(f"{days_ago(30):%Y-%m-%d}")


def test_without_its_audit_row_nothing_goes(monkeypatch: pytest.MonkeyPatch) -> None:
    mail("old", 400, status="sent")
    monkeypatch.setattr(AuditLog, "prove", lambda row: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        apply_retention(by=NIGHT)

    assert left() == ["old"]


def test_a_mail_that_staff_put_into_line_meanwhile_stays(staff: Any) -> None:
    again = mail("again", 400, status="failed")
    mail("old", 401, status="failed")
    (step, *_) = purging.UNDELIVERED.old(days_ago(60))
    assert step.count() == 2  # the step was chosen before somebody clicked

    resend(again, by=NIGHT.as_user(staff))

    assert purging.UNDELIVERED.delete(step) == 1
    assert left() == ["again"]


def test_a_mail_that_has_just_gone_cannot_be_sent_again(staff: Any) -> None:
    shown = mail("old", 400, status="failed")
    apply_retention(by=NIGHT)

    with pytest.raises(MailIsGone):
        resend(shown, by=NIGHT.as_user(staff))


def test_a_run_ends_after_its_time_and_the_next_one_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retention, "STEP", 2)
    for number in range(5):
        mail(str(number), 40 + number, status="sent")

    first = apply_retention(by=NIGHT, seconds=0)
    assert (first.gone["delivered mail"], first.is_over, OutgoingMail.objects.count()) == (2, False, 3)

    assert apply_retention(by=NIGHT).is_over
    assert OutgoingMail.objects.count() == 0


def test_the_job_wakes_another_while_there_is_more_and_ends_where_nothing_moves(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    woken: list[int] = []
    monkeypatch.setattr(jobs.forget_old_rows, "delay", lambda: woken.append(1))
    monkeypatch.setattr(jobs, "SECONDS", 0)
    mail("old", 400, status="sent")
    jobs.forget_old_rows()
    assert (left(), woken) == ([], [1])

    mail("in trouble", 40, status="sent", delivery="bounced")  # a step, from which nothing goes
    jobs.forget_old_rows()
    assert (left(), woken) == (["in trouble"], [1])


def test_beat_wakes_the_job_once_a_night() -> None:
    (entry,) = [one for one in app.conf.beat_schedule.values() if one["task"] == jobs.forget_old_rows.name]

    app.loader.import_default_modules()
    assert jobs.forget_old_rows.name in app.tasks
    assert (entry["schedule"].hour, entry["schedule"].minute) == ({3}, {17})


@pytest.fixture
def expired() -> None:
    """Of each technical table a row that is over and one that is not."""
    for name, offset in (("over", -1), ("open", 60)):
        end = timezone.now() + timedelta(seconds=offset)
        IdempotencyKey.objects.create(key=name, body_digest="x", expires_at=end)
        RateLimitCounter.objects.create(key=name, used=1, window_ends_ms=int(end.timestamp() * 1000))
        CookieSession.objects.create(session_key=name, session_data="x", expire_date=end)


def keys() -> list[str]:
    """Return the keys of the three tables."""
    return [
        key
        for model in (IdempotencyKey, RateLimitCounter, CookieSession)
        for key in model._default_manager.values_list("pk", flat=True)
    ]


@pytest.mark.usefixtures("expired")
def test_counters_names_of_requests_and_cookies_go_once_they_are_over() -> None:
    run = apply_retention(by=NIGHT)

    assert keys() == ["open"] * 3
    assert run.gone["expired"] == 3
    assert removals() == []  # technical rows, of which nobody is told


@pytest.fixture
def renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let somebody claim the expired keys anew just before they are deleted."""

    def renew(place: str) -> None:
        if place == "retention.before_delete":
            IdempotencyKey.objects.update(expires_at=timezone.now() + timedelta(minutes=1))

    monkeypatch.setattr(faults, "hook", renew)


@pytest.mark.usefixtures("expired", "renewed")
def test_a_name_that_is_claimed_anew_in_that_moment_stays() -> None:
    apply_retention(by=NIGHT)

    assert IdempotencyKey.objects.count() == 2


def test_the_command_counts_first_and_then_deletes() -> None:
    def said(*arguments: str) -> str:
        out = StringIO()
        call_command("apply_retention", *arguments, stdout=out)
        return out.getvalue()

    mail("old", 40, status="sent")
    none = "login attempts 0, sessions 0, unfinished logins 0"

    assert said("--dry-run") == f"Would delete: delivered mail 1, undelivered mail 0, {none}.\n"
    assert left() == ["old"]
    assert said() == f"Deleted: delivered mail 1, undelivered mail 0, {none}, expired 0.\n"
    assert left() == []


def test_no_statement_reads_a_whole_table() -> None:
    """Ask PostgreSQL how it would carry out each statement of a run, with enough rows for it to mind."""
    if connection.vendor != "postgresql":
        return
    OutgoingMail.objects.bulk_create(
        OutgoingMail(recipient="a@example.com", subject="x", text="x", status="sent", sent_at=timezone.now())
        for _ in range(20_000)
    )
    later = int(timezone.now().timestamp() * 1000) + 60_000
    RateLimitCounter.objects.bulk_create(
        RateLimitCounter(key=str(number), used=1, window_ends_ms=later) for number in range(5000)
    )
    for number in range(3):
        mail(str(number), 400, status="failed" if number else "sent")
    RateLimitCounter.objects.create(key="over", used=1, window_ends_ms=1)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE titanobova_outgoingmail; ANALYZE titanobova_ratelimitcounter")

    with CaptureQueriesContext(
        connection,
    ) as captured:
        run = apply_retention(by=NIGHT)

    assert (run.gone.total(), len(captured)) > (3, 10)
    statements = [one["sql"] for one in captured if re.match(r"SELECT|DELETE", one["sql"])]
    with connection.cursor() as cursor:
        for statement in statements:
            cursor.execute(f"EXPLAIN {statement}")
            plan = "\n".join(line for (line,) in cursor.fetchall())
            assert "Seq Scan on titanobova_outgoingmail" not in plan, statement
            assert "Seq Scan on titanobova_ratelimitcounter" not in plan, statement


def test_every_kind_has_a_setting_of_its_days(settings: LazySettings) -> None:
    assert {getattr(settings, kept.setting) for kept in KEPT} == {30, 60, 90}
