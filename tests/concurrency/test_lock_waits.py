"""Nobody waits for a lock for ever: after three seconds the answer is 503, and says when to try again.

SQLite has one lock for all writers, which is waited for 20 seconds (its `timeout`); the answer is the same.
"""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import connection, connections, transaction

from courses.models import Course, Enrollment
from tests.conftest import client_of, make_user
from tests.courses.conftest import make_course

pytestmark = pytest.mark.django_db(transaction=True)


@contextmanager
def held(course: Course) -> Iterator[None]:
    """Let somebody else hold the lock on the course's row while the block runs."""
    is_held, may_go = threading.Event(), threading.Event()

    def hold() -> None:
        with transaction.atomic():
            Course.objects.select_for_update().get(pk=course.pk)
            is_held.set()
            may_go.wait(timeout=30)
        connections.close_all()

    holder = threading.Thread(target=hold)
    holder.start()
    assert is_held.wait(timeout=30)
    try:
        yield
    finally:
        may_go.set()
        holder.join(timeout=30)


def test_who_waits_for_a_lock_too_long_is_asked_to_come_again() -> None:
    course, client = make_course(price=10, capacity=1), client_of(make_user("buyer@example.com"))
    if connection.vendor == "sqlite":
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout = 3000")  # milliseconds; 20,000 otherwise
    address = f"/api/v1/courses/courses/{course.slug}/enroll/"

    with held(course):
        started = time.monotonic()
        answer = client.post(address)
        waited = time.monotonic() - started

    assert (answer.status_code, answer.json()["code"]) == (503, "temporarily_unavailable")
    assert int(answer["Retry-After"]) >= 1
    assert 2.5 < waited < 5
    assert not Enrollment.objects.exists()
    assert client.post(address).status_code == 201


if not django_settings.DB_HOST:

    def test_sqlite_waits_for_its_one_lock_for_twenty_seconds() -> None:
        with connection.cursor() as cursor:
            cursor.execute("PRAGMA busy_timeout")
            assert cursor.fetchone() == (20_000,)
