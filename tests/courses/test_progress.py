"""Going through lessons (contract 4.4)."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Certificate, Course, Enrollment, Lesson, LessonProgress
from courses.services.enrolling import enroll
from courses.services.lessons import remove_lesson
from tests.conftest import client_of
from tests.courses.conftest import make_course
from titanobova.models import OutgoingMail
from users.models import User

URL = "/api/v1/courses/lessons/{}/{}/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def lessons() -> list[Lesson]:
    """Two lessons of a free course."""
    course = make_course(title="Ponds", duration_hours=6)
    return [course.lessons.create(position=number, title=f"Lesson {number}") for number in (1, 2)]


@pytest.fixture
def mine(student: User, lessons: list[Lesson], actor: Actor) -> Enrollment:
    """A place in it."""
    return enroll(student, lessons[0].course, by=actor)


def watch(person: User, lesson: Lesson, seconds: object, **more: object) -> Any:
    return client_of(person).put(URL.format(lesson.pk, "progress"), {"position_seconds": seconds, **more})


def finish(person: User, lesson: Lesson) -> Any:
    return client_of(person).post(URL.format(lesson.pk, "complete"))


def events() -> list[str]:
    rows = AuditLog.objects.filter(resource_type="courses.enrollment").order_by("id")
    return [row.details["event"] for row in rows][2:]  # enrolled, granted


def test_the_place_in_a_video_is_remembered(student: User, mine: Enrollment, lessons: list[Lesson]) -> None:
    answers = [watch(student, lessons[0], seconds) for seconds in (10, 95, 30)]

    assert [answer.status_code for answer in answers] == [200] * 3
    assert (
        answers[2].json().items() >= {"position_seconds": 30, "completed_at": None, "enrollment": str(mine.pk)}.items()
    )
    assert LessonProgress.objects.get().position_seconds == 30
    assert events() == ["courses.lesson.begun"]


def test_a_lesson_that_is_done_stays_done_wherever_it_is_watched_again(
    student: User, mine: Enrollment, lessons: list[Lesson]
) -> None:
    first = finish(student, lessons[0]).json()

    again = [watch(student, lessons[0], 5), watch(student, lessons[0], 6, completed=False), finish(student, lessons[0])]

    assert [answer.json()["completed_at"] for answer in again] == [first["completed_at"]] * 3
    assert again[2].json()["position_seconds"] == 6
    assert events() == ["courses.lesson.begun", "courses.lesson.completed"]


def test_position_and_end_are_told_at_once(student: User, mine: Enrollment, lessons: list[Lesson]) -> None:
    answer = watch(student, lessons[0], 600, completed=True)

    assert (answer.json()["position_seconds"], answer.json()["completed_at"] is not None) == (600, True)


def test_the_last_lesson_completes_the_course(student: User, mine: Enrollment, lessons: list[Lesson]) -> None:
    finish(student, lessons[1])
    assert Enrollment.objects.get().status == "active"

    finish(student, lessons[0])

    done = Enrollment.objects.get()
    assert (done.status, done.completed_at is not None) == ("completed", True)
    assert events()[-1] == "courses.enrollment.completed"
    certificate = Certificate.objects.get()
    assert (certificate.enrollment, certificate.holder_name) == (done, "Ada Student")
    assert (certificate.course_title, certificate.duration_hours) == ("Ponds", 6)
    mail = OutgoingMail.objects.get()
    assert (mail.recipient, mail.subject) == (student.email, "You completed Ponds")
    assert f"/certificates/{certificate.code}/" in mail.text


def test_a_lesson_added_later_takes_nothing_back(student: User, mine: Enrollment, lessons: list[Lesson]) -> None:
    for lesson in lessons:
        finish(student, lesson)
    third = mine.course.lessons.create(position=3, title="Later")

    finish(student, third)

    assert Enrollment.objects.get().status == "completed"
    assert (Certificate.objects.count(), OutgoingMail.objects.count()) == (1, 1)


def test_a_lesson_that_is_deleted_is_not_asked_for(student: User, mine: Enrollment, lessons: list[Lesson]) -> None:
    lessons[0].delete()

    finish(student, lessons[1])

    assert Enrollment.objects.get().status == "completed"


def test_the_last_lesson_that_was_missing_is_deleted(
    student: User, other_student: User, mine: Enrollment, lessons: list[Lesson], actor: Actor
) -> None:
    enroll(other_student, lessons[0].course, by=actor)
    finish(student, lessons[0])

    remove_lesson(lessons[1], by=actor)

    assert dict(Enrollment.objects.values_list("user__email", "status")) == {
        student.email: "completed",
        other_student.email: "active",
    }
    assert Certificate.objects.get().enrollment == mine


def test_who_is_through_and_not_completed_is_so_by_saying_it_again(
    student: User, mine: Enrollment, lessons: list[Lesson]
) -> None:
    finish(student, lessons[0])
    lessons[1].delete()

    assert finish(student, lessons[0]).status_code == 200

    assert Enrollment.objects.get().status == "completed"


def test_progress_in_one_course_says_nothing_of_another(
    student: User, other_student: User, actor: Actor, mine: Enrollment, lessons: list[Lesson]
) -> None:
    theirs = enroll(other_student, mine.course, by=actor)
    for lesson in lessons:
        finish(other_student, lesson)

    mine.refresh_from_db()
    theirs.refresh_from_db()
    assert (mine.status, theirs.status) == ("active", "completed")


@pytest.mark.parametrize("status", [None, "pending", "cancelled", "refunded"])
@pytest.mark.parametrize("is_staff", [True, False])
def test_without_a_seat_nothing_is_remembered(
    student: User, lessons: list[Lesson], status: str | None, is_staff: bool
) -> None:
    User.objects.update(is_staff=is_staff)
    student.refresh_from_db()
    if status:
        Enrollment.objects.create(user=student, course=lessons[0].course, status=status)

    for answer in (watch(student, lessons[0], 1), finish(student, lessons[0])):
        assert (answer.status_code, answer.json()["code"]) == (403, "not_enrolled")
    assert not LessonProgress.objects.exists()


def test_a_lesson_of_a_draft_is_there_for_its_participants_alone(
    student: User, other_student: User, mine: Enrollment, lessons: list[Lesson]
) -> None:
    Course.objects.update(is_published=False)

    assert watch(student, lessons[0], 1).status_code == 200
    assert watch(other_student, lessons[0], 1).status_code == 404
    assert client_of(student).post(URL.format(uuid4(), "complete")).status_code == 404


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"position_seconds": -1},
        {"position_seconds": 86_401},
        {"position_seconds": "x"},
        {"position_seconds": None},
        {"position_seconds": 10**19},
        {"position_seconds": 1.5},
        {"position_seconds": [1]},
        {"position_seconds": 1, "completed": "perhaps"},
        {"position_seconds": 1, "lesson": "x"},
        [],
    ],
)
def test_a_bad_position_is_a_400(student: User, mine: Enrollment, lessons: list[Lesson], body: object) -> None:
    answer = client_of(student).put(URL.format(lessons[0].pk, "progress"), body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not LessonProgress.objects.exists()


def test_the_heartbeat_of_a_video_costs_few_queries(
    student: User, mine: Enrollment, lessons: list[Lesson], django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    watch(student, lessons[0], 1)
    client = client_of(student)

    with django_assert_num_queries(6):  # who asks, the seat, the position, the row; begin and end
        assert client.put(URL.format(lessons[0].pk, "progress"), {"position_seconds": 2}).status_code == 200


def test_completing_costs_few_queries(
    student: User, mine: Enrollment, lessons: list[Lesson], django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    finish(student, lessons[0])
    client = client_of(student)

    with django_assert_max_num_queries(28):
        assert client.post(URL.format(lessons[1].pk, "complete")).status_code == 200
    assert Enrollment.objects.get().status == "completed"


# --- By hand ----------------------------------------------------------------------------------------------------
def complete(by: User, enrollment: Enrollment) -> Any:
    return client_of(by).post(f"/api/v1/courses/enrollments/{enrollment.pk}/complete/")


def test_staff_complete_a_course_without_lessons(staff: User, student: User, actor: Actor) -> None:
    mine = enroll(student, make_course(), by=actor)

    first, second = complete(staff, mine), complete(staff, mine)

    assert (first.status_code, first.json()["status"]) == (200, "completed")
    assert second.json() == first.json()
    assert (Certificate.objects.count(), OutgoingMail.objects.count()) == (1, 1)
    assert AuditLog.objects.get(details__event="courses.enrollment.completed").user == staff


@pytest.mark.parametrize("status", ["pending", "cancelled", "refunded"])
def test_what_is_not_open_is_not_completed(staff: User, student: User, status: str) -> None:
    mine = Enrollment.objects.create(user=student, course=make_course(), status=status)

    answer = complete(staff, mine)

    assert (answer.status_code, answer.json()["code"]) == (409, "not_open")
    assert not Certificate.objects.exists()


def test_what_the_old_site_completed_gets_its_certificate_and_no_mail(staff: User, student: User) -> None:
    mine = Enrollment.objects.create(user=student, course=make_course(), status="completed")

    assert complete(staff, mine).json()["certificate"]["valid"]
    assert not OutgoingMail.objects.exists()
