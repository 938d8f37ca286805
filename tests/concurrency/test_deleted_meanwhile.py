"""What a row is to point at is deleted at that very moment: PostgreSQL would say so at the commit, which is a 500."""

from collections.abc import Callable
from contextlib import contextmanager
from typing import Any

import pytest
from django.db import transaction

from audit.actor import Actor
from courses.models import Course, EnrollmentRequest, Lesson, LessonProgress
from courses.services import progress, requests
from courses.services.enrolling import enroll
from tests.conftest import RunTogether, client_of, make_user
from tests.courses.conftest import make_course

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]  # SQLite has one writer at a time
NOBODY = Actor(ip_address="192.0.2.1")


@pytest.fixture
def deleting(monkeypatch: pytest.MonkeyPatch, run_together: RunTogether) -> Callable[[Any, Callable[[], Any]], None]:
    """Let somebody else delete something, and commit, just before a row that points at it is written."""

    def schedule(module: Any, delete: Callable[[], Any]) -> None:
        genuine = module.checked_now

        @contextmanager
        def later() -> Any:
            run_together(1, lambda _: delete())
            with genuine():
                yield

        monkeypatch.setattr(module, "checked_now", later)

    return schedule


def test_of_a_lesson_that_is_gone_no_progress_is_kept(deleting: Callable[[Any, Callable[[], Any]], None]) -> None:
    lesson = make_course().lessons.create(title="Ponds", position=1)
    person = make_user("ada@example.com")
    enroll(person, lesson.course, by=NOBODY)
    deleting(progress, Lesson.objects.all().delete)

    answer = client_of(person).put(f"/api/v1/courses/lessons/{lesson.pk}/progress/", {"position_seconds": 3})

    assert (answer.status_code, LessonProgress.objects.count()) == (404, 0)


def test_a_course_that_is_gone_is_no_wish(deleting: Callable[[Any, Callable[[], Any]], None]) -> None:
    course = make_course()
    deleting(requests, Course.objects.all().delete)
    form = {"first_name": "Ada", "email": "ada@example.com", "course": course.slug}

    answer = client_of(make_user("staff@example.com")).post("/api/v1/courses/enrollment-requests/", form)

    assert (answer.status_code, answer.json()["errors"]["course"][0]["code"]) == (400, "does_not_exist")
    assert not EnrollmentRequest.objects.exists()


@pytest.mark.parametrize("module", [progress, requests])
def test_the_constraint_alone_would_speak_at_the_commit(
    module: Any, deleting: Callable[[Any, Callable[[], Any]], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The negative control: without the early look both are a 500."""
    lesson = make_course().lessons.create(title="Ponds", position=1)
    person = make_user("ada@example.com")
    enroll(person, make_course(), by=NOBODY)
    enroll(person, lesson.course, by=NOBODY)
    monkeypatch.setattr(module, "checked_now", transaction.atomic)
    gone = Lesson.objects.all() if module is progress else Course.objects.filter(enrollments=None)
    deleting(module, gone.delete)
    client = client_of(person)
    client.raise_request_exception = False

    if module is progress:
        answer = client.put(f"/api/v1/courses/lessons/{lesson.pk}/progress/", {"position_seconds": 3})
    else:
        form = {"first_name": "Ada", "email": "ada@example.com", "course": make_course(slug="gone").slug}
        answer = client.post("/api/v1/courses/enrollment-requests/", form)

    assert answer.status_code == 500
