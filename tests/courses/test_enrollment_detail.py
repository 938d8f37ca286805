"""One enrolment: what it rests on, and how far its participant is."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from courses.models import Enrollment, Lesson, LessonProgress
from courses.services.enrolling import enroll
from tests.conftest import client_of
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/enrollments/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def lessons() -> list[Lesson]:
    """Three lessons of a free course."""
    course = make_course()
    return [course.lessons.create(position=number, title=f"Lesson {number}") for number in (1, 2, 3)]


@pytest.fixture
def mine(student: User, lessons: list[Lesson], actor: Actor) -> Enrollment:
    """A place in it."""
    return enroll(student, lessons[0].course, by=actor)


def note(enrollment: Enrollment, lesson: Lesson, *, seconds: int = 0, done: bool = False, minutes_ago: int = 0) -> None:
    """Write how far somebody is in a lesson."""
    at = timezone.now() - timedelta(minutes=minutes_ago)
    progress = LessonProgress.objects.create(
        enrollment=enrollment, lesson=lesson, position_seconds=seconds, completed_at=at if done else None
    )
    LessonProgress.objects.filter(pk=progress.pk).update(updated_at=at)


def test_a_participant_sees_every_lesson_with_their_progress(
    student: User, mine: Enrollment, lessons: list[Lesson]
) -> None:
    note(mine, lessons[0], seconds=300, done=True)
    note(mine, lessons[1], seconds=42)

    told = client_of(student).get(f"{URL}{mine.pk}/").json()

    assert [(row["position"], row["title"], row["position_seconds"]) for row in told["lessons"]] == [
        (1, "Lesson 1", 300),
        (2, "Lesson 2", 42),
        (3, "Lesson 3", 0),
    ]
    assert [row["completed_at"] is not None for row in told["lessons"]] == [True, False, False]
    assert told["resume_at"] == {"lesson": str(lessons[1].pk), "title": "Lesson 2", "position_seconds": 42}
    assert (told["percent"], told["status"], told["certificate"]) == (33, "active", None)
    assert [grant["kind"] for grant in told["grants"]] == ["free"]


@pytest.mark.parametrize(
    ("begun", "expected"),
    [
        ({}, "Lesson 1"),
        ({2: (False, 5)}, "Lesson 2"),
        ({1: (False, 9), 3: (False, 5)}, "Lesson 3"),
        ({1: (True, 1), 3: (False, 5)}, "Lesson 3"),
        ({1: (True, 1), 3: (True, 5)}, "Lesson 2"),
        ({1: (True, 1), 2: (True, 1), 3: (True, 5)}, None),
    ],
)
def test_one_goes_on_in_the_unfinished_lesson_that_was_open_last(
    student: User,
    mine: Enrollment,
    lessons: list[Lesson],
    begun: dict[int, tuple[bool, int]],
    expected: str | None,
) -> None:
    for number, (done, minutes_ago) in begun.items():
        note(mine, lessons[number - 1], done=done, minutes_ago=minutes_ago)

    resume_at = client_of(student).get(f"{URL}{mine.pk}/").json()["resume_at"]

    assert (resume_at and resume_at["title"]) == expected


@pytest.mark.parametrize(("done", "percent"), [(0, 0), (1, 33), (2, 66), (3, 100)])
def test_percent_is_rounded_down_so_that_100_means_all(
    student: User, mine: Enrollment, lessons: list[Lesson], done: int, percent: int
) -> None:
    for lesson in lessons[:done]:
        note(mine, lesson, done=True)

    assert client_of(student).get(f"{URL}{mine.pk}/").json()["percent"] == percent


def test_a_course_without_lessons_is_at_its_beginning(student: User, actor: Actor) -> None:
    empty = enroll(student, make_course(), by=actor)

    told = client_of(student).get(f"{URL}{empty.pk}/").json()

    assert (told["percent"], told["resume_at"], told["lessons"]) == (0, None, [])


def test_staff_see_every_enrolment_and_others_none_but_theirs(
    student: User, other_student: User, instructor: User, staff: User, mine: Enrollment
) -> None:
    assert client_of(staff).get(f"{URL}{mine.pk}/").json()["user"] == str(student.pk)
    for person in (other_student, instructor):
        refused, unknown = client_of(person).get(f"{URL}{mine.pk}/"), client_of(person).get(f"{URL}{uuid4()}/")
        assert (refused.status_code, refused.json()) == (unknown.status_code, unknown.json())
        assert refused.status_code == 404


@pytest.mark.parametrize("number_of_lessons", [1, 40])
def test_a_page_costs_five_queries_however_many_lessons_there_are(
    student: User,
    actor: Actor,
    django_assert_num_queries: DjangoAssertNumQueries,
    number_of_lessons: int,
) -> None:
    course = make_course()
    lessons = [course.lessons.create(position=number, title="A") for number in range(1, number_of_lessons + 1)]
    enrollment = enroll(student, course, by=actor)
    for lesson in lessons:
        note(enrollment, lesson, done=True)
    client = client_of(student)

    with django_assert_num_queries(5):  # who asks, the enrolment, its grounds, its lessons, the progress
        assert client.get(f"{URL}{enrollment.pk}/").json()["percent"] == 100
