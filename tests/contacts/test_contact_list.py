"""Who sees which contacts, and how (contract 3.2)."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from contacts.models import Contact
from tests.contacts.conftest import URL, make_contact
from users.models import User

FOR_STAFF_ALONE = {
    "internal_notes", "ip_address", "user_agent", "is_spam", "spam_score", "spam_reasons", "spam_decided_by",
}  # fmt: skip
FIELDS = {
    "id", "name", "email", "phone", "subject", "message", "status", "user", "response_message", "responded_by",
    "created_at", "updated_at",
}  # fmt: skip
pytestmark = pytest.mark.django_db


def names(client: APIClient, query: str) -> str:
    """Return the names on the page that `query` asks for, in order."""
    answer = client.get(f"{URL}?{query}")
    assert answer.status_code == 200, answer.content
    return "".join(contact["name"] for contact in answer.json()["results"])


def test_staff_see_every_contact_with_everything(api: Callable[[User], APIClient], staff: User, student: User) -> None:
    make_contact(name="A")
    make_contact(name="B", user=student)

    answer = api(staff).get(URL)

    assert set(answer.json()) == {"next", "previous", "results"}
    assert [contact["name"] for contact in answer.json()["results"]] == ["B", "A"]
    shown = answer.json()["results"][0]
    assert set(shown) == FIELDS | FOR_STAFF_ALONE
    assert (shown["internal_notes"], shown["ip_address"]) == ("calls often", "203.0.113.7")


def test_a_person_sees_their_own_without_what_is_for_staff_alone(
    api: Callable[[User], APIClient], student: User, other_student: User
) -> None:
    make_contact(name="A", user=student)
    make_contact(name="B", user=other_student)
    make_contact(name="C", email=student.email)

    answer = api(student).get(URL)

    assert [contact["name"] for contact in answer.json()["results"]] == ["A"]
    assert set(answer.json()["results"][0]) == FIELDS


@pytest.mark.parametrize("header", ["", "Bearer null"])
def test_a_visitor_sees_none(anonymous: APIClient, contact: Contact, header: str) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION=header)

    for url in (URL, f"{URL}{contact.pk}/"):
        assert anonymous.get(url).status_code == 401


def test_reading_the_list_marks_nothing_as_read(
    api: Callable[[User], APIClient], staff: User, contact: Contact
) -> None:
    api(staff).get(URL)

    assert Contact.objects.get().status == "new"


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "CBA"),
        ("status=new", "CA"),
        ("status=read", "B"),
        ("status=closed", ""),
        ("date_from=2024-03-02", "CB"),
        ("date_to=2024-03-02", "BA"),
        ("date_from=2024-03-02&date_to=2024-03-02", "B"),
        ("date_from=0001-01-01&date_to=9999-12-31", "CBA"),
        ("search=KNITTING", "B"),
        ("search=c@other.example", "C"),
        ("search=siob", "BA"),
        ("search=messages", ""),
        ("search=calls+often", ""),
        ("search=%25", ""),
        ("status=new&search=knitting", ""),
        ("status=&date_from=&date_to=&search=", "CBA"),
    ],
)
def test_staff_filter_and_search(api: Callable[[User], APIClient], staff: User, query: str, found: str) -> None:
    make_contact(name="A", created_at=datetime(2024, 3, 1, 23, 59, 59, tzinfo=UTC))
    make_contact(name="B", status="read", subject="Knitting", created_at=datetime(2024, 3, 2, 23, 59, 59, tzinfo=UTC))
    make_contact(name="C", email="c@other.example", created_at=datetime(2024, 3, 3, tzinfo=UTC))

    assert names(api(staff), query) == found


@pytest.mark.parametrize(
    ("query", "found"),
    [("", "B"), ("is_spam=false", "B"), ("is_spam=true", "A"), ("is_spam=all", "BA"), ("is_spam=true&status=read", "")],
)
def test_spam_is_kept_apart_until_staff_ask_for_it(
    api: Callable[[User], APIClient], staff: User, query: str, found: str
) -> None:
    make_contact(name="A", is_spam=True)
    make_contact(name="B")

    assert names(api(staff), query) == found


@pytest.mark.parametrize("query", ["", "is_spam=false", "is_spam=true", "is_spam=all"])
def test_nobody_else_learns_what_counts_as_spam(api: Callable[[User], APIClient], student: User, query: str) -> None:
    make_contact(name="A", user=student, is_spam=True)
    make_contact(name="B", user=student)

    assert names(api(student), query) == "BA"


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ("is_spam=maybe", "is_spam"),
        ("is_spam=1", "is_spam"),
        ("status=open", "status"),
        ("status=%00", "status"),
        ("date_from=yesterday", "date_from"),
        ("date_from=2024-02-30", "date_from"),
        ("date_to=10000-01-01", "date_to"),
        ("date_to=%00", "date_to"),
        ("search=a%00b", "search"),
        ("search=" + "x" * 201, "search"),
    ],
)
def test_a_query_that_makes_no_sense_is_a_400_that_names_the_field(
    api: Callable[[User], APIClient], staff: User, query: str, field: str
) -> None:
    answer = api(staff).get(f"{URL}?{query}")

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})


def test_pages_follow_each_other_and_hold_100_at_most(api: Callable[[User], APIClient], staff: User) -> None:
    Contact.objects.bulk_create(Contact(name="x", email="a@example.com", message="x") for _ in range(101))
    client = api(staff)

    first = client.get(f"{URL}?page_size=1000000").json()
    second = client.get(first["next"]).json()

    assert (len(first["results"]), len(second["results"])) == (100, 1)


def test_a_page_costs_two_queries_however_many_contacts_it_holds(
    api: Callable[[User], APIClient], staff: User, student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        make_contact(name=str(number), user=student, responded_by=staff)
    client = api(staff)

    with django_assert_num_queries(2):  # who asks, and the page
        assert names(client, "") == "76543210"
