"""Starts of the project in a process of its own, with an environment made for the test."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from titanobova.env import BASE_DIR

PRINT_SETTINGS = """
import json, sys
from django.conf import settings
print(json.dumps({name: getattr(settings, name) for name in sys.argv[1:]}, default=str))
"""

# What production needs at least.
PRODUCTION = {
    "DEBUG": "False",
    "SECRET_KEY": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ",
    "FIELD_ENCRYPTION_KEYS": "0123456789abcdefghijklmnopqrstuvwxyzABCDEFE=",
    "ALLOWED_HOSTS": "api.example.com",
    "FRONTEND_URL": "https://www.example.com",
}


def start(
    folder: Path,
    *arguments: str,
    cwd: Path = BASE_DIR,
    environment: dict[str, str] | None = None,
    seconds: int = 60,
) -> subprocess.CompletedProcess[str]:
    """Run Python with `environment` and no other variable but the search path; its env files lie in `folder`."""
    clean = {
        "PATH": os.environ["PATH"],
        "PYTHONDONTWRITEBYTECODE": "1",
        "DJANGO_SETTINGS_MODULE": "titanobova.settings",
    }
    places = {"ENV_DIR": str(folder), "LOG_DIR": str(folder / "logs")}
    return subprocess.run(
        [sys.executable, *arguments],
        cwd=cwd,
        env={**clean, **places, **(environment or {})},
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


def settings_of(folder: Path, *names: str, **environment: str) -> dict[str, Any]:
    """Return the settings of these names in such a start."""
    done = start(folder, "-c", PRINT_SETTINGS, *names, environment=environment)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refusal_of(folder: Path, **environment: str) -> str:
    """Return what a start that must fail says."""
    done = start(folder, "-c", PRINT_SETTINGS, "DEBUG", environment=environment)
    assert done.returncode != 0, done.stdout
    return done.stdout + done.stderr
