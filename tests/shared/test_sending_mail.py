"""Mail on its way: what SendGrid gets, what is tried again, what fails for good, and what a visitor cannot add."""

import time
from datetime import UTC, timedelta
from email.utils import format_datetime

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.core import mail as sent_by_django
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from tests.shared.outbox import KEY, SendGrid, make_due, pause_of, write_mail
from titanobova.email import send_later
from titanobova.mail import sendgrid as door
from titanobova.mail import sending
from titanobova.mail.delivering import MAX_FAILURES, deliver_due_mail
from titanobova.models import MailPause, MailTry, OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db

ATTACK = "Hello\r\nBcc: everyone@example.com\n\nBuy"


def tries_of(mail: OutgoingMail) -> list[tuple[str, str]]:
    """Return what came of each try, and why."""
    return list(mail.attempts.order_by("number").values_list("outcome", "reason"))


def seconds_of_pause() -> float:
    """Return how long all mail still pauses."""
    return (MailPause.objects.get().ends_at - timezone.now()).total_seconds()


def test_sendgrid_gets_the_mail_and_the_key(sendgrid: SendGrid) -> None:
    mail = write_mail(reply_to="visitor@example.com")

    deliver_due_mail()

    (received,) = sendgrid.received
    assert (received.path, received.authorization) == ("/v3/mail/send", f"Bearer {KEY}")
    message = received.message
    assert message["personalizations"] == [{"to": [{"email": "ada@example.com"}]}]
    assert message["from"] == {"name": "titanobova", "email": "noreply@titanobova.com"}
    assert (message["subject"], message["reply_to"]) == ("Your session", {"email": "visitor@example.com"})
    assert message["content"][0]["type"] == "text/plain"
    assert "we ended it" in message["content"][0]["value"]
    assert message["custom_args"] == {"mail": str(mail.pk), "sending": "0"}
    assert tries_of(mail) == [("accepted", "")]


TO_BE_TRIED_AGAIN = {
    500: ("down", 30),
    501: ("down", 30),
    503: ("down", 30),
    408: ("down", 30),
    502: ("unknown", 120),
    504: ("unknown", 120),
}


@pytest.mark.parametrize(("status", "outcome", "seconds"), [(s, *rest) for s, rest in TO_BE_TRIED_AGAIN.items()])
def test_a_mail_that_a_failing_service_did_not_take_is_tried_again(
    sendgrid: SendGrid, status: int, outcome: str, seconds: int
) -> None:
    sendgrid.status = status
    mail = write_mail()

    deliver_due_mail()
    assert deliver_due_mail() == 0
    assert seconds - 1 < pause_of(mail) <= seconds * 1.25
    sendgrid.status = 202
    make_due(mail)

    assert deliver_due_mail() == 1
    mail.refresh_from_db()
    assert (mail.status, mail.tries, mail.last_error, len(sendgrid.received)) == ("sent", 2, "", 2)
    assert tries_of(mail) == [(outcome, f"SendGrid answered with status {status}"), ("accepted", "")]
    assert not MailPause.objects.exists()


def test_pauses_double_up_to_an_hour_with_up_to_a_quarter_by_chance(sendgrid: SendGrid) -> None:
    sendgrid.status = 500
    mail, pauses = write_mail(), []

    for _ in range(12):
        make_due(mail)
        deliver_due_mail()
        pauses.append(pause_of(mail))

    planned = [min(30 * 2**number, 3600) for number in range(12)]
    assert all(plan - 1 < pause <= plan * 1.25 for plan, pause in zip(planned, pauses, strict=True))
    assert len({round(pause / plan, 4) for plan, pause in zip(planned, pauses, strict=True)}) > 6


def test_a_mail_is_given_up_after_a_hundred_failures_which_take_four_days(sendgrid: SendGrid) -> None:
    sendgrid.status = 500
    mail, waited = write_mail(), 0.0
    mail.failures = MAX_FAILURES - 2
    mail.save()

    for _ in range(3):
        make_due(mail)
        deliver_due_mail()

    mail.refresh_from_db()
    assert (mail.status, mail.tries, len(sendgrid.received)) == ("failed", 2, 2)
    waited = sum(min(30 * 2**number, 3600) for number in range(MAX_FAILURES - 1))
    assert timedelta(seconds=waited) > timedelta(days=3, hours=18)


