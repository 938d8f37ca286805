"""The outbox of the tests, and a server on this machine that plays SendGrid."""

import json
import threading
import time
from contextlib import suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings as django_settings
from django.utils import timezone
from django_redis import get_redis_connection

from titanobova import email
from titanobova.email import deliver_mail, send_later
from titanobova.models import MailPause, OutgoingMail

KEY = "SG." + "a-key-of-the-tests"


@dataclass
class Received:
    """One request that arrived."""

    path: str
    authorization: str
    message: dict[str, Any]


@dataclass
class SendGrid:
    """What it answers, how slowly, and what it received.

    `cuts` ends the connection once the mail is there, without a word; `drips` sends the answer a byte at a time,
    `seconds` apart.
    """

    status: int = 202
    seconds: float = 0.0
    headers: dict[str, str] = field(default_factory=dict)
    body: bytes = b""
    cuts: bool = False
    drips: bool = False
    received: list[Received] = field(default_factory=list)
    port: int = 0

    def start(self) -> "PlayedServer":
        """Serve in a thread on a free port of this machine alone."""
        server = PlayedServer(self)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return server

    @property
    def subjects(self) -> list[str]:
        """What arrived, in order."""
        return [received.message["subject"] for received in self.received]


class PlayedServer(ThreadingHTTPServer):
    """The server that answers as a SendGrid says."""

    def __init__(self, played: SendGrid) -> None:
        super().__init__(("127.0.0.1", 0), Conversation)
        self.played = played


class Conversation(BaseHTTPRequestHandler):
    """One request."""

    server: PlayedServer

    def do_POST(self) -> None:
        """Take the mail, and answer."""
        played, body = self.server.played, self.rfile.read(int(self.headers["Content-Length"]))
        played.received.append(Received(self.path, self.headers["Authorization"], json.loads(body)))
        self.close_connection = True
        if played.drips:
            self.drip(b"HTTP/1.0 202" + b" " * 100, pause=played.seconds)
        elif not played.cuts:
            time.sleep(played.seconds)
            self.answer(played)

    def answer(self, played: SendGrid) -> None:
        """Send status, headers and body."""
        self.send_response(played.status)
        for name, text in played.headers.items():
            self.send_header(name, text)
        self.end_headers()
        self.wfile.write(played.body)

    def drip(self, line: bytes, *, pause: float) -> None:
        """Send a line of which every byte comes in time, and the end never."""
        with suppress(OSError):
            for byte in line:
                self.wfile.write(bytes([byte]))
                time.sleep(pause)

    def log_message(self, *args: object) -> None:
        """Print nothing."""


def write_mail(*, subject: str = "Your session", reply_to: str = "") -> OutgoingMail:
    """Put a mail into the outbox; the test's own transaction never commits, so nothing wakes the delivery."""
    return send_later("session_ended", to="ada@example.com", subject=subject, reply_to=reply_to)


def make_due(mail: OutgoingMail) -> None:
    """Let the time of the next try come, and the end of the pause of all mail."""
    OutgoingMail.objects.filter(pk=mail.pk).update(next_try_at=timezone.now())
    MailPause.objects.update(ends_at=timezone.now())


def pause_of(mail: OutgoingMail) -> float:
    """Return in how many seconds the mail is tried again."""
    mail.refresh_from_db()
    return (mail.next_try_at - timezone.now()).total_seconds()


def wait_for_the_worker() -> None:
    """Return once all woken deliveries are done: by the embedded mode's thread, or by us in the place of Celery's."""
    if django_settings.REDIS_HOST:
        email._queue_waker.flush()
        queue = get_redis_connection("default")
        while queue.lpop("celery"):
            deliver_mail()
    else:
        email._embedded_worker.submit(int).result(timeout=10)
