"""The categories of the catalogue."""

import base64

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from tests.courses.conftest import VERSION, make_course

URL = "/api/v1/courses/categories/"
pytestmark = pytest.mark.django_db


def test_categories_of_published_courses_are_counted_from_a_to_z(anonymous: APIClient) -> None:
    for category in ["web", "data", "web", ""]:
        make_course(category=category)
    make_course(category="web", is_published=False)
    make_course(category="secret", is_published=False)

    answer = anonymous.get(URL)

    assert answer.status_code == 200
    assert answer.json() == {
        "next": None,
        "previous": None,
        "results": [{"category": "data", "courses": 1}, {"category": "web", "courses": 2}],
    }


def test_categories_are_walked_by_pages(
    anonymous: APIClient, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for category in "abcde":
        make_course(category=category)
        make_course(category=category)
    address, seen = f"{URL}?page_size=2", []

    while address:
        with django_assert_num_queries(1 + VERSION):
            page = anonymous.get(address).json()
        seen += [(row["category"], row["courses"]) for row in page["results"]]
        address = page["next"]

    assert seen == [(category, 2) for category in "abcde"]


@pytest.mark.parametrize("position", ["p=%00", "p=a%00b"])
def test_a_cursor_that_no_category_can_be_is_a_404(anonymous: APIClient, position: str) -> None:
    make_course(category="a")

    answer = anonymous.get(f"{URL}?cursor={base64.b64encode(position.encode()).decode()}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
