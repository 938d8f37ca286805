"""A site of the tests' own, with servers that may be broken."""

import json
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.faults.servers import OwnPostgres, OwnRedis, Variables, in_site, production

# Makes a course, a member of the staff and a student with a session each, and prints their access tokens.
SEED = """
import json, django
django.setup()
from django.contrib.auth.hashers import make_password
from audit.actor import Actor
from courses.models import Course
from users.models import User
from users.services.sessions import open_session
from users.tokens import AccessToken
Course.objects.create(title="Priced", slug="priced", price="10.00", currency="usd", is_published=True)
Course.objects.create(title="Free", slug="free", is_published=True, currency="usd")
bearers = {}
for name, is_staff in (("student", False), ("staff", True)):
    password = make_password("correct-horse-9")
    user = User.objects.create(email=f"{name}@example.com", password=password, is_staff=is_staff)
    bearers[name] = str(AccessToken.of(open_session(user, by=Actor(ip_address="192.0.2.20"))))
print(json.dumps(bearers))
"""
LONG = os.environ.get("FAULTS") == "long"


def seed(variables: Variables) -> dict[str, str]:
    """Migrate and fill the database of a site; return the access tokens of `student` and `staff`."""
    in_site(variables, "manage.py", "migrate", "--verbosity", "0")
    bearers: dict[str, str] = json.loads(in_site(variables, "-c", SEED))
    return bearers


@pytest.fixture(scope="session")
def shared_folder() -> Iterator[Path]:
    """A folder that the user postgres may enter too, as those of pytest may not be."""
    folder = Path(tempfile.mkdtemp(prefix="titanobova-faults-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(shared_folder: Path) -> Iterator[OwnPostgres]:
    """A PostgreSQL that tests restart; its database `template` is migrated and seeded."""
    with OwnPostgres(shared_folder / "cluster", most=30) as running:
        yield running


@pytest.fixture(scope="session")
def bearers(cluster: OwnPostgres, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The access tokens of the seeded people."""
    cluster.ask("CREATE DATABASE filled")
    return seed(production(tmp_path_factory.mktemp("seed"), **cluster.variables("filled")))


@dataclass(frozen=True)
class FilledFile:
    """A migrated and seeded database of SQLite, and the access token of its student."""

    path: Path
    bearer: str

    def copy_to(self, path: Path) -> Path:
        """Copy it, and return the copy."""
        shutil.copy(self.path, path)
        return path


@pytest.fixture(scope="session")
def filled_file(tmp_path_factory: pytest.TempPathFactory) -> FilledFile:
    """The database of a site in the embedded mode, to be copied."""
    folder = tmp_path_factory.mktemp("sqlite")
    path = folder / "db.sqlite3"
    return FilledFile(path, seed(production(folder, DB_NAME=str(path)))["student"])


@pytest.fixture
def database(cluster: OwnPostgres, bearers: dict[str, str]) -> Variables:
    """A fresh copy of the filled database: how a site finds it."""
    name = f"site_{os.urandom(6).hex()}"
    cluster.ask(f"CREATE DATABASE {name} TEMPLATE filled")
    return cluster.variables(name)


@pytest.fixture
def redis() -> Iterator[OwnRedis]:
    """A Redis that tests kill."""
    with OwnRedis() as running:
        yield running


@pytest.fixture
def site(tmp_path: Path, database: Variables, redis: OwnRedis) -> Variables:
    """All variables of a site on PostgreSQL and Redis."""
    return production(tmp_path, **database, **redis.variables())


@contextmanager
def mounted(folder: Path, mebibytes: int) -> Iterator[Path]:
    """Mount a tmpfs of so many MiB at `folder` within the block."""
    folder.mkdir(parents=True, exist_ok=True)
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={mebibytes}m", "tmpfs", str(folder)], check=True)
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def fill(folder: Path) -> Path:
    """Fill the disk of `folder` to the last byte, and return the file that does."""
    ballast = folder / "ballast"
    with ballast.open("ab", buffering=0) as file:
        for piece in (2**20, 4096, 1):
            try:
                while True:
                    file.write(b"x" * piece)
            except OSError:
                continue
    return ballast
