"""Lessons in the admin: under the rules of the API, so nobody is left one lesson short of the end."""

import pytest
from django.test import Client
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Certificate, Course, Enrollment, Lesson
from courses.services.completing import complete_all_who_are_through
from courses.services.enrolling import enroll
from tests.courses.conftest import make_course
from users.models import User

pytestmark = pytest.mark.django_db
SYSTEM = Actor.from_system("tests")
PAGES = "/admin/courses/lesson/"


@pytest.fixture
def course(db: None) -> Course:
    """A free course with three lessons."""
    course = make_course()
    for position in (1, 2, 3):
        course.lessons.create(position=position, title=f"Lesson {position}")
    return course


def lesson(course: Course, position: int) -> Lesson:
    return course.lessons.get(position=position)


def learn(student: User, course: Course, *positions: int) -> Enrollment:
    """Let the student be through with these lessons."""
    enrollment = enroll(student, course, by=SYSTEM)
    for position in positions:
        enrollment.progress.create(lesson=lesson(course, position), completed_at=timezone.now())
    return enrollment


def test_whoever_has_done_all_other_lessons_is_through_when_staff_delete_one(
    desk: Client, student: User, course: Course
) -> None:
    enrollment = learn(student, course, 1, 3)

    answer = desk.post(f"{PAGES}{lesson(course, 2).pk}/delete/", {"post": "yes"})

    assert answer.status_code == 302
    enrollment.refresh_from_db()
    assert (enrollment.status, Certificate.objects.count()) == ("completed", 1)
    assert list(course.lessons.order_by("position").values_list("position", flat=True)) == [1, 2]
    assert AuditLog.objects.get(details__event="courses.lesson.deleted").all_details["was"] == "Lesson 2"


def test_several_lessons_that_staff_delete_at_once_do_the_same(desk: Client, student: User, course: Course) -> None:
    enrollment = learn(student, course, 2)
    chosen = [str(lesson(course, position).pk) for position in (1, 3)]

    answer = desk.post(PAGES, {"action": "delete_selected", "_selected_action": chosen, "post": "yes"})

    assert answer.status_code == 302
    enrollment.refresh_from_db()
    assert (enrollment.status, lesson(course, 1).title) == ("completed", "Lesson 2")
    assert AuditLog.objects.filter(details__event="courses.lesson.deleted").count() == 2


def test_a_lesson_stays_in_its_course(desk: Client, course: Course) -> None:
    moved = lesson(course, 3)
    form = {"course": str(make_course(title="Another").pk), "position": "3", "title": "Last"}

    assert desk.post(f"{PAGES}{moved.pk}/change/", form).status_code == 302

    moved.refresh_from_db()
    assert (moved.course, moved.title) == (course, "Last")


def test_a_position_that_another_lesson_has_is_refused_in_words(desk: Client, course: Course) -> None:
    answer = desk.post(f"{PAGES}{lesson(course, 3).pk}/change/", {"position": "2", "title": "Last"})

    assert (answer.status_code, "already exists" in answer.content.decode()) == (200, True)
    assert lesson(course, 3).title == "Lesson 3"


def test_what_was_done_in_another_course_completes_none(student: User, course: Course) -> None:
    enrollment = learn(student, course, 1, 2, 3)
    Lesson.objects.filter(pk=lesson(course, 3).pk).update(course=make_course(title="Another"))
    course.lessons.create(position=3, title="New")

    complete_all_who_are_through(course, by=SYSTEM)

    enrollment.refresh_from_db()
    assert enrollment.status == "active"


def test_who_did_a_lesson_that_was_moved_away_is_through_with_those_that_are_left(
    student: User, course: Course
) -> None:
    enrollment = learn(student, course, 1, 2, 3)
    Lesson.objects.filter(pk=lesson(course, 3).pk).update(course=make_course(title="Another"))

    complete_all_who_are_through(course, by=SYSTEM)

    enrollment.refresh_from_db()
    assert enrollment.status == "completed"
