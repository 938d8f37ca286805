"""What a newcomer finds inside the demo courses."""

import pytest
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Lesson
from courses.services.enrolling import enroll
from tests.conftest import client_of
from titanobova.site.demo import make_courses
from users.models import User

pytestmark = pytest.mark.django_db


def test_every_demo_lesson_has_something_to_read() -> None:
    make_courses()

    assert Course.objects.filter(lessons__position=1).count() == 12
    assert not Lesson.objects.filter(text="").exists()
    for lesson in Lesson.objects.filter(position=1):
        paragraphs = lesson.text.split("\n\n")
        assert len(paragraphs) >= 2
        assert min(map(len, paragraphs)) > 100


def test_a_student_of_a_free_demo_course_reads_it(student: User) -> None:
    make_courses()
    course = Course.objects.get(slug="git-for-everyone")
    client: APIClient = client_of(student)
    address = "/api/v1/courses/courses/git-for-everyone/lessons/"

    assert client.get(address).status_code == 403
    enroll(student, course, by=Actor())

    lessons = client.get(address).json()["results"]
    assert [lesson["title"] for lesson in lessons] == ["Commits", "Branches", "Undoing things"]
    assert lessons[0]["text"].startswith("A commit is a snapshot")
