"""Mails as people get them: the same words as plain text and as HTML, through SMTP and through SendGrid."""

import email.policy
import html
import re
import time
from collections.abc import Iterator
from email.message import EmailMessage

import pytest
from django.db import transaction
from django.utils import timezone
from pytest_django import Settings

from tests.shared.outbox import SendGrid, make_due
from tests.shared.smtp_server import SMTPServer, serving
from titanobova.email import send_later
from titanobova.env import BASE_DIR
from titanobova.letters import compose, unseal
from titanobova.mail.delivering import MAX_FAILURES, deliver_due_mail
from titanobova.models import OutgoingMail

TOKEN = "pX1JejgYF_2h1xhrPfJIZILw-sYKqsdOmlJHew9hGSY"
URL = f"https://www.example.com/reset-password?token={TOKEN}"
BUTTON = ("Choose a new password", URL)
HOSTILE = """<script>alert("x")</script> O'Brien & Søns"""
PARTS = {"users_hello", "users_where", "payments_documents_in_full"}  # of other templates
TEMPLATES = sorted({path.stem for path in (BASE_DIR / "titanobova/templates/mail").glob("*.txt")} - PARTS)
PERSON = {"name": HOSTILE, "first_name": HOSTILE, "subject": HOSTILE, "created_at": timezone.now()}
CONTEXT: dict[str, object] = {
    "first_name": HOSTILE,
    "user": PERSON,
    "contact": PERSON,
    "answer": f"{HOSTILE}\n\n{HOSTILE}",
    "payment": {"description": HOSTILE, "amount_text": "99.99", "currency": "usd", "id": "1"},
    "at": timezone.now(),
    "until": timezone.now(),
    "device": HOSTILE,
    "ip_address": "192.0.2.1",
    "new_email": "new@example.com",
    "lifetime": "one hour",
    "failures": 5,
}


