"""Mail on its way: what SendGrid gets, what is tried again, what fails for good, and what a visitor cannot add."""

import time

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.core import mail as sent_by_django
from django.test import Client

from tests.shared.outbox import KEY, SendGrid, make_due, pause_of, write_mail
from titanobova import email
from titanobova.email import deliver_due_mail, send_later
from users.models import User

pytestmark = pytest.mark.django_db

ATTACK = "Hello\r\nBcc: everyone@example.com\n\nBuy"


def test_sendgrid_gets_the_mail_and_the_key(sendgrid: SendGrid) -> None:
    write_mail(reply_to="visitor@example.com")

    deliver_due_mail()

    (received,) = sendgrid.received
    assert (received.path, received.authorization) == ("/v3/mail/send", f"Bearer {KEY}")
    message = received.message
    assert message["personalizations"] == [{"to": [{"email": "ada@example.com"}]}]
    assert message["from"] == {"name": "titanobova", "email": "noreply@titanobova.com"}
    assert (message["subject"], message["reply_to"]) == ("Your session", {"email": "visitor@example.com"})
    assert message["content"][0]["type"] == "text/plain"
    assert "we ended it" in message["content"][0]["value"]


@pytest.mark.parametrize("status", [429, 500, 503, 401, 403, 408])
def test_a_mail_that_is_not_taken_now_is_tried_again_with_longer_pauses(sendgrid: SendGrid, status: int) -> None:
    sendgrid.status = status
    mail = write_mail()

    deliver_due_mail()
    assert deliver_due_mail() == 0
    assert 25 < pause_of(mail) <= 30
    make_due(mail)
    deliver_due_mail()
    assert 55 < pause_of(mail) <= 60
    sendgrid.status = 202
    make_due(mail)

    assert deliver_due_mail() == 1
    mail.refresh_from_db()
    assert (mail.status, mail.tries, mail.last_error, len(sendgrid.received)) == ("sent", 3, "", 3)


def test_a_service_that_is_silent_or_gone_is_asked_again_later(
    sendgrid: SendGrid, settings: LazySettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(email, "SENDGRID_TIMEOUT", 0.2)
    sendgrid.seconds = 0.5
    mail = write_mail()

    started = time.monotonic()
    deliver_due_mail()
    assert time.monotonic() - started < 0.5
    assert 25 < pause_of(mail) <= 30
    settings.SENDGRID_API_BASE = "http://127.0.0.1:1"
    make_due(mail)
    deliver_due_mail()

    assert 55 < pause_of(mail) <= 60
    assert (mail.status, mail.tries) == ("waiting", 2)


def test_pauses_end_at_three_hours_and_tries_at_twelve(sendgrid: SendGrid) -> None:
    sendgrid.status = 500
    mail = write_mail()
    pauses = []

    for _ in range(13):
        deliver_due_mail()
        pauses.append(pause_of(mail))
        make_due(mail)

    assert max(pauses) <= 3 * 3600
    assert (mail.status, mail.tries, len(sendgrid.received)) == ("failed", 12, 12)


@pytest.mark.parametrize("status", [400, 413])
def test_a_mail_that_will_never_be_taken_fails_for_good_and_staff_see_it(
    sendgrid: SendGrid, staff: User, status: int
) -> None:
    sendgrid.status = status
    mail = write_mail()
    client = Client()
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    deliver_due_mail()
    make_due(mail)
    deliver_due_mail()

    mail.refresh_from_db()
    assert (mail.status, mail.tries, len(sendgrid.received)) == ("failed", 1, 1)
    assert mail.last_error == f"SendGrid refused it with status {status}"
    assert mail.last_error in client.get("/admin/titanobova/outgoingmail/").content.decode()


def test_one_mail_that_fails_holds_up_no_other(sendgrid: SendGrid) -> None:
    sendgrid.status = 400
    write_mail(subject="one")
    write_mail(subject="two")

    deliver_due_mail()

    assert [received.message["subject"] for received in sendgrid.received] == ["one", "two"]


def test_without_sendgrid_django_sends_it() -> None:
    write_mail(reply_to="visitor@example.com")

    assert deliver_due_mail() == 1

    (message,) = sent_by_django.outbox
    assert (message.to, message.reply_to) == (["ada@example.com"], ["visitor@example.com"])
    assert message.from_email == django_settings.DEFAULT_FROM_EMAIL


def test_text_of_a_visitor_adds_no_header() -> None:
    write_mail(subject=ATTACK, reply_to=ATTACK)
    write_mail(subject="x" * 300, reply_to="a@example.com, everyone@example.com")

    deliver_due_mail()

    first, second = sent_by_django.outbox
    assert first.subject == "Hello Bcc: everyone@example.com Buy"
    assert (first.reply_to, second.reply_to) == ([], [])
    assert "\nBcc" not in first.message().as_string()
    assert len(second.subject) == 200


def test_an_address_with_a_line_break_is_written_to_nobody() -> None:
    mail = send_later("session_ended", to="ada@example.com\nBcc: everyone@example.com", subject="x")

    assert deliver_due_mail() == 0

    mail.refresh_from_db()
    assert (mail.status, sent_by_django.outbox) == ("waiting", [])
