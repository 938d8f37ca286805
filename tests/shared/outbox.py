"""The outbox of the tests, and a server on this machine that plays SendGrid."""

import json
import threading
import time
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from django.conf import settings as django_settings
from django.utils import timezone
from django_redis import get_redis_connection

from titanobova import email
from titanobova.email import deliver_mail, send_later
from titanobova.models import OutgoingMail

KEY = "SG." + "a-key-of-the-tests"


@dataclass
class Received:
    """One request that arrived."""

    path: str
    authorization: str
    message: dict[str, Any]


@dataclass
class SendGrid:
    """What it answers, how slowly, and what it received."""

    status: int = 202
    seconds: float = 0.0
    received: list[Received] = field(default_factory=list)
    port: int = 0

    def start(self) -> ThreadingHTTPServer:
        """Serve in a thread on a free port of this machine alone."""
        sendgrid = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                sendgrid.received.append(Received(self.path, self.headers["Authorization"], json.loads(body)))
                time.sleep(sendgrid.seconds)
                self.send_response(sendgrid.status)
                self.end_headers()

            def log_message(self, *args: object) -> None:
                """Print nothing."""

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.port = server.server_port
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}).start()
        return server


def write_mail(*, subject: str = "Your session", reply_to: str = "") -> OutgoingMail:
    """Put a mail into the outbox; the test's own transaction never commits, so nothing wakes the delivery."""
    return send_later("session_ended", to="ada@example.com", subject=subject, reply_to=reply_to)


def make_due(mail: OutgoingMail) -> None:
    """Let the time of the next try come."""
    OutgoingMail.objects.filter(pk=mail.pk).update(next_try_at=timezone.now())


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
