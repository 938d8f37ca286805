"""A person's list of enrolments."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from courses.models import Course, Enrollment
from tests.conftest import client_of
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/enrollments/"
pytestmark = pytest.mark.django_db


def test_a_person_sees_their_own_enrolments_newest_first(
    api: Callable[[User], APIClient], student: User, other_student: User, priced: Course
) -> None:
    free = Enrollment.objects.create(user=student, course=make_course(), status="active")
    pending = Enrollment.objects.create(user=student, course=priced, status="pending")
    Enrollment.objects.create(user=other_student, course=priced, status="active")

    answer = api(student).get(URL)

    assert answer.status_code == 200
    assert set(answer.json()) == {"next", "previous", "results"}
    results = answer.json()["results"]
    assert [row["id"] for row in results] == [str(pending.pk), str(free.pk)]
    assert [row["payment_required"] for row in results] == [{"amount": "49.90", "currency": "usd"}, None]
    assert results[0]["course"] == {"id": str(priced.pk), "slug": "priced", "title": priced.title}


def test_staff_see_their_own_here_too(
    api: Callable[[User], APIClient], staff: User, student: User, priced: Course
) -> None:
    Enrollment.objects.create(user=student, course=priced, status="active")

    assert api(staff).get(URL).json()["results"] == []


def test_a_visitor_has_to_log_in(anonymous: APIClient) -> None:
    assert anonymous.get(URL).status_code == 401


def test_an_enrolment_stays_in_the_list_when_its_course_is_withdrawn(
    api: Callable[[User], APIClient], student: User, priced: Course
) -> None:
    Enrollment.objects.create(user=student, course=priced, status="active")
    Course.objects.update(is_published=False)

    assert len(api(student).get(URL).json()["results"]) == 1


def test_pages_follow_each_other_in_the_version_that_was_asked(api: Callable[[User], APIClient], student: User) -> None:
    made = [Enrollment.objects.create(user=student, course=make_course(), status="active") for _ in range(3)]
    client = api(student)

    first = client.get("/api/v2/courses/enrollments/?page_size=2").json()
    second = client.get(first["next"]).json()

    assert "/api/v2/" in first["next"]
    assert [row["id"] for row in first["results"] + second["results"]] == [str(row.pk) for row in reversed(made)]
    assert second["next"] is None


@pytest.mark.parametrize("cursor", ["garbage", "cD1nYXJiYWdl", "cD0wMDAw"])
def test_a_cursor_that_we_never_gave_out_is_refused(
    api: Callable[[User], APIClient], student: User, cursor: str
) -> None:
    answer = api(student).get(f"{URL}?cursor={cursor}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_page_costs_two_queries_however_many_enrolments_it_holds(
    api: Callable[[User], APIClient], student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for _ in range(8):
        Enrollment.objects.create(user=student, course=make_course(price=1), status="pending")
    client = api(student)

    with django_assert_num_queries(2):  # who asks, and the page
        assert len(client.get(URL).json()["results"]) == 8


@pytest.mark.parametrize(("status", "title"), [("cancelled", ""), ("pending", ""), ("active", "Secret draft")])
def test_of_a_course_that_was_withdrawn_only_who_got_in_learns_its_new_name(
    student: User, staff: User, priced: Course, status: str, title: str
) -> None:
    mine = Enrollment.objects.create(user=student, course=priced, status=status)
    Course.objects.update(is_published=False, title="Secret draft", slug="secret-draft")
    priced.lessons.create(title="Secret lesson", position=1)

    [listed] = client_of(student).get(URL).json()["results"]
    detail = client_of(student).get(f"/api/v1/courses/enrollments/{mine.pk}/").json()
    for_staff = client_of(staff).get(f"/api/v1/courses/enrollments/{mine.pk}/").json()

    assert (listed["course"]["title"], detail["course"]["title"]) == (title, title)
    assert (listed["course"]["slug"], len(detail["lessons"])) == (("secret-draft", 1) if title else ("", 0))
    assert (for_staff["course"]["title"], len(for_staff["lessons"])) == ("Secret draft", 1)
