"""A visitor without an account asks for a place (contract 4.5)."""

from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from courses.models import Course, EnrollmentRequest
from users.models import User

URL = "/api/v1/courses/enrollment-requests/"
FORM = {
    "first_name": "Võ",
    "last_name": "O'Brien",
    "email": "Vo.OBrien@Example.com",
    "phone": "+91 90000 00000",
    "experience": "two years\nof painting",
}
pytestmark = pytest.mark.django_db


def test_a_visitor_asks_for_a_course_by_its_slug(anonymous: APIClient, priced: Course) -> None:
    answer = anonymous.post(URL, FORM | {"course": "priced"})

    assert answer.status_code == 201
    stored = EnrollmentRequest.objects.get()
    assert answer.json().items() >= (FORM | {"id": str(stored.pk), "course_title": priced.title}).items()
    assert answer.json()["course"]["slug"] == "priced"
    assert (stored.course, stored.price, stored.currency) == (priced, Decimal("49.90"), "usd")
    assert stored.email_canonical == "vo.obrien@example.com"
    assert AuditLog.objects.get(details__event="courses.place_requested").resource_id == str(stored.pk)


def test_a_visitor_asks_for_a_course_by_its_id(anonymous: APIClient, priced: Course) -> None:
    assert anonymous.post(URL, FORM | {"course": str(priced.pk)}).status_code == 201
    assert EnrollmentRequest.objects.get().course == priced


def test_a_visitor_asks_for_something_that_is_no_course_yet(anonymous: APIClient) -> None:
    answer = anonymous.post(URL, FORM | {"course_title": "Basket weaving"})

    assert (answer.status_code, answer.json()["course"]) == (201, None)
    stored = EnrollmentRequest.objects.get()
    assert (stored.course_title, stored.price, stored.is_paid) == ("Basket weaving", None, False)


def test_the_name_and_the_email_are_enough(anonymous: APIClient) -> None:
    least = {"first_name": "Bjørn", "email": "b@example.com", "course_title": "Painting"}

    assert anonymous.post(URL, least).status_code == 201


def test_a_bad_token_does_not_keep_a_request_from_arriving(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer null")

    assert anonymous.post(URL, FORM | {"course_title": "Painting"}).status_code == 201


def test_a_line_break_in_a_name_becomes_a_space(anonymous: APIClient) -> None:
    anonymous.post(URL, FORM | {"first_name": "A\r\nBcc: b@example.com", "course_title": "Painting\u2028now"})

    stored = EnrollmentRequest.objects.get()
    assert (stored.first_name, stored.course_title) == ("A Bcc: b@example.com", "Painting now")


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"course": None, "course_title": None}, "course"),
        ({"course": "never-was"}, "course"),
        ({"course": "draft"}, "course"),
        ({"course": "00000000-0000-0000-0000-000000000000"}, "course"),
        ({"course": "x" * 121}, "course"),
        ({"course": ["priced"]}, "course"),
        ({"course_title": ""}, "course_title"),
        ({"course_title": "x" * 256}, "course_title"),
        ({"first_name": None}, "first_name"),
        ({"first_name": "  "}, "first_name"),
        ({"first_name": True}, "first_name"),
        ({"last_name": {"a": 1}}, "last_name"),
        ({"email": "no address"}, "email"),
        ({"email": "a@example.com\nBcc: b@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"phone": "0" * 51}, "phone"),
        ({"experience": "x" * 2001}, "experience"),
        ({"price": "0"}, "price"),
        ({"is_paid": True}, "is_paid"),
        ({"paid_at": "2024-01-01T00:00:00Z"}, "paid_at"),
    ],
)
def test_a_bad_field_is_a_400_that_names_it(
    anonymous: APIClient, priced: Course, change: dict[str, Any], field: str
) -> None:
    Course.objects.create(title="Draft", slug="draft")
    form = {name: new for name, new in (FORM | {"course_title": "Painting"} | change).items() if new is not None}

    answer = anonymous.post(URL, form)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["errors"]) == {field}
    assert all(set(error) == {"message", "code"} for error in answer.json()["errors"][field])
    assert not EnrollmentRequest.objects.exists()


@pytest.mark.parametrize(
    "body",
    [b"", b"[]", b"null", b'"text"', b"{", b'{"first_name": "a\\u0000b"}', b'{"first_name": "\xff"}', b"{" * 999],
)
def test_a_body_that_is_no_form_is_a_400(anonymous: APIClient, body: bytes) -> None:
    answer = anonymous.post(URL, body, content_type="application/json")

    assert answer.status_code == 400
    assert set(answer.json()) >= {"detail", "code"}


def test_requests_are_limited_together_with_the_contact_form(anonymous: APIClient, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"contact": (2, 3600)}
    answers = [anonymous.post(URL, FORM | {"course_title": "Painting"}).status_code for _ in range(3)]

    assert answers == [201, 201, 429]


def test_staff_see_every_request_newest_first(
    api: Callable[[User], APIClient],
    staff: User,
    priced: Course,
    django_assert_num_queries: DjangoAssertNumQueries,
) -> None:
    for number in range(5):
        EnrollmentRequest.objects.create(first_name=str(number), email="a@example.com", course=priced)
    client = api(staff)

    with django_assert_num_queries(2):  # who asks, and the page
        answer = client.get(URL)

    assert [row["first_name"] for row in answer.json()["results"]] == list("43210")
    assert {"price", "currency", "is_paid", "paid_at", "email"} <= set(answer.json()["results"][0])


def test_nobody_else_sees_a_request(
    api: Callable[[User], APIClient], student: User, instructor: User, anonymous: APIClient
) -> None:
    assert anonymous.get(URL).status_code == 401
    for person in (student, instructor):
        answer = api(person).get(URL)
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")


def test_reading_with_a_bad_token_is_a_401(anonymous: APIClient) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer null")

    assert anonymous.get(URL).status_code == 401


def test_the_database_keeps_a_payment_date_for_paid_requests_alone() -> None:
    with pytest.raises(IntegrityError), transaction.atomic():
        EnrollmentRequest.objects.create(first_name="A", email="a@example.com", paid_at=timezone.now())
    EnrollmentRequest.objects.create(first_name="A", email="a@example.com", paid_at=timezone.now(), is_paid=True)
