"""Who sees a course that is not published (contract 4.1, 4.2)."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from courses.models import Course, Enrollment
from tests.conftest import make_user
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/courses/"
pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]


@pytest.fixture
def draft(instructor: User) -> Course:
    """A course of the instructor's that nobody else should know of."""
    draft = make_course(title="Secret plan", slug="draft", is_published=False, instructor=instructor)
    draft.lessons.create(position=1, title="First")
    return draft


def test_a_draft_is_shown_to_its_instructor_and_to_staff(
    api: Login, staff: User, instructor: User, draft: Course
) -> None:
    for person in (staff, instructor):
        for key in ("draft", draft.pk):
            answer = api(person).get(f"{URL}{key}/")
            assert answer.status_code == 200
            assert (answer.json()["title"], answer.json()["is_published"]) == ("Secret plan", False)
            assert [lesson["title"] for lesson in answer.json()["lessons"]] == ["First"]


def test_a_draft_answers_all_others_like_a_course_that_never_was(
    anonymous: APIClient, api: Login, student: User, draft: Course
) -> None:
    colleague = make_user("colleague@example.com", user_type=User.Type.INSTRUCTOR)
    Enrollment.objects.create(user=student, course=draft, status="active")

    for client in (anonymous, api(student), api(colleague)):
        never = client.get(f"{URL}{uuid4()}/")
        assert never.status_code == 404
        for key in ("draft", draft.pk, "never-was"):
            assert client.get(f"{URL}{key}/").json() == never.json()


def test_a_draft_without_an_instructor_is_shown_to_no_visitor(anonymous: APIClient, api: Login, student: User) -> None:
    make_course(slug="orphan", is_published=False)

    assert anonymous.get(f"{URL}orphan/").status_code == 404
    assert api(student).get(f"{URL}orphan/").status_code == 404


def test_who_is_no_instructor_any_more_sees_no_draft(api: Login, instructor: User, draft: Course) -> None:
    User.objects.filter(pk=instructor.pk).update(user_type=User.Type.STUDENT)

    assert api(instructor).get(f"{URL}draft/").status_code == 404


def test_a_bad_token_makes_a_visitor_of_the_instructor(anonymous: APIClient, draft: Course) -> None:
    make_course(slug="public")
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer garbage")

    assert anonymous.get(f"{URL}public/").status_code == 200
    assert anonymous.get(f"{URL}draft/").status_code == 404


def test_instructors_list_their_own_courses_and_staff_all(
    api: Login, staff: User, instructor: User, draft: Course
) -> None:
    make_course(title="Published", instructor=instructor)
    make_course(title="Another's")

    def taught(person: User) -> list[str]:
        return [course["title"] for course in api(person).get("/api/v1/courses/taught/").json()["results"]]

    assert taught(instructor) == ["Published", "Secret plan"]
    assert taught(staff) == ["Another's", "Published", "Secret plan"]


def test_the_list_of_own_courses_is_walked_by_pages(api: Login, instructor: User) -> None:
    for _ in range(5):
        make_course(instructor=instructor, is_published=False)
    client, address, seen = api(instructor), "/api/v1/courses/taught/?page_size=2", []

    while address:
        page = client.get(address).json()
        assert set(page) == {"next", "previous", "results"}
        seen += [course["id"] for course in page["results"]]
        address = page["next"]

    assert seen == [str(pk) for pk in Course.objects.order_by("-id").values_list("pk", flat=True)]


def test_the_list_of_own_courses_is_for_who_teaches(anonymous: APIClient, api: Login, student: User) -> None:
    assert anonymous.get("/api/v1/courses/taught/").status_code == 401
    assert api(student).get("/api/v1/courses/taught/").status_code == 403


def test_the_list_of_own_courses_costs_the_same_queries_however_long_it_is(
    api: Login, instructor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        make_course(instructor=instructor)
    client = api(instructor)

    with django_assert_num_queries(2):  # who asks, and the page
        assert len(client.get("/api/v1/courses/taught/").json()["results"]) == 8


def test_a_draft_costs_no_more_queries_than_a_published_course(
    api: Login, instructor: User, draft: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = api(instructor)

    with django_assert_num_queries(3):  # who asks, the course, the outline
        assert client.get(f"{URL}draft/").status_code == 200
