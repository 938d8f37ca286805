"""The log files, read from where a test begins; a Redis that is out of order, and a SendGrid."""

import json
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings

from tests.shared.outbox import KEY, SendGrid, wait_for_the_worker
from titanobova import throttling

Lines = Callable[[], list[dict[str, Any]]]


def lines_from_now_on(path: Path) -> Lines:
    """Return the reader of what is written to `path` after this call."""
    begin = path.stat().st_size if path.exists() else 0

    def read() -> list[dict[str, Any]]:
        with path.open("rb") as file:
            file.seek(begin)
            return [json.loads(line) for line in file.read().decode().splitlines()]

    return read


@pytest.fixture
def security_log() -> Lines:
    """Return the reader of the lines that this test adds to security.log."""
    return lines_from_now_on(django_settings.LOG_DIR / "security.log")


@pytest.fixture
def everything_log() -> Lines:
    """Return the reader of the lines that this test adds to titanobova.log."""
    return lines_from_now_on(django_settings.LOG_DIR / "titanobova.log")


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
    throttling.redis.retry()


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
