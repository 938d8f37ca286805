"""A course is completed once, however many of its lessons end at the same moment."""

import threading
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import QuerySet

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Certificate, Enrollment, Lesson, LessonProgress
from courses.services import progress
from courses.services.completing import complete_by_hand, complete_if_all_lessons_are_done
from courses.services.enrolling import enroll
from courses.services.lessons import UnknownLesson
from courses.services.progress import note_progress
from tests.conftest import RunTogether, make_user
from tests.courses.conftest import make_course
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
NOBODY = Actor(ip_address="192.0.2.1")


def begin(lessons: int) -> tuple[User, list[Lesson]]:
    """Let somebody enrol in a course of so many lessons."""
    person, course = make_user("learner@example.com", first_name="Ada"), make_course()
    enroll(person, course, by=NOBODY)
    return person, [course.lessons.create(position=number, title="A lesson") for number in range(1, lessons + 1)]


def completions() -> list[int]:
    """Return how often the course was completed: by the log, the certificates and the mails."""
    logged = AuditLog.objects.filter(details__event="courses.enrollment.completed").count()
    return [logged, Certificate.objects.count(), OutgoingMail.objects.count()]


def test_many_positions_at_once_make_one_row(run_together: RunTogether) -> None:
    person, (lesson, _) = begin(2)

    outcomes = run_together(
        THREADS, lambda number: note_progress(person, lesson.pk, position_seconds=number, by=NOBODY).position_seconds
    )

    assert all(isinstance(outcome, int) for outcome in outcomes), outcomes
    assert LessonProgress.objects.get().position_seconds in range(THREADS)
    assert AuditLog.objects.filter(details__event="courses.lesson.begun").count() == 1


def test_positions_take_no_end_back(run_together: RunTogether) -> None:
    person, (lesson, _) = begin(2)

    run_together(
        THREADS,
        lambda number: note_progress(person, lesson.pk, position_seconds=number, completed=number == 7, by=NOBODY),
    )

    assert LessonProgress.objects.get().completed_at is not None
    assert AuditLog.objects.filter(details__event="courses.lesson.completed").count() == 1


@pytest.mark.parametrize("lessons", [1, 2, THREADS])
def test_last_lessons_that_end_at_once_complete_the_course_once(run_together: RunTogether, lessons: int) -> None:
    person, all_of_them = begin(lessons)

    outcomes = run_together(
        THREADS, lambda number: note_progress(person, all_of_them[number % lessons].pk, completed=True, by=NOBODY)
    )

    assert all(isinstance(outcome, LessonProgress) for outcome in outcomes), outcomes
    assert Enrollment.objects.get().status == "completed"
    assert completions() == [1, 1, 1]


def test_staff_who_complete_at_once_do_it_once(run_together: RunTogether) -> None:
    begin(0)
    mine = Enrollment.objects.get()

    outcomes = run_together(THREADS, lambda _: complete_by_hand(Enrollment.objects.get(pk=mine.pk), by=NOBODY).status)

    assert outcomes == ["completed"] * THREADS
    assert completions() == [1, 1, 1]


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_without_the_lock_neither_of_two_last_lessons_completes_the_course(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person, lessons = begin(2)
        both_have_come_here = threading.Barrier(2, timeout=30)

        def wait_then_look(enrollment: Enrollment, *, by: Actor) -> None:
            both_have_come_here.wait()
            complete_if_all_lessons_are_done(enrollment, by=by)
            both_have_come_here.wait()  # or the faster one commits, and the other sees its lesson done

        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
        monkeypatch.setattr(progress, "complete_if_all_lessons_are_done", wait_then_look)
        run_together(2, lambda number: note_progress(person, lessons[number].pk, completed=True, by=NOBODY))

        assert LessonProgress.objects.filter(completed_at__isnull=False).count() == 2
        assert completions() == [0, 0, 0]

    def test_control_a_row_looked_for_before_it_is_made_is_an_error_for_all_but_one(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person, (lesson, _) = begin(2)
        everyone_has_looked = threading.Barrier(4, timeout=30)

        def look_then_make(defaults: dict[str, int], **place: Any) -> tuple[LessonProgress | None, bool]:
            found = LessonProgress.objects.filter(**place).first()
            everyone_has_looked.wait()
            return (found, False) if found else (LessonProgress.objects.create(**place, **defaults), True)

        monkeypatch.setattr(LessonProgress.objects, "get_or_create", look_then_make)
        outcomes = run_together(4, lambda _: note_progress(person, lesson.pk, position_seconds=1, by=NOBODY))

        assert [type(outcome) for outcome in outcomes].count(UnknownLesson) == 3  # as which the IntegrityError is taken
