"""One course on its own page (contract 4.1)."""

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from courses.models import Course
from tests.courses.conftest import VERSION, make_course
from users.models import User

URL = "/api/v1/courses/courses/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def course(instructor: User) -> Course:
    """A course with two lessons, stored in the wrong order."""
    course = make_course(title="Yen", slug="yen", price=4990, currency="jpy", instructor=instructor)
    course.lessons.create(position=2, title="Second", text="secret words", video_url="https://video.example.com/2")
    course.lessons.create(position=1, title="First")
    return course


def test_a_course_is_found_by_slug_and_by_id(anonymous: APIClient, course: Course) -> None:
    by_slug, by_id = anonymous.get(f"{URL}yen/"), anonymous.get(f"{URL}{course.pk}/")

    assert (by_slug.status_code, by_id.status_code) == (200, 200)
    assert by_slug.json() == by_id.json()
    assert (by_slug.json()["price"], by_slug.json()["currency"]) == ("4990", "jpy")


def test_the_outline_names_the_lessons_in_order_and_gives_nothing_else_away(
    anonymous: APIClient, course: Course
) -> None:
    answer = anonymous.get(f"{URL}yen/")

    assert [(lesson["position"], lesson["title"]) for lesson in answer.json()["lessons"]] == [
        (1, "First"),
        (2, "Second"),
    ]
    assert b"secret words" not in answer.content
    assert b"video.example.com" not in answer.content


def test_no_slug_stands_in_for_the_id_of_another_course(anonymous: APIClient, course: Course) -> None:
    make_course(title="Impostor", slug=str(course.pk))

    assert anonymous.get(f"{URL}{course.pk}/").json()["title"] == "Yen"


@pytest.mark.parametrize("key", ["%00", "a%20b", "%F0%9F%98%80", "%ff", "x" * 500, "..%2f..%2fetc"])
def test_an_address_that_cannot_be_a_course_is_a_404(anonymous: APIClient, key: str) -> None:
    answer = anonymous.get(f"{URL}{key}/")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_course_costs_two_queries_however_many_lessons_it_has(
    anonymous: APIClient, course: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for position in range(3, 12):
        course.lessons.create(position=position, title=f"Lesson {position}")

    with django_assert_num_queries(2 + VERSION):  # the course with its instructor, and the outline
        assert len(anonymous.get(f"{URL}yen/").json()["lessons"]) == 11
