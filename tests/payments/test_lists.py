"""Reading payments: one's own, all for staff, and the pages of the admin."""

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client
from rest_framework.test import APIClient

from payments.models import WebhookEvent
from tests.courses.conftest import make_course
from tests.payments.conftest import make_payment
from users.models import User

URL = "/api/v1/payments/"

pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]
Queries = Callable[[int], Any]


def test_a_person_sees_their_own_payments_newest_first(api: Login, student: User, other_student: User) -> None:
    course = make_course(title="Django", price=5)
    old = make_payment(student, enrollment=course.enrollments.create(user=student), course_title="Django")
    new = make_payment(student, amount="500", currency="jpy", description="A book", status="succeeded")
    make_payment(other_student)

    page = api(student).get(URL).json()

    assert set(page) == {"next", "previous", "results"}
    assert [row["id"] for row in page["results"]] == [str(new.pk), str(old.pk)]
    assert page["results"][0] | {"created_at": "", "updated_at": ""} == {
        "id": str(new.pk),
        "user": str(student.pk),
        "enrollment": None,
        "course_title": "",
        "amount": "500",
        "amount_refunded": "0",
        "currency": "jpy",
        "description": "A book",
        "status": "succeeded",
        "created_at": "",
        "updated_at": "",
    }


def test_staff_see_all_payments(api: Login, staff: User, student: User, other_student: User) -> None:
    for user in (student, other_student):
        make_payment(user)

    assert len(api(staff).get(URL).json()["results"]) == 2


@pytest.mark.parametrize("query", ["is_flagged=true", "is_flagged=false", "user=00000000-0000-7000-8000-000000000000"])
def test_a_buyer_learns_nothing_from_the_filters_of_the_staff(
    api: Login, staff: User, student: User, query: str
) -> None:
    make_payment(student, is_flagged=True, flag_reason="seat_lost")
    make_payment(student)

    assert len(api(student).get(f"{URL}?{query}").json()["results"]) == 2
    assert len(api(staff).get(f"{URL}?{query}").json()["results"]) < 2


def test_a_visitor_sees_none(anonymous: APIClient) -> None:
    assert anonymous.get(URL).status_code == 401


@pytest.mark.parametrize("number", [1, 20])
def test_a_page_costs_two_queries_however_long_it_is(
    api: Login, staff: User, student: User, django_assert_num_queries: Queries, number: int
) -> None:
    for _ in range(number):
        make_payment(student, enrollment=make_course(price=5).enrollments.create(user=student))
    client = api(staff)

    with django_assert_num_queries(2):  # who asks, and the page
        page = client.get(URL).json()

    assert len(page["results"]) == number


def test_pages_follow_each_other_under_the_callers_version(api: Login, student: User) -> None:
    for _ in range(3):
        make_payment(student)
    client = api(student)

    first = client.get("/api/v2/payments/?page_size=2").json()
    second = client.get(first["next"]).json()

    assert "/api/v2/payments/" in first["next"]
    assert [len(page["results"]) for page in (first, second)] == [2, 1]
    assert second["next"] is None


@pytest.mark.parametrize("page", ["payment", "webhookevent"])
def test_the_admin_shows_and_never_edits(client: Client, staff: User, student: User, page: str) -> None:
    payment = make_payment(student)
    event = WebhookEvent.objects.create(pk="evt_1", type="customer.created", payload={}, livemode=False)
    row = {"payment": payment, "webhookevent": event}[page]
    client.force_login(staff)

    assert client.get(f"/admin/payments/{page}/?q=student").status_code == 200
    assert client.get(f"/admin/payments/{page}/{row.pk}/change/").status_code == 200
    assert client.get(f"/admin/payments/{page}/add/").status_code == 403
    assert client.post(f"/admin/payments/{page}/{row.pk}/change/", {"status": "succeeded"}).status_code == 403
    assert client.post(f"/admin/payments/{page}/{row.pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("number", [1, 20])
def test_the_admins_list_costs_the_same_however_long_it_is(
    client: Client, staff: User, student: User, django_assert_max_num_queries: Queries, number: int
) -> None:
    for _ in range(number):
        make_payment(student)
    client.force_login(staff)

    with django_assert_max_num_queries(8):
        assert client.get("/admin/payments/payment/").status_code == 200
