"""Courses in the admin."""

import pytest
from django.test import Client

from audit.models import AuditLog
from courses.models import Course, Enrollment, EnrollmentRequest
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def office(staff: User) -> Client:
    """The browser of somebody of the staff."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.mark.parametrize("model", ["course", "lesson", "enrollment", "enrollmentrequest"])
@pytest.mark.parametrize("search", ["", "?q=priced"])
def test_staff_see_each_list(office: Client, student: User, priced: Course, model: str, search: str) -> None:
    Enrollment.objects.create(user=student, course=priced, status="active")
    EnrollmentRequest.objects.create(first_name="A", email="a@example.com", course_title="Painting")
    priced.lessons.create(position=1, title="First")

    assert office.get(f"/admin/courses/{model}/{search}").status_code == 200


def test_staff_publish_a_course_and_the_log_says_so(office: Client, priced: Course) -> None:
    form = {"title": "Better", "slug": "better", "price": "12.5", "currency": "eur", "is_published": "on"}

    answer = office.post(f"/admin/courses/course/{priced.pk}/change/", form)

    assert answer.status_code == 302, answer.content
    priced.refresh_from_db()
    assert (priced.title, priced.price_text, priced.currency) == ("Better", "12.50", "eur")
    log = AuditLog.objects.get(details__event="admin.changed")
    assert log.resource_id == str(priced.pk)
    assert log.details["fields"]["title"]["to"] == "Better"


@pytest.mark.parametrize(
    "wrong",
    [
        {"currency": "USD"},
        {"price": "-1"},
        {"price": "0.005"},
        {"price": "10.5", "currency": "jpy"},
        {"slug": "no slug"},
        {"slug": "0" * 32},
        {"price": ""},
        {"price": "x"},
        {"currency": ""},
        {"slug": ""},
    ],
)
def test_a_course_that_cannot_be_is_refused_in_words(office: Client, priced: Course, wrong: dict[str, str]) -> None:
    form = {"title": "Better", "slug": "better", "price": "12.5", "currency": "eur"} | wrong

    assert office.post(f"/admin/courses/course/{priced.pk}/change/", form).status_code == 200
    priced.refresh_from_db()
    assert priced.title != "Better"


def test_a_new_course_without_a_price_is_asked_for_one(office: Client) -> None:
    answer = office.post("/admin/courses/course/add/", {"title": "New", "slug": "new", "price": "?", "currency": "eur"})

    assert answer.status_code == 200
    assert not Course.objects.exists()


@pytest.mark.parametrize("model", ["enrollment", "enrollmentrequest"])
def test_seats_and_requests_are_not_made_by_hand(office: Client, model: str) -> None:
    assert office.get(f"/admin/courses/{model}/add/").status_code == 403


def test_a_course_that_people_take_is_not_deleted(office: Client, student: User, priced: Course) -> None:
    Enrollment.objects.create(user=student, course=priced, status="active")

    office.post(f"/admin/courses/course/{priced.pk}/delete/", {"post": "yes"})

    assert Course.objects.filter(pk=priced.pk).exists()


def test_others_stay_outside(student: User) -> None:
    client = Client()
    client.force_login(student)

    assert client.get("/admin/courses/course/").status_code == 302
