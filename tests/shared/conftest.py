"""The log files, read from where a test begins."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings

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
