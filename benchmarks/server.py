"""A server of ours on loopback, for the time of a benchmark."""

import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

PROJECT = Path(__file__).resolve().parent.parent
GUNICORN = [sys.executable, "-m", "gunicorn", "-c", "deploy/gunicorn.conf.py", "titanobova.wsgi:application"]


@dataclass(frozen=True)
class Served:
    """A running server: where it answers, its workers, and the environment that its commands share."""

    url: str
    master: int
    environment: dict[str, str]

    def manage(self, *arguments: str) -> None:
        """Run a manage.py command on the server's database."""
        subprocess.run([sys.executable, "manage.py", *arguments], cwd=PROJECT, env=self.environment, check=True)  # noqa: S603 - our own words

    @property
    def resident_mebibytes(self) -> float:
        """The memory of all workers at this moment."""
        children = Path(f"/proc/{self.master}/task/{self.master}/children").read_text().split()
        pages = [int(Path(f"/proc/{child}/statm").read_text().split()[1]) for child in children]
        return sum(pages) * os.sysconf("SC_PAGE_SIZE") / 2**20


@contextmanager
def serve(settings: Mapping[str, str], *, threads: int) -> Iterator[Served]:
    """Serve the project under gunicorn on a free port, with an embedded database of its own, until the block ends."""
    port = free_port()
    with tempfile.TemporaryDirectory() as folder:
        environment = {
            "PATH": os.environ["PATH"],
            "ENV_DIR": folder,
            "LOG_DIR": folder,
            "DB_NAME": str(Path(folder, "benchmark.sqlite3")),
            "GUNICORN_BIND": f"127.0.0.1:{port}",
            "GUNICORN_THREADS": str(threads),
            **settings,
        }
        migrate = [sys.executable, "manage.py", "migrate", "--verbosity", "0"]
        subprocess.run(migrate, cwd=PROJECT, env=environment, check=True)  # noqa: S603 - our own words
        with running(GUNICORN, environment, port=port, answers_at="/health/live", folder=Path(folder)) as server:
            yield server


@contextmanager
def running(
    command: list[str],
    environment: dict[str, str],
    *,
    port: int,
    answers_at: str,
    folder: Path,
    started_in: Path = PROJECT,
) -> Iterator[Served]:
    """Run a server until the block ends; it has started once it answers 200 at the path `answers_at`.

    What it prints goes to server.log in `folder`; the end of that is shown when the block fails.

    :raises TimeoutError: when it does not start.
    """
    log = Path(folder, "server.log")
    with log.open("wb") as output:
        process = subprocess.Popen(command, cwd=started_in, env=environment, stdout=output, stderr=output)  # noqa: S603 - our own words
    try:
        _wait_for(f"http://127.0.0.1:{port}{answers_at}", process)
        yield Served(f"http://127.0.0.1:{port}", process.pid, environment)
    except Exception:
        sys.stderr.write(log.read_text(errors="replace")[-3000:])
        raise
    finally:
        process.terminate()
        process.wait(timeout=60)


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait_for(url: str, process: subprocess.Popen[bytes]) -> None:
    for _ in range(300):
        try:
            with urllib.request.urlopen(url, timeout=1):  # noqa: S310 - our own server on loopback
                return
        except OSError:
            if process.poll() is not None:
                break
            time.sleep(0.1)
    raise TimeoutError(url)
