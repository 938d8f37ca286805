"""Servers of a test's own, to be stopped, killed and filled: PostgreSQL, Redis, gunicorn and Celery."""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

import psycopg

from tests.shared.starting import PRODUCTION
from titanobova.env import BASE_DIR

BINARIES = max(Path("/usr/lib/postgresql").glob("*/bin"), default=Path("/usr/bin"))
SCOPES = ("ANON", "USER", "LOGIN", "VERIFY_2FA", "REGISTER", "RESET", "CONTACT", "PAYMENT")
SECONDS = 60.0  # until a busy machine has started or stopped something
Variables = dict[str, str]


def free_port() -> int:
    """Return a port of this machine that nobody has a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def wait_until(is_so: Callable[[], bool], seconds: float = SECONDS) -> float:
    """Wait until it is so, and return how many seconds that took."""
    begin = time.monotonic()
    while not is_so():
        assert time.monotonic() - begin < seconds, "it never came"
        time.sleep(0.02)
    return time.monotonic() - begin


def run_quietly(*command: str | Path) -> None:
    """Run a command of a server; what it says is told when it fails."""
    done = subprocess.run(
        list(map(str, command)), stdin=subprocess.DEVNULL, capture_output=True, text=True, timeout=SECONDS, check=False
    )
    assert done.returncode == 0, f"{command}: {done.stdout} {done.stderr}"


class OwnPostgres:
    """A cluster in a folder; PostgreSQL refuses to run as root, so root runs it as the user postgres."""

    def __init__(self, folder: Path, *, wal: Path | None = None, most: int = 100) -> None:
        self.folder, self.port, self.superuser = folder, free_port(), "postgres"
        self.prefix = ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []
        for place in filter(None, (folder, wal)):
            place.mkdir(parents=True, exist_ok=True)
            if self.prefix:
                shutil.chown(place, "postgres", "postgres")
        options = ["--auth=trust", "--username=postgres", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]
        options += [f"--waldir={wal / 'wal'}"] if wal else []
        run_quietly(*self.prefix, BINARIES / "initdb", *options, "--wal-segsize=1", "-D", self.folder / "data")
        lines = f"""
            port = {self.port}
            listen_addresses = '127.0.0.1'
            unix_socket_directories = ''
            max_connections = {most}
            superuser_reserved_connections = 3
            shared_buffers = 16MB
            min_wal_size = 2MB
            max_wal_size = 16MB
            fsync = off
        """
        with (self.folder / "data" / "postgresql.conf").open("a") as file:
            file.write("\n".join(line.strip() for line in lines.splitlines()))

    def ctl(self, *words: str) -> None:
        """Tell pg_ctl to start, stop or restart it."""
        options = ["-D", self.folder / "data", "-l", self.folder / "log", "-w", "-t", "50"]
        command = [*self.prefix, BINARIES / "pg_ctl", *words, *options]
        done = subprocess.run(
            list(map(str, command)),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd="/",
            timeout=SECONDS,
            check=False,
        )
        assert done.returncode == 0, (words, (self.folder / "log").read_text()[-2000:])

    def __enter__(self) -> Self:
        self.ctl("start")
        return self

    def __exit__(self, *args: object) -> None:
        with suppress(AssertionError):
            self.ctl("stop", "-m", "immediate")

    def restart(self, how: str = "fast") -> float:
        """Restart it, and return the moment from which it answers again."""
        self.ctl("restart", "-m", how)
        return time.monotonic()

    def ask(self, question: str, name: str = "postgres") -> list[tuple[Any, ...]]:
        """Return what the server answers, in a connection of its own."""
        with psycopg.connect(self.address(name), autocommit=True) as connection:
            cursor = connection.execute(question.encode())
            return cursor.fetchall() if cursor.description else []

    def address(self, name: str = "postgres") -> str:
        """Return how psycopg finds a database of it."""
        return f"host=127.0.0.1 port={self.port} user=postgres dbname={name} connect_timeout=3"

    def variables(self, name: str) -> Variables:
        """Return how the site finds a database of it."""
        return {"DB_HOST": "127.0.0.1", "DB_PORT": str(self.port), "DB_USER": "postgres", "DB_NAME": name}


class OwnRedis:
    """A redis-server that keeps nothing on disk: after a restart it has forgotten everything."""

    def __init__(self) -> None:
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> Self:
        """Start it, at the port that it had before."""
        options = ["--bind", "127.0.0.1", "--port", str(self.port), "--save", "", "--appendonly", "no"]
        self.process = subprocess.Popen(
            ["redis-server", *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd="/"
        )
        wait_until(self.answers)
        return self

    def answers(self) -> bool:
        """Whether it says PONG."""
        with suppress(OSError), socket.create_connection(("127.0.0.1", self.port), timeout=0.5) as asked:
            asked.sendall(b"PING\r\n")
            return asked.recv(7) == b"+PONG\r\n"
        return False

    def signal(self, number: int) -> None:
        """Kill it (SIGKILL), silence it (SIGSTOP), let it speak again (SIGCONT)."""
        assert self.process
        self.process.send_signal(number)
        if number == signal.SIGKILL:
            self.process.wait(SECONDS)

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *args: object) -> None:
        if self.process and self.process.poll() is None:
            self.signal(signal.SIGCONT)
            self.signal(signal.SIGKILL)

    def variables(self) -> Variables:
        """Return how the site finds it."""
        return {"REDIS_HOST": "127.0.0.1", "REDIS_PORT": str(self.port)}


def production(folder: Path, **more: str) -> Variables:
    """Return the variables of a site in production, whose limits let a test through."""
    wide = {f"RATE_LIMIT_{scope}": "1000000/hour" for scope in SCOPES}
    local = {"ALLOWED_HOSTS": "127.0.0.1", "HTTPS_ONLY": "False", "LOG_DIR": str(folder / "logs")}
    places = {"ENV_DIR": str(folder), "MEDIA_ROOT": str(folder / "media"), "HOME": str(folder)}
    return {**PRODUCTION, **wide, **local, **places, **more}


def in_site(variables: Variables, *arguments: str) -> str:
    """Run Python with the variables of a site, and return what it prints."""
    environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **variables}
    environment |= {"DJANGO_SETTINGS_MODULE": "titanobova.settings"}
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=BASE_DIR,
        env=environment,
        capture_output=True,
        text=True,
        timeout=3 * SECONDS,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
    return done.stdout


class Service:
    """A process of the site: gunicorn as deployed, or Celery's worker."""

    def __init__(self, variables: Variables, *command: str) -> None:
        self.variables = variables
        self.command = [sys.executable, "-m", *command]
        self.printed = Path(variables["ENV_DIR"], f"printed-{command[0]}-{time.monotonic_ns()}")
        self.start()

    def start(self) -> None:
        """Start it, in a session of its own, so that its children can be told together."""
        environment = {"PATH": os.environ["PATH"], "PYTHONDONTWRITEBYTECODE": "1", **self.variables}
        with self.printed.open("ab") as file:
            self.process = subprocess.Popen(self.command, cwd=BASE_DIR, env=environment, stdout=file, stderr=file)

    def children(self) -> list[int]:
        """Return the processes that it has started."""
        found = []
        for task in Path(f"/proc/{self.process.pid}/task").glob("*/children"):
            with suppress(OSError):
                found += [int(child) for child in task.read_text().split()]
        return found

    def stop(self, number: int = signal.SIGTERM) -> int:
        """End it, and return its exit code."""
        self.process.send_signal(number)
        return self.process.wait(SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *args: object) -> None:
        children = self.children() if self.process.poll() is None else []
        if self.process.poll() is None:
            self.process.terminate()
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(10)
        for pid in [self.process.pid, *children]:
            with suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)
        self.process.wait(SECONDS)


class Web(Service):
    """gunicorn, from the configuration of the image."""

    def __init__(self, variables: Variables, *, port: int | None = None) -> None:
        self.port = port or free_port()
        own = {**variables, "GUNICORN_BIND": f"127.0.0.1:{self.port}"}
        super().__init__(own, "gunicorn", "-c", "deploy/gunicorn.conf.py", "titanobova.wsgi:application")
        wait_until(lambda: self.get("/health/live")[0] == 200)

    def get(self, path: str) -> tuple[int, dict[str, Any]]:
        """Return status and body of a GET; 0 where nobody answers."""
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as refusal:
            return refusal.code, json.loads(refusal.read())
        except OSError:
            return 0, {}