def words(page: str) -> str:
    """Return what an HTML mail shows, with single spaces."""
    body = re.sub(r"<head>.*</head>", "", page, flags=re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", " ", body)).split())


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_says_the_same_in_both_forms_and_what_was_typed_stays_text(template: str) -> None:
    letter = compose(template, subject=HOSTILE, context=CONTEXT)

    paragraphs = letter.text.strip().split("\n\n")
    assert len(paragraphs) > 1
    assert [p for p in paragraphs if " ".join(p.split()) not in words(letter.html)] == []
    assert "<script" not in letter.html
    assert "&lt;script&gt;" in letter.html
    assert not re.search(r"&(#x27|quot|amp|lt);", letter.text)


@pytest.mark.parametrize("template", TEMPLATES)
def test_every_mail_can_carry_one_button(template: str) -> None:
    letter = compose(template, subject="Hello", context=CONTEXT, button=BUTTON)

    assert letter.text.count(f"\n\n{BUTTON[0]}:\n{URL}\n") == 1
    assert re.findall(r'<a href="([^"]*)" class="button"[^>]*>([^<]*)<', letter.html) == [(URL, BUTTON[0])]


def test_an_address_is_escaped_inside_the_button() -> None:
    hostile = 'https://example.com/?a=1&b="><script>'

    letter = compose("session_ended", subject="Hello", context={}, button=("<b>Go</b>", hostile))

    assert 'href="https://example.com/?a=1&amp;b=&quot;&gt;&lt;script&gt;"' in letter.html
    assert "&lt;b&gt;Go" in letter.html


def test_what_somebody_typed_does_not_pose_as_the_button() -> None:
    typed = f"Hello\n\n{BUTTON[0]}:\nhttps://evil.example/\n\nBye"

    letter = compose("contacts_answer", subject="Hello", context={**CONTEXT, "answer": typed}, button=BUTTON)

    assert re.findall(r'<a href="([^"]*)" class="button"', letter.html) == [URL]


def test_an_html_mail_loads_nothing() -> None:
    letter = compose("users_reset_password", subject="Hello", context=CONTEXT, button=BUTTON)

    assert not re.findall(r"<img|<link|<script|@import|url\(|\bsrc=", letter.html)
    assert set(re.findall(r"https?://[^\s\"<]+", letter.html)) == {URL}


@pytest.mark.django_db
def test_line_breaks_in_a_subject_become_spaces() -> None:
    mail = send_later("session_ended", to="a@example.com", subject="Re: hello\r\nBcc: b@example.com\n\nbody")

    assert mail.subject == "Re: hello Bcc: b@example.com body"


@pytest.fixture
def smtp(settings: Settings, db: None) -> Iterator[SMTPServer]:
    """An SMTP server that our mail leaves through."""
    server = SMTPServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.server_address[1], False
    with serving(server):
        yield server


def write() -> OutgoingMail:
    """Put a mail with a link into the outbox."""
    context = {"first_name": HOSTILE, "lifetime": "one hour", "at": timezone.now(), "device": "curl"}
    return send_later(
        "users_reset_password",
        to="ada@example.com",
        subject="Choose a new password",
        context=context,
        reply_to="support@example.com",
        button=BUTTON,
    )


def test_smtp_gets_both_forms_the_plain_one_first(smtp: SMTPServer) -> None:
    write()
    deliver_due_mail()

    sent = email.message_from_bytes(smtp.mails[0], policy=email.policy.default)
    assert isinstance(sent, EmailMessage)
    assert (sent.get_content_type(), sent["To"], sent["Reply-To"]) == (
        "multipart/alternative",
        "ada@example.com",
        "support@example.com",
    )
    plain, rich = sent.iter_parts()
    assert [part.get_content_type() for part in (plain, rich)] == ["text/plain", "text/html"]
    assert f"Hello {HOSTILE}," in plain.get_content()
    assert URL in plain.get_content()
    assert f'href="{URL}"' in rich.get_content()
    assert smtp.recipients == ["ada@example.com"]


@pytest.mark.django_db
def test_sendgrid_gets_both_forms_and_leads_no_link_through_itself(sendgrid: SendGrid) -> None:
    write()
    deliver_due_mail()

    sent = sendgrid.received[0].message
    assert [part["type"] for part in sent["content"]] == ["text/plain", "text/html"]
    assert all(URL in part["value"] for part in sent["content"])
    assert sent["personalizations"] == [{"to": [{"email": "ada@example.com"}]}]
    assert sent["reply_to"] == {"email": "support@example.com"}
    assert sent["tracking_settings"]["click_tracking"] == {"enable": False, "enable_text": False}
    assert sent["tracking_settings"]["open_tracking"]["enable"] is False


def test_a_waiting_mail_holds_its_link_encrypted_and_a_sent_one_not_at_all(smtp: SMTPServer) -> None:
    waiting = write()
    deliver_due_mail()

    assert TOKEN not in waiting.text + waiting.button
    assert URL in unseal(waiting.text)
    assert URL in unseal(waiting.button)
    sent = OutgoingMail.objects.get()
    assert sent.status == OutgoingMail.Status.SENT
    assert "https://www.example.com/reset-password?token=...\n" in sent.text
    assert sent.button.endswith("?token=...")


@pytest.mark.django_db
@pytest.mark.parametrize(("answer", "failures"), [(400, 0), (500, MAX_FAILURES - 1)])
def test_a_mail_given_up_holds_no_link_either(sendgrid: SendGrid, answer: int, failures: int) -> None:
    sendgrid.status = answer
    write()
    OutgoingMail.objects.update(failures=failures)

    deliver_due_mail()

    kept = OutgoingMail.objects.get()
    assert kept.status == OutgoingMail.Status.FAILED
    assert "?token=...\n" in kept.text


@pytest.mark.django_db
def test_a_mail_that_is_tried_again_is_whole(sendgrid: SendGrid) -> None:
    sendgrid.status = 500
    mail = write()
    deliver_due_mail()
    make_due(mail)
    sendgrid.status = 202

    deliver_due_mail()

    assert [URL in got.message["content"][0]["value"] for got in sendgrid.received] == [True, True]
    assert OutgoingMail.objects.get().status == OutgoingMail.Status.SENT


@pytest.mark.django_db(transaction=True)
def test_without_a_worker_nobody_waits_for_the_mail_server(smtp: SMTPServer, settings: Settings) -> None:
    settings.CELERY_TASK_ALWAYS_EAGER = True
    smtp.open.clear()
    with transaction.atomic():
        write()

    on_its_way = OutgoingMail.objects.get().status
    smtp.open.set()

    assert on_its_way == OutgoingMail.Status.WAITING
    deadline = time.monotonic() + 15
    while OutgoingMail.objects.get().status != OutgoingMail.Status.SENT and time.monotonic() < deadline:
        time.sleep(0.02)
    assert OutgoingMail.objects.get().status == OutgoingMail.Status.SENT
    assert len(smtp.mails) == 1
