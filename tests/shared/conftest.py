"""Log files of a test's own; a Redis that is out of order, a SendGrid and a Sentry."""

import gzip
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import brotli
import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings

from tests.shared.outbox import KEY, SendGrid, wait_for_the_worker
from titanobova import shared
from titanobova.logging import AppendingFile

Lines = Callable[[], list[dict[str, Any]]]


@pytest.fixture
def log_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Let the log files of this test lie in a folder of its own, and return it."""
    loggers = [logging.getLogger(), logging.getLogger("titanobova.security")]
    for handler in [handler for logger in loggers for handler in logger.handlers]:
        if isinstance(handler, AppendingFile):
            monkeypatch.setattr(handler, "path", tmp_path / handler.path.name)
    return tmp_path


def lines_from_now_on(path: Path) -> Lines:
    """Return the reader of what is written to the log file `path` after this call; each line must be JSON."""
    begin = path.stat().st_size if path.exists() else 0

    def read() -> list[dict[str, Any]]:
        written = path.read_bytes()[begin:] if path.exists() else b""
        return [json.loads(line) for line in written.decode().splitlines()]

    return read


@pytest.fixture
def security_log(log_folder: Path) -> Lines:
    """Return the reader of the lines that this test adds to security.log."""
    return lines_from_now_on(log_folder / "security.log")


@pytest.fixture
def everything_log(log_folder: Path) -> Lines:
    """Return the reader of the lines that this test adds to titanobova.log."""
    return lines_from_now_on(log_folder / "titanobova.log")


def use_redis_at(port: int, settings: LazySettings) -> None:
    """Point the settings at a Redis on this port, with the time-outs of every deployment."""
    settings.REDIS_HOST = "127.0.0.1"
    settings.CACHES = {
        "default": {
            "BACKEND": "django_redis.cache.RedisCache",
            "LOCATION": f"redis://127.0.0.1:{port}/0",
            "OPTIONS": {**django_settings.REDIS_OPTIONS, "PASSWORD": ""},
        }
    }


@pytest.fixture(params=["dead", "silent"])
def outage(request: pytest.FixtureRequest, settings: LazySettings) -> Iterator[socket.socket]:
    """A Redis that refuses connections, then one that takes them and says nothing."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        if request.param == "silent":
            listener.listen(64)
        use_redis_at(listener.getsockname()[1], settings)
        yield listener
    shared.redis.retry()


@pytest.fixture
def sendgrid(settings: LazySettings) -> Iterator[SendGrid]:
    """SendGrid, as the settings know it; deliveries that an earlier test woke are over."""
    wait_for_the_worker()
    played = SendGrid()
    server = played.start()
    settings.SENDGRID_API_KEY = KEY
    settings.SENDGRID_API_BASE = f"http://127.0.0.1:{played.port}"
    yield played
    server.shutdown()
    server.server_close()


@pytest.fixture
def sentry() -> Iterator[tuple[str, list[str]]]:
    """Play Sentry: the DSN to report to, and what has arrived."""
    arrived: list[str] = []

    class Endpoint(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            unpack = {"br": brotli.decompress, "gzip": gzip.decompress}.get(
                self.headers.get("Content-Encoding", ""), bytes
            )
            arrived.append(unpack(body).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *args: object) -> None:
            """Keep the test's output clean."""

    server = HTTPServer(("127.0.0.1", 0), Endpoint)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"http://publickey@127.0.0.1:{server.server_port}/1", arrived
    server.shutdown()
    thread.join()
    server.server_close()
