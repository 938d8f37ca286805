"""Reports of defects: what arrives at Sentry, and what does not."""

import gzip
import json
import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import brotli
import pytest

PROGRAM = """
import django
django.setup()
from django.test import Client, override_settings
from django.urls import path

def fail(request):
    password = "local-variable-secret"
    raise RuntimeError("sk_test_abcdefgh12345678 " + password[:0])

urlpatterns = [path("fail", fail)]
with override_settings(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["testserver"]):
    Client(raise_request_exception=False).post(
        "/fail?token=query-secret", {"password": "body-secret"},
        HTTP_AUTHORIZATION="Bearer header-secret", HTTP_X_REQUEST_ID="request-0001", REMOTE_ADDR="198.51.100.77",
    )
import sys
if "sentry_sdk" in sys.modules:
    sys.modules["sentry_sdk"].flush()
print("sentry_sdk" in sys.modules)
"""


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


def run_with(dsn: str) -> str:
    """Run PROGRAM, which fails inside a request, and return what it printed."""
    environment = {**os.environ, "DJANGO_SETTINGS_MODULE": "titanobova.settings", "SENTRY_DSN": dsn, "DB_HOST": ""}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, timeout=60, check=True
    )
    return done.stdout.strip().splitlines()[-1]


def test_a_defect_is_reported_with_release_and_request_id(sentry: tuple[str, list[str]]) -> None:
    dsn, arrived = sentry

    run_with(dsn)

    event = next(json.loads(line) for body in arrived for line in body.splitlines() if '"exception"' in line)
    assert event["release"].startswith("titanobova@")
    assert event["tags"]["request_id"] == "request-0001"
    assert event["exception"]["values"][-1]["type"] == "RuntimeError"


def test_a_report_holds_nothing_of_the_person_and_no_secret(sentry: tuple[str, list[str]]) -> None:
    dsn, arrived = sentry

    run_with(dsn)

    everything = "".join(arrived)
    assert "RuntimeError" in everything
    for secret in ("query-secret", "body-secret", "header-secret", "sk_test_abcdefgh", "198.51.100.77"):
        assert secret not in everything


def test_without_a_dsn_sentry_is_not_even_loaded() -> None:
    assert run_with("") == "False"
