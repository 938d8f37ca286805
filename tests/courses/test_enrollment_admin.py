"""What staff see of enrolments in the admin: everything, to be read."""

import pytest
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from courses.models import Certificate, EnrollmentGrant, EnrollmentRequest
from courses.services.completing import complete_by_hand
from courses.services.enrolling import enroll
from tests.conftest import make_user
from tests.courses.conftest import make_course
from users.models import User

MODELS = ["enrollment", "enrollmentgrant", "certificate", "enrollmentrequest"]
pytestmark = pytest.mark.django_db


@pytest.fixture
def office(staff: User) -> Client:
    """The browser of somebody of the staff."""
    client = Client()
    client.force_login(staff)
    return client


def fill(people: int) -> None:
    """Let so many people complete a course that they had asked for."""
    course = make_course()
    for number in range(people):
        person = make_user(f"p{number}@example.com", first_name="Ada")
        mine = enroll(person, course, by=Actor())
        complete_by_hand(mine, by=Actor())
        EnrollmentRequest.objects.create(first_name="A", email=person.email, course=course, enrollment=mine)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("search", ["", "?q=Ada", "?q=p0@example.com"])
def test_staff_see_each_list_in_a_constant_number_of_queries(
    office: Client, model: str, search: str, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    fill(12)

    with django_assert_max_num_queries(9):
        assert office.get(f"/admin/courses/{model}/{search}").status_code == 200


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("step", ["add", "delete", "change"])
def test_nothing_is_changed_by_hand(office: Client, model: str, step: str) -> None:
    fill(1)
    rows = {"enrollmentgrant": EnrollmentGrant, "certificate": Certificate, "enrollmentrequest": EnrollmentRequest}
    row = rows[model].objects.get() if model in rows else Certificate.objects.get().enrollment  # type: ignore[attr-defined]
    address = "add/" if step == "add" else f"{row.pk}/{step}/"

    assert office.post(f"/admin/courses/{model}/{address}", {"post": "yes"}).status_code == 403
    row.refresh_from_db()


def test_requests_that_led_to_nothing_are_found(office: Client) -> None:
    fill(1)
    EnrollmentRequest.objects.create(first_name="B", email="open@example.com", course_title="x")

    page = office.get("/admin/courses/enrollmentrequest/?enrollment__isempty=1").content.decode()

    assert "open@example.com" in page
    assert "p0@example.com" not in page
