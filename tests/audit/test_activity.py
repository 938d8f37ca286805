"""A person sees what they did and what was done to their account (contract 6.3)."""

from collections.abc import Callable

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.services import record
from tests.conftest import PASSWORD
from users.models import User

pytestmark = pytest.mark.django_db

URL = "/api/v1/users/activity/"
FIELDS = {
    "id", "timestamp", "action", "event", "resource_type", "resource_id", "outcome", "is_own", "ip_address",
    "user_agent",
}  # fmt: skip


@pytest.fixture
def me(api: Callable[[User], APIClient], student: User) -> APIClient:
    """The student, logged in."""
    return api(student)


def test_own_acts_are_shown_with_where_they_came_from(me: APIClient, student: User) -> None:
    record("update", "users.profile.updated", by=Actor(user=student, ip_address="192.0.2.10", user_agent="a browser"))

    [row] = me.get(URL).json()["results"]

    assert set(row) == FIELDS
    assert (row["event"], row["is_own"]) == ("users.profile.updated", True)
    assert (row["ip_address"], row["user_agent"]) == ("192.0.2.10", "a browser")


def test_what_others_did_to_the_account_is_shown_without_them(me: APIClient, student: User, staff: User) -> None:
    by = Actor(user=staff, ip_address="198.51.100.9", user_agent="an office")
    record("update", "admin.changed", by=by, on=student, details={"fields": {"bio": {"from": "a", "to": "b"}}})

    [row] = me.get(URL).json()["results"]

    assert (row["event"], row["is_own"], row["ip_address"], row["user_agent"]) == ("admin.changed", False, None, None)
    assert not [word for word in ("198.51", "office", str(staff.pk), "bio") if word in str(row)]


def test_somebody_elses_tries_at_the_password_are_shown(me: APIClient, anonymous: APIClient, student: User) -> None:
    anonymous.post("/api/v1/auth/token/", {"email": student.email, "password": "wrong-horse-9"})

    [row] = me.get(URL).json()["results"]

    assert (row["event"], row["outcome"], row["is_own"]) == ("auth.login.failed", "failure", False)


def test_other_peoples_rows_are_not(me: APIClient, other_student: User, anonymous: APIClient) -> None:
    anonymous.post("/api/v1/auth/token/", {"email": other_student.email, "password": PASSWORD})
    record("update", "x", by=Actor(user=other_student), on=other_student)

    assert me.get(URL).json()["results"] == []
    assert me.get(URL, {"user": str(other_student.pk)}).json()["results"] == []


def test_visitors_have_none(anonymous: APIClient) -> None:
    assert anonymous.get(URL).status_code == 401


def test_pages_lead_through_all_rows_once_newest_first(
    me: APIClient, student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    made = [str(record("update", "x", by=Actor(user=student), on=student).pk) for _ in range(7)]
    url, seen = f"{URL}?page_size=3", []

    while url:
        with django_assert_num_queries(3):  # who asks, how many there are, the page
            answer = me.get(url).json()
        seen += [row["id"] for row in answer["results"]]
        url = answer["next"]

    assert seen == made[::-1]
