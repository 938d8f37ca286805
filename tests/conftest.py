"""The cast and the stage of the tests."""

import os
import threading
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Protocol

import pytest
from django.conf import settings as django_settings
from django.contrib.auth.hashers import make_password
from django.core.cache import cache
from django.db import connection, connections
from django.test import Client, TransactionTestCase
from django_redis import get_redis_connection
from rest_framework.test import APIClient

from audit.actor import Actor
from tests.environment import FOLDER
from titanobova import append_only, shared, throttling
from users.models import User
from users.services.sessions import open_session
from users.tokens import AccessToken

PASSWORD = "correct-horse-9"
_password_hash: list[str] = []
# Where a test that asks for no database has to do with Redis neither.
PURE = (
    "tests/audit/test_clock.py",
    "tests/deploy/",
    "tests/guide/",
    "tests/legacy_import/",
    "tests/payments/test_demo.py",
    "tests/payments/test_money.py",
    "tests/shared/test_pdf.py",
    "tests/shared/test_settings",
    "tests/stripe_sandbox/",
    "tests/users/test_old_hashers.py",
)
DATABASES = {"db", "transactional_db"}
# Collected where it is named alone (make test-browser): elsewhere there is neither Chromium nor playwright.
collect_ignore = ["browser"]


class RunTogether(Protocol):
    """Run the same call in several threads at once; return what each returned or raised."""

    def __call__(self, threads: int, call: Callable[[int], Any]) -> list[Any]: ...


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what ends alike with and without services, so that one of two whole runs can leave it out."""
    for item in items:
        fixtures: Sequence[str] = getattr(item, "fixturenames", ())
        needs = any(map(item.get_closest_marker, ("django_db", "external"))) or DATABASES.intersection(fixtures)
        if not needs and item.nodeid.startswith(PURE):
            item.add_marker(pytest.mark.pure)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Fail a run in which a test was skipped: what was not tried is not shown."""
    reporter = session.config.pluginmanager.get_plugin("terminalreporter")
    if reporter is not None and reporter.stats.get("skipped"):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


@pytest.fixture(scope="session")
def django_db_modify_db_settings() -> None:
    """Give every process a test database of its own, so that two runs in one checkout do not meet."""
    database = connection.settings_dict
    own = FOLDER / f"{os.getpid()}.sqlite3" if connection.vendor == "sqlite" else f"titanobova_test_{os.getpid()}"
    database["TEST"]["NAME"] = str(own)
    if connection.vendor == "postgresql":
        # A race opens 32 connections and is over in a second; PostgreSQL has 100 for all workers together.
        database["OPTIONS"]["pool"]["max_idle"] = 0.1  # seconds; one connection goes each time


@pytest.fixture(autouse=True, scope="session")
def _facts_can_be_emptied() -> Iterator[None]:
    """Let the rows of append-only tables go when a test that commits is over, and at no other time."""
    empty_tables: Any = vars(TransactionTestCase)["_fixture_teardown"]

    def empty_all_tables(case: TransactionTestCase) -> None:
        with append_only.lifted(connection):
            empty_tables(case)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(TransactionTestCase, "_fixture_teardown", empty_all_tables)
        yield


@pytest.fixture(autouse=True, scope="session")
def _tables_are_emptied_fast() -> Iterator[None]:
    """Delete the few rows of a test that commits, where Django would truncate every table.

    On PostgreSQL that makes fifty new files and waits for the disk: half a second, against ten milliseconds.
    """

    def sql_flush(_self: Any, style: Any, tables: Sequence[str], **_options: Any) -> list[str]:
        # All rows go at once, so no trigger need look whether another table still names them.
        deletes = [f'DELETE FROM "{table}"' for table in tables]
        return ["; ".join(["SET LOCAL session_replication_role = replica", *deletes])] if deletes else []

    with pytest.MonkeyPatch.context() as patch:
        if connection.vendor == "postgresql":
            patch.setattr(type(connection.ops), "sql_flush", sql_flush)
        yield


@pytest.fixture(autouse=True)
def _fresh_counters() -> None:
    """No test meets the limits or the cache of another."""
    throttling.memory.clear()
    shared.redis.retry()
    if django_settings.REDIS_HOST:
        get_redis_connection("default").flushdb()
    else:
        cache.clear()


@pytest.fixture
def actor() -> Actor:
    """Somebody at an address, for calls of services."""
    return Actor(ip_address="192.0.2.10", user_agent="tests")


def make_user(email: str, **fields: Any) -> User:
    """Make an account whose password is PASSWORD, hashed once for the whole run."""
    if not _password_hash:
        _password_hash.append(make_password(PASSWORD))
    return User.objects.create(email=email, password=_password_hash[0], **fields)


@pytest.fixture
def student(db: None) -> User:
    """A person with an account."""
    return make_user("student@example.com", first_name="Ada", last_name="Student")


@pytest.fixture
def other_student(db: None) -> User:
    """Another one, who must not see the first one's things."""
    return make_user("other@example.com", first_name="Otto", last_name="Other")


@pytest.fixture
def instructor(db: None) -> User:
    """A person who teaches: may edit own courses, nothing else."""
    return make_user("instructor@example.com", first_name="Ines", user_type=User.Type.INSTRUCTOR)


@pytest.fixture
def staff(db: None) -> User:
    """A person of the staff, who may do everything in the admin."""
    return make_user("staff@example.com", first_name="Sam", is_staff=True, is_superuser=True)


@pytest.fixture
def anonymous() -> APIClient:
    """A visitor."""
    return APIClient()


@pytest.fixture
def api() -> Callable[[User], APIClient]:
    """Return the client of a person who is logged in: `api(student).get(...)`."""
    return client_of


def client_of(user: User) -> APIClient:
    """Return a client with the access token of a new session of `user`."""
    session = open_session(user, by=Actor(ip_address="192.0.2.20", user_agent="tests"))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {AccessToken.of(session)}")
    return client


@pytest.fixture
def desk(staff: User) -> Client:
    """A member of the staff in the admin, who may do everything there."""
    return desk_of(staff)


def desk_of(person: User, **options: Any) -> Client:
    """Return the browser of somebody of the staff in the admin; `options` are those of Django's client."""
    client = Client(**options)
    client.force_login(person, backend="users.backends.SessionOnlyBackend")
    return client


@pytest.fixture
def run_together() -> RunTogether:
    """Run calls in threads that start at the same moment. Needs `django_db(transaction=True)`."""
    return together


def together(threads: int, call: Callable[[int], Any]) -> list[Any]:
    """Call `call(number)` in `threads` threads behind one barrier; an exception is that thread's outcome."""
    barrier = threading.Barrier(threads)
    outcomes: list[Any] = [None] * threads

    def run(number: int) -> None:
        try:
            barrier.wait(timeout=30)
            outcomes[number] = call(number)
        except Exception as error:
            outcomes[number] = error
        finally:
            connections.close_all()

    workers = [threading.Thread(target=run, args=(number,)) for number in range(threads)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join(timeout=60)
    return outcomes
