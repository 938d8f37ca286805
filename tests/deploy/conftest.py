"""A gunicorn that really runs, on a port of its own choice."""

import os
import re
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from http.client import HTTPResponse
from pathlib import Path
from urllib.request import Request, urlopen

import pytest

ROOT = Path(__file__).resolve().parent.parent.parent
CONFIGURED = ("-c", "deploy/gunicorn.conf.py", "tests.deploy.tiny_app:application")
SECONDS = 40  # until a busy machine has started or stopped it


@dataclass
class Gunicorn:
    """A started gunicorn: its process, what it printed, and the folder that it takes for its home."""

    process: subprocess.Popen[bytes]
    printed: Path
    home: Path

    @property
    def port(self) -> int:
        """The port that it chose; waits until it listens."""
        return int(self.wait_for(r"Listening at: http://127\.0\.0\.1:(\d+)"))

    def wait_for(self, pattern: str) -> str:
        """Return the first group of `pattern` as soon as it is printed."""
        deadline = time.monotonic() + SECONDS
        while time.monotonic() < deadline:
            if found := re.search(pattern, self.printed.read_text()):
                return found[found.re.groups]
            if self.process.poll() is not None:
                break
            time.sleep(0.05)
        pytest.fail(f"never printed {pattern}:\n{self.printed.read_text()}")

    def ask(self, path: str, headers: dict[str, str] | None = None) -> HTTPResponse:
        """Return the answer to a GET, whose body is still to be read; its end closes the connection."""
        request = Request(f"http://127.0.0.1:{self.port}{path}", headers=headers or {})
        answer: HTTPResponse = urlopen(request, timeout=SECONDS)
        return answer

    def stop(self) -> None:
        """End it as Docker does."""
        self.process.terminate()
        self.process.wait(SECONDS)


def clean_environment(home: Path, **variables: str) -> dict[str, str]:
    """Return an environment with `variables` alone: no .env file, no home but `home`."""
    basics = {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}", "HOME": str(home)}
    return {**basics, "XDG_RUNTIME_DIR": str(home), "ENV_DIR": str(home), **variables}


@pytest.fixture
def start_gunicorn(tmp_path: Path) -> Iterator[Callable[..., Gunicorn]]:
    """Start gunicorn with arguments and, as keywords, the whole of its environment."""
    started: list[Gunicorn] = []

    def start(*arguments: str, folder: Path = ROOT, **variables: str) -> Gunicorn:
        home = tmp_path / f"home{len(started)}"
        home.mkdir()
        printed = tmp_path / f"printed{len(started)}"
        environment = clean_environment(home, GUNICORN_BIND="127.0.0.1:0", **variables)
        with printed.open("wb") as file:
            command = ["gunicorn", *arguments]
            process = subprocess.Popen(command, cwd=folder, env=environment, stdout=file, stderr=file)
        started.append(Gunicorn(process, printed, home))
        return started[-1]

    yield start
    for gunicorn in started:
        with suppress(subprocess.TimeoutExpired):
            gunicorn.stop()
        gunicorn.process.kill()
