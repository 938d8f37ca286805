"""A lesson's page is saved while somebody else changes the lessons of its course: the course is held first, by both."""

import threading
from typing import Any

import pytest
from django.db import OperationalError, connections, transaction

from courses.admin.catalogue import LessonAdmin
from courses.models import Course, Lesson
from courses.services.finding import lock_course
from tests.conftest import desk_of
from tests.courses.conftest import make_course
from users.models import User

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]  # SQLite has one writer at a time
PATIENCE = 1.0  # seconds until the one who holds the course goes on to the lesson


def save(staff: User, lesson: Lesson) -> int:
    """Save a new title on the lesson's page; return the status."""
    desk = desk_of(staff, raise_request_exception=False)
    form = {"title": "Anew", "position": lesson.position, "text": "", "video_url": ""}
    return desk.post(f"/admin/courses/lesson/{lesson.pk}/change/", form).status_code


def change_lessons(course: Course, held: threading.Event, met: threading.Event) -> str:
    """Do as the services do: hold the course, then a lesson of it."""
    try:
        with transaction.atomic():
            lock_course(course)
            held.set()
            met.wait(PATIENCE)
            list(Lesson.objects.select_for_update(no_key=True, of=("self",)).filter(course=course).order_by("pk"))
    except OperationalError:
        return "deadlock"
    finally:
        connections.close_all()
    return "done"


def together(staff: User, met: threading.Event) -> tuple[str, int]:
    """Do both at once, and return what became of each."""
    lesson = make_course().lessons.create(title="Ponds", position=1)
    held, outcome = threading.Event(), []
    thread = threading.Thread(target=lambda: outcome.append(change_lessons(lesson.course, held, met)))
    thread.start()
    held.wait(10)
    status = save(staff, lesson)
    thread.join(30)
    return outcome[0], status


def test_neither_is_refused(staff: User) -> None:
    assert together(staff, threading.Event()) == ("done", 302)


def test_whoever_holds_the_lesson_first_waits_in_a_ring(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control."""
    met, genuine = threading.Event(), LessonAdmin.get_object

    def lesson_first(page: LessonAdmin, request: Any, object_id: str, from_field: Any = None) -> Any:
        if request.method == "POST":
            Lesson.objects.select_for_update(no_key=True, of=("self",)).get(pk=object_id)
            met.set()
        return genuine(page, request, object_id, from_field)

    monkeypatch.setattr(LessonAdmin, "get_object", lesson_first)

    changed, status = together(staff, met)

    assert "deadlock" in changed or status == 503