ASKED = {
    "seconds": ({"Retry-After": "90"}, 90),
    "a date": ({"Retry-After": "{date}"}, 90),
    "SendGrid's own header": ({"X-RateLimit-Reset": "{unix}"}, 90),
    "nothing": ({}, 60),
    "no sense": ({"Retry-After": "soon"}, 60),
    "a negative number": ({"Retry-After": "-5"}, 60),
    "for ever": ({"Retry-After": "9" * 400}, 3600),
    "a date long ago": ({"Retry-After": "Thu, 01 Jan 1970 00:00:00 GMT"}, 1),
    "a date that is none": ({"Retry-After": "Thu, 99 Jan 1970 99:00:00 GMT"}, 60),
    "no ASCII digits": ({"Retry-After": "\u00b2"}, 60),
}


@pytest.mark.parametrize(("headers", "seconds"), ASKED.values(), ids=ASKED)
def test_a_limit_pauses_all_mail_as_long_as_sendgrid_asks(
    sendgrid: SendGrid, headers: dict[str, str], seconds: int
) -> None:
    at = timezone.now() + timedelta(seconds=90)
    words = {"date": format_datetime(at.astimezone(UTC), usegmt=True), "unix": str(int(at.timestamp()))}
    sendgrid.status, sendgrid.headers = 429, {name: text.format(**words) for name, text in headers.items()}
    first, second = write_mail(subject="first"), write_mail(subject="second")

    deliver_due_mail()
    deliver_due_mail()

    assert sendgrid.subjects == ["first"]
    assert seconds - 2 < seconds_of_pause() <= seconds * 1.25
    first.refresh_from_db()
    assert (first.status, first.failures, first.tries) == ("waiting", 0, 1)
    assert second.attempts.count() == 0
    MailPause.objects.update(ends_at=timezone.now())
    sendgrid.status = 202
    make_due(first)
    assert deliver_due_mail() == 2


@pytest.mark.parametrize("status", [401, 403, 404, 405, 200, 304])
def test_a_mistake_of_ours_costs_no_mail(sendgrid: SendGrid, status: int) -> None:
    sendgrid.status, mail = status, write_mail()
    OutgoingMail.objects.update(failures=MAX_FAILURES - 1)

    for _ in range(5):
        make_due(mail)
        deliver_due_mail()

    mail.refresh_from_db()
    assert (mail.status, mail.failures, mail.tries) == ("waiting", MAX_FAILURES - 1, 5)
    assert tries_of(mail) == [("misconfigured", f"SendGrid answered with status {status}")] * 5
    assert 200 < seconds_of_pause() <= 300
    sendgrid.status = 202
    make_due(mail)
    assert deliver_due_mail() == 1


def test_an_outage_costs_one_try_and_not_one_for_each_mail(sendgrid: SendGrid) -> None:
    sendgrid.status = 503
    mails = [write_mail(subject=str(number)) for number in range(50)]

    for _ in range(5):
        assert deliver_due_mail() == 0
    assert len(sendgrid.received) == 1

    sendgrid.status = 202
    make_due(mails[0])
    assert deliver_due_mail() == 50


@pytest.mark.parametrize("how", ["silent", "dripping", "cut", "gone"])
def test_whatever_the_network_does_the_mail_stays_and_nobody_waits_long(
    sendgrid: SendGrid, settings: LazySettings, monkeypatch: pytest.MonkeyPatch, how: str
) -> None:
    monkeypatch.setattr(door, "SECONDS", 0.3)
    monkeypatch.setattr(sending, "CALL_SECONDS", 0.6)
    sendgrid.seconds = {"silent": 0.5, "dripping": 0.05}.get(how, 0)
    sendgrid.drips, sendgrid.cuts = how == "dripping", how == "cut"
    if how == "gone":
        settings.SENDGRID_API_BASE = "http://127.0.0.1:1"
    mail, started = write_mail(), time.monotonic()

    assert deliver_due_mail() == 0

    assert time.monotonic() - started < 1
    [(outcome, _)] = tries_of(mail)
    assert outcome == ("down" if how == "gone" else "unknown")
    least = 30 if how == "gone" else 120
    assert least - 1 < pause_of(mail) <= least * 1.25
    assert mail.status == "waiting"


@pytest.mark.parametrize("status", [400, 413, 422])
def test_a_mail_that_will_never_be_taken_fails_for_good_and_staff_see_why(
    sendgrid: SendGrid, staff: User, status: int
) -> None:
    sendgrid.status = status
    sendgrid.body = b'{"errors": [{"message": "The subject is\\nrequired. token=abcdef", "field": "subject"}]}'
    mail = write_mail()
    client = Client()
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    deliver_due_mail()
    make_due(mail)
    deliver_due_mail()

    mail.refresh_from_db()
    assert (mail.status, mail.tries, len(sendgrid.received)) == ("failed", 1, 1)
    assert mail.last_error == f"SendGrid refused it with status {status}: The subject is required. token=[hidden]"
    assert mail.last_error in client.get("/admin/titanobova/outgoingmail/").content.decode()


