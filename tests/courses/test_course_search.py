"""Words in the catalogue (contract 4.1): the same courses are found on both databases."""

from datetime import UTC, datetime
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from courses.models import Course
from tests.courses.conftest import make_course

URL = "/api/v1/courses/courses/"
pytestmark = pytest.mark.django_db


def found(client: APIClient, words: str, more: str = "") -> list[str]:
    """Return the titles that a search finds, in order."""
    answer = client.get(f"{URL}?search={quote(words)}{more}")
    assert answer.status_code == 200, answer.content
    return [course["title"] for course in answer.json()["results"]]


@pytest.fixture
def _courses(db: None) -> None:
    for day, (title, category, description) in enumerate(
        [
            ("UI/UX Design", "design", "From a first sketch to a prototype."),
            ("PostgreSQL in Depth", "data", "Plans, indexes and locks."),
            ("Café Zürich", "travel", "Ein Ausflug. Прогулка по городу."),
        ],
        start=1,
    ):
        created_at = datetime(2024, 1, day, tzinfo=UTC)
        make_course(title=title, category=category, description=description, created_at=created_at)


@pytest.mark.usefixtures("_courses")
@pytest.mark.parametrize(
    ("words", "titles"),
    [
        ("postgresql", ["PostgreSQL in Depth"]),
        ("POSTGRES", ["PostgreSQL in Depth"]),
        ("gresql", []),
        ("data", ["PostgreSQL in Depth"]),
        ("locks plans", ["PostgreSQL in Depth"]),
        ("locks sketch", []),
        ("ui ux", ["UI/UX Design"]),
        ("UI/UX", ["UI/UX Design"]),
        ("zürich", ["Café Zürich"]),
        ("ПРОГУЛКА", ["Café Zürich"]),
        ("de", ["PostgreSQL in Depth", "UI/UX Design"]),
        ("plans, & | ! <-> :* ( ' \\\" *", ["PostgreSQL in Depth"]),
        ("'; drop table courses_course; --", []),
        ("NOT plans", []),
        ("title:plans", []),
        ("% _ ! & |", []),
        ("🙂", []),
    ],
)
def test_each_word_is_the_beginning_of_one_of_the_course(anonymous: APIClient, words: str, titles: list[str]) -> None:
    assert found(anonymous, words) == titles


@pytest.mark.usefixtures("_courses")
def test_an_order_is_kept_while_searching(anonymous: APIClient) -> None:
    assert found(anonymous, "de") == ["PostgreSQL in Depth", "UI/UX Design"]
    assert found(anonymous, "de", "&ordering=-title") == ["UI/UX Design", "PostgreSQL in Depth"]
    assert found(anonymous, "de", "&category=design") == ["UI/UX Design"]


@pytest.mark.usefixtures("_courses")
def test_a_draft_is_not_found(anonymous: APIClient) -> None:
    Course.objects.filter(category="design").update(is_published=False)

    assert found(anonymous, "sketch") == []


@pytest.mark.usefixtures("_courses")
def test_an_edit_is_found_under_its_new_words_alone(anonymous: APIClient) -> None:
    Course.objects.filter(category="design").update(description="Wireframes")

    assert found(anonymous, "sketch") == []
    assert found(anonymous, "wireframe") == ["UI/UX Design"]
