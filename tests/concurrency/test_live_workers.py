"""The guards under real load: gunicorn with four worker processes of eight threads, and 32 clients at once.

Only on PostgreSQL and Redis: the embedded mode has one process by design.
"""

import json
import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pyotp
import pytest
from django.conf import settings as django_settings
from django.db import connection

from audit.actor import Actor
from tests.conftest import PASSWORD, make_user
from users.lockout import FAILURES_TO_LOCK
from users.models import LoginAttempt, PendingLogin, Session, User
from users.services.second_factor import confirm_enrolment, start_enrolment

pytestmark = pytest.mark.django_db(transaction=True)

PROJECT = Path(__file__).parents[2]
CLIENTS = 32
WIDE = {f"RATE_LIMIT_{scope}": "1000000/hour" for scope in ("ANON", "USER", "LOGIN", "VERIFY_2FA")}


def post(url: str, body: dict[str, str], bearer: str = "") -> tuple[int, dict[str, str]]:
    """Return status and body of one request of a client."""
    headers = {"Content-Type": "application/json"} | ({"Authorization": f"Bearer {bearer}"} if bearer else {})
    request = urllib.request.Request(url, json.dumps(body).encode(), headers)
    try:
        with urllib.request.urlopen(request, timeout=60) as answer:
            return answer.status, json.loads(answer.read())
    except urllib.error.HTTPError as refusal:
        return refusal.code, json.loads(refusal.read())


def statuses(times: int, call: Callable[[int], tuple[int, object]]) -> Counter[int]:
    """Return how often each status came back, of `times` calls by CLIENTS clients at once."""
    with ThreadPoolExecutor(CLIENTS) as clients:
        return Counter(status for status, _ in clients.map(call, range(times)))


if django_settings.REDIS_HOST:

    @contextmanager
    def live(**limits: str) -> Iterator[str]:
        """Serve the test's database by four processes; yield the address of the API."""
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            port = probe.getsockname()[1]
        environment = {
            **os.environ,
            **WIDE,
            **limits,
            "DB_HOST": str(django_settings.DB_HOST),
            "DB_USER": str(connection.settings_dict["USER"]),
            "DB_PASSWORD": str(connection.settings_dict["PASSWORD"]),
            "DB_PORT": str(connection.settings_dict["PORT"]),
            "DB_NAME": str(connection.settings_dict["NAME"]),
            "DB_POOL_SIZE": "8",
            "REDIS_HOST": str(django_settings.REDIS_HOST),
            "WEB_CONCURRENCY": "4",
            "GUNICORN_THREADS": "8",
            "GUNICORN_BIND": f"127.0.0.1:{port}",
        }
        command = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "titanobova.wsgi:application"]
        server = subprocess.Popen(
            command, cwd=PROJECT, env=environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        try:
            wait_for(f"http://127.0.0.1:{port}/health/live")
            yield f"http://127.0.0.1:{port}/api/v1"
        finally:
            server.terminate()
            server.wait(timeout=40)

    def wait_for(url: str) -> None:
        for _ in range(300):
            try:
                with urllib.request.urlopen(url, timeout=1):
                    return
            except OSError:
                time.sleep(0.1)
        raise TimeoutError(url)

    def test_of_two_hundred_requests_exactly_the_limit_passes_over_four_processes() -> None:
        with live(RATE_LIMIT_ANON="20/hour") as address:
            outcome = statuses(200, lambda _: post(f"{address}/auth/token/refresh/", {"refresh": "x"}))

        assert outcome == {401: 20, 429: 180}

    def test_of_sixty_four_wrong_passwords_five_are_tried_over_four_processes() -> None:
        user = make_user("live@example.com")

        with live() as address:
            wrong = {"email": user.email, "password": "wrong-horse-9"}
            outcome = statuses(64, lambda _: post(f"{address}/auth/token/", wrong))

        assert outcome == {401: 64}
        tried = Counter(LoginAttempt.objects.values_list("outcome", flat=True))
        assert tried == {"wrong": FAILURES_TO_LOCK, "locked": 64 - FAILURES_TO_LOCK}

    def test_one_code_opens_one_of_many_pending_logins_over_four_processes() -> None:
        user = make_user("live@example.com")
        totp = pyotp.TOTP(start_enrolment(user, by=Actor()).secret)
        confirm_enrolment(user, totp.now(), by=Actor())
        User.objects.filter(pk=user.pk).update(totp_last_step=0)

        with live() as address:
            login = {"email": user.email, "password": PASSWORD}
            pending = [post(f"{address}/auth/token/", login)[1]["access"] for _ in range(16)]
            code = {"token": totp.now()}
            outcome = statuses(16, lambda number: post(f"{address}/users/verify_2fa/", code, pending[number]))

        assert outcome == {200: 1, 401: 15}
        assert Session.objects.filter(user=user).count() == 1
        assert PendingLogin.objects.filter(spent_at__isnull=False).count() == 1