@pytest.mark.parametrize("body", [b"", b"<html>", b"[]", b'{"errors": 5}', b'{"errors": [{"message": 5}]}', b"\xff"])
def test_an_odd_answer_is_no_defect(sendgrid: SendGrid, body: bytes) -> None:
    sendgrid.status, sendgrid.body = 400, body
    mail = write_mail()

    deliver_due_mail()

    assert tries_of(mail) == [("refused", "SendGrid refused it with status 400")]


def test_one_mail_that_fails_holds_up_no_other(sendgrid: SendGrid) -> None:
    sendgrid.status = 400
    write_mail(subject="one")
    write_mail(subject="two")

    deliver_due_mail()

    assert sendgrid.subjects == ["one", "two"]


def test_a_mail_that_cannot_be_put_together_holds_up_no_other_and_is_whole_once_its_key_is_back(
    sendgrid: SendGrid, settings: LazySettings
) -> None:
    old, new = ("A" * 42 + "E=", "B" * 42 + "E=")
    settings.FIELD_ENCRYPTION_KEYS = [old]
    link = ("Go", "https://www.example.com/unlock?token=" + "x" * 43)
    broken = send_later("session_ended", to="ada@example.com", subject="broken", button=link)
    settings.FIELD_ENCRYPTION_KEYS = [new]
    write_mail(subject="whole")

    assert deliver_due_mail() == 1

    assert sendgrid.subjects == ["whole"]
    assert tries_of(broken) == [("deferred", "It cannot be put together: ValueError")]
    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    make_due(broken)
    assert deliver_due_mail() == 1
    assert link[1] in sendgrid.received[-1].message["content"][0]["value"]


def test_a_mail_costs_five_queries_and_an_idle_sweep_two(
    sendgrid: SendGrid, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(3):
        write_mail()

    def statements(mails: int) -> int:
        # The pause and the empty claim; for each mail: find, claim, note the try, settle mail and try; savepoints of
        # the claims and settlements, which outside a test's transaction are no statements.
        return 2 + 2 + mails * (5 + 4)

    with django_assert_num_queries(statements(3)):
        assert deliver_due_mail() == 3
    with django_assert_num_queries(statements(0)):
        assert deliver_due_mail() == 0


def test_without_sendgrid_django_sends_it() -> None:
    write_mail(reply_to="visitor@example.com")

    assert deliver_due_mail() == 1

    (message,) = sent_by_django.outbox
    assert (message.to, message.reply_to) == (["ada@example.com"], ["visitor@example.com"])
    assert message.from_email == django_settings.DEFAULT_FROM_EMAIL


def test_text_of_a_visitor_adds_no_header() -> None:
    write_mail(subject=ATTACK, reply_to=ATTACK)
    write_mail(subject="x" * 300)

    deliver_due_mail()

    first, second = sent_by_django.outbox
    assert first.subject == "Hello Bcc: everyone@example.com Buy"
    assert first.reply_to == []
    assert "\nBcc" not in first.message().as_string()
    assert len(second.subject) == 200


LISTS_AND_MORE = {
    "a list": "a@example.com, everyone@example.com",
    "semicolons": "a@example.com;everyone@example.com",
    "a name": "Ada <a@example.com>",
    "a line break": "a@example.com\nBcc: everyone@example.com",
    "a carriage return": "a@example.com\rBcc: everyone@example.com",
    "no address": "ada",
    "two signs": "a@b@example.com",
    "a space": "a @example.com",
    "a NUL": "a\x00@example.com",
    "too long": "a@" + "b" * 60 + ".com" + "m" * 250,
    "a percent detour": "a%everyone@",
}


@pytest.mark.parametrize("address", LISTS_AND_MORE.values(), ids=LISTS_AND_MORE)
def test_a_reply_goes_to_one_address_or_to_nobody_special(address: str) -> None:
    assert write_mail(reply_to=address).reply_to == ""


@pytest.mark.parametrize("address", [LISTS_AND_MORE[name] for name in LISTS_AND_MORE if "NUL" not in name][:8])
def test_what_is_not_one_address_is_written_to_nobody(sendgrid: SendGrid, address: str) -> None:
    mail = send_later("session_ended", to=address, subject="x")

    assert deliver_due_mail() == 0

    mail.refresh_from_db()
    assert (mail.status, sendgrid.received, sent_by_django.outbox) == ("failed", [], [])
    assert tries_of(mail) == [("refused", "The recipient is not one e-mail address.")]
    assert MailTry.objects.count() == 1
