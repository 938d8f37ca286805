"""Mail by an SMTP server: what its refusals mean, and what it may do without a mail being lost or sent twice."""

import email
import email.policy
import threading
from collections.abc import Iterator
from email.message import EmailMessage
from socketserver import StreamRequestHandler, ThreadingTCPServer

import pytest
from django.conf import LazySettings

from tests.shared.outbox import make_due, pause_of, write_mail
from tests.shared.smtp_server import serving
from titanobova.mail import sending
from titanobova.mail.delivering import deliver_due_mail
from titanobova.models import MailPause, OutgoingMail

pytestmark = pytest.mark.django_db


USUAL = {"EHLO": "250-here\r\n250 AUTH PLAIN", "DATA": "354 go on", "AUTH": "235 come in"}


class MoodyServer(ThreadingTCPServer):
    """An SMTP server that answers some verbs as a test says; `CUT` ends the connection, `HANG` says nothing."""

    allow_reuse_address = daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.answers: dict[str, str] = {}
        self.mails: list[bytes] = []
        self.over = threading.Event()


class Conversation(StreamRequestHandler):
    """As much of RFC 5321 as a client needs, and less where the server is told so."""

    server: MoodyServer

    def handle(self) -> None:
        """Answer until the client goes, or the mood says otherwise."""
        if not self.say("CONNECT", "220 here"):
            return
        while line := self.rfile.readline():
            verb = line[:4].strip().upper().decode()
            if not self.say(verb, USUAL.get(verb, "250 well")):
                return
            if verb == "DATA" and "DATA" not in self.server.answers:
                self.server.mails.append(b"".join(iter(self.rfile.readline, b".\r\n")))
                if not self.say("DOT", "250 taken"):
                    return

    def say(self, verb: str, usual: str) -> bool:
        """Answer one verb; false when the conversation is over."""
        answer = self.server.answers.get(verb, usual)
        if answer == "HANG":
            self.server.over.wait(5)
        if answer in {"HANG", "CUT"}:
            return False
        self.wfile.write(f"{answer}\r\n".encode())
        return verb != "QUIT"


@pytest.fixture
def server(settings: LazySettings) -> Iterator[MoodyServer]:
    """The server that EMAIL_HOST names; it wants a login."""
    server = MoodyServer()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT, settings.EMAIL_USE_TLS = "127.0.0.1", server.server_address[1], False
    settings.EMAIL_HOST_USER, settings.EMAIL_HOST_PASSWORD, settings.EMAIL_TIMEOUT = "us", "our-password", 0.5
    with serving(server):
        yield server
        server.over.set()


REFUSALS = [
    ("RCPT", "550 5.1.1 <ada@example.com>: no such user", "refused", "failed"),
    ("RCPT", "553 that is no mailbox", "refused", "failed"),
    ("DOT", "554 this looks like spam", "refused", "failed"),
    ("DATA", "554 no mail today", "refused", "failed"),
    ("RCPT", "450 greylisted, come again", "deferred", "waiting"),
    ("RCPT", "452 too many recipients", "deferred", "waiting"),
    ("DOT", "451 local error", "deferred", "waiting"),
    ("RCPT", "421 closing", "down", "waiting"),
    ("MAIL", "550 you may not send as noreply", "misconfigured", "waiting"),
    ("MAIL", "530 log in first", "misconfigured", "waiting"),
    ("MAIL", "451 not now", "deferred", "waiting"),
    ("AUTH", "535 wrong password", "misconfigured", "waiting"),
    ("AUTH", "454 ask later", "down", "waiting"),
    ("CONNECT", "554 go away", "down", "waiting"),
    ("CONNECT", "421 busy", "down", "waiting"),
    ("CONNECT", "CUT", "down", "waiting"),
    ("CONNECT", "HANG", "down", "waiting"),
    ("EHLO", "CUT", "down", "waiting"),
    ("DATA", "CUT", "unknown", "waiting"),
    ("DOT", "CUT", "unknown", "waiting"),
    ("DOT", "HANG", "unknown", "waiting"),
]


@pytest.mark.parametrize(("verb", "answer", "outcome", "status"), REFUSALS)
def test_what_the_server_says_decides_what_becomes_of_the_mail(
    server: MoodyServer, verb: str, answer: str, outcome: str, status: str
) -> None:
    server.answers[verb] = answer
    mail = write_mail()

    assert deliver_due_mail() == 0

    mail.refresh_from_db()
    attempt = mail.attempts.get()
    assert (attempt.outcome, mail.status) == (outcome, status)
    assert answer[4:] in attempt.reason or outcome == "down"
    assert "our-password" not in attempt.reason
    assert MailPause.objects.exists() == (outcome in {"down", "unknown", "misconfigured"})
    if status == "waiting":
        server.answers.clear()
        make_due(mail)
        assert deliver_due_mail() == 1


@pytest.mark.parametrize("answer", ["CUT", "HANG", "500 what?"])
def test_what_happens_after_the_mail_was_taken_sends_it_no_second_time(server: MoodyServer, answer: str) -> None:
    server.answers["QUIT"] = answer
    write_mail()

    assert deliver_due_mail() == 1
    assert OutgoingMail.objects.get().status == "sent"
    assert len(server.mails) == 1


def test_a_server_that_is_gone_is_asked_again(settings: LazySettings, server: MoodyServer) -> None:
    settings.EMAIL_PORT = 1
    mail = write_mail()

    deliver_due_mail()

    assert mail.attempts.get().reason == "The SMTP server cannot be reached: ConnectionRefusedError"
    assert 29 < pause_of(mail) <= 37.5


def test_a_server_that_drips_holds_nobody_up(server: MoodyServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sending, "CALL_SECONDS", 0.2)
    server.answers["DOT"] = "HANG"
    mail = write_mail()

    deliver_due_mail()

    assert mail.attempts.get().reason == "There was no answer within 0.2 seconds."


def test_each_try_has_the_same_message_id_and_a_resent_mail_another(server: MoodyServer) -> None:
    server.answers["DOT"] = "CUT"
    mail = write_mail()
    deliver_due_mail()
    server.answers.clear()
    make_due(mail)
    deliver_due_mail()
    OutgoingMail.objects.update(status="waiting", resent=1)
    make_due(mail)
    deliver_due_mail()

    parsed = [email.message_from_bytes(text, policy=email.policy.default) for text in server.mails]
    first, second, third = [one["Message-ID"] for one in parsed if isinstance(one, EmailMessage)]
    assert first == second == f"<{mail.pk}.0@titanobova.com>"
    assert third == f"<{mail.pk}.1@titanobova.com>"
    assert {one["To"] for one in parsed} == {"ada@example.com"}


SUBJECTS = ["Grüße an alle", "x" * 200, "=?utf-8?q?=0ABcc:_eve@example.com?=", "\u2028Bcc: eve@example.com"]


@pytest.mark.parametrize("subject", SUBJECTS)
def test_no_subject_adds_a_header(server: MoodyServer, subject: str) -> None:
    write_mail(subject=subject)

    assert deliver_due_mail() == 1

    head = server.mails[0].partition(b"\r\n\r\n")[0]
    names = {line.partition(b":")[0] for line in head.splitlines() if not line.startswith((b" ", b"\t"))}
    assert names == {b"Content-Type", b"MIME-Version", b"Subject", b"From", b"To", b"Date", b"Message-ID"}
