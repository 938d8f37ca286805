"""Anyone writes to the company (contract 3.1)."""

import json
from collections.abc import Callable

import pytest
from django.db import connection
from django.utils.http import urlencode
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from contacts.serializers import MESSAGE_LENGTH
from tests.contacts.conftest import FORM, LEAST, URL
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_a_visitor_writes_and_gets_back_what_they_sent(anonymous: APIClient, kind: str) -> None:
    answer = anonymous.post(URL, FORM, format=kind)

    assert answer.status_code == 201
    contact = Contact.objects.get()
    assert set(answer.json()) == {*FORM, "id", "status", "created_at"}
    assert answer.json().items() >= (FORM | {"id": str(contact.pk), "status": "new"}).items()
    assert {name: getattr(contact, name) for name in FORM} == FORM
    assert contact.user is None


def test_a_browser_s_form_is_understood(anonymous: APIClient) -> None:
    answer = anonymous.post(URL, urlencode(FORM), content_type="application/x-www-form-urlencoded")

    assert answer.status_code == 201
    assert Contact.objects.get().message == FORM["message"]


def test_name_email_and_message_are_enough_and_nothing_else_comes_back(anonymous: APIClient) -> None:
    answer = anonymous.post(URL, LEAST)

    assert answer.status_code == 201
    assert set(answer.json()) == {*LEAST, "id", "status", "created_at"}


def test_address_and_browser_are_kept_from_the_request_itself(anonymous: APIClient) -> None:
    anonymous.post(
        URL,
        FORM | {"ip_address": "198.51.100.1", "user_agent": "forged"},
        REMOTE_ADDR="203.0.113.7",
        headers={"user-agent": "Mozilla/5.0\tLynx", "x-forwarded-for": "198.51.100.1"},
    )

    contact = Contact.objects.get()
    assert (contact.ip_address, contact.user_agent) == ("203.0.113.7", "Mozilla/5.0 Lynx")


def test_what_the_form_does_not_know_is_left_alone(anonymous: APIClient, staff: User) -> None:
    extra = {
        "status": "closed",
        "internal_notes": "x",
        "user": str(staff.pk),
        "id": "1",
        "website": "https://example.com",
        "elapsed_ms": 9,
    }

    assert anonymous.post(URL, FORM | extra).status_code == 201
    contact = Contact.objects.get()
    assert (contact.status, contact.internal_notes, contact.user) == ("new", "", None)


@pytest.mark.parametrize("header", ["Bearer null", "Bearer undefined", "Bearer ", "Basic YTpi", "Bearer a.b.c"])
def test_a_token_that_is_not_valid_makes_a_visitor(anonymous: APIClient, header: str) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION=header)

    assert anonymous.post(URL, FORM).status_code == 201
    assert Contact.objects.get().user is None


def test_the_message_of_a_person_belongs_to_them(api: Callable[[User], APIClient], student: User) -> None:
    answer = api(student).post(URL, FORM)

    assert answer.status_code == 201
    assert answer.json()["user"] == str(student.pk)
    assert Contact.objects.get().user == student
    assert not {"internal_notes", "ip_address", "user_agent"} & set(answer.json())


def test_the_log_says_that_a_message_came_and_not_what_it_says(anonymous: APIClient) -> None:
    anonymous.post(URL, FORM)

    log = AuditLog.objects.get(details__event="contacts.submitted")
    assert (log.action, log.resource_id) == ("create", str(Contact.objects.get().pk))
    assert FORM["email"] not in json.dumps(log.all_details)


@pytest.mark.parametrize("name", ["name", "subject", "phone"])
def test_line_breaks_with_which_one_would_forge_a_mail_become_spaces(anonymous: APIClient, name: str) -> None:
    assert anonymous.post(URL, FORM | {name: "A\r\nBcc:\u2028b@example.com"}).status_code == 201
    assert getattr(Contact.objects.get(), name) == "A Bcc: b@example.com"


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_the_longest_message_arrives_whole(anonymous: APIClient, kind: str) -> None:
    message = "😀" * MESSAGE_LENGTH

    assert anonymous.post(URL, LEAST | {"message": message}, format=kind).status_code == 201
    assert Contact.objects.get().message == message


def test_messages_have_a_limit_of_their_own_which_staff_have_too(
    anonymous: APIClient, api: Callable[[User], APIClient], staff: User, settings: Settings
) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"contact": (2, 3600)}
    answers = [client.post(URL, FORM) for client in (anonymous, anonymous, anonymous, api(staff))]

    assert [answer.status_code for answer in answers] == [201, 201, 429, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert answers[2].json()["code"] == "rate_limited"


# The limit's counter, then all that is stored: on PostgreSQL one statement, on SQLite the claim and three rows. A named
# attempt adds its claim and a transaction around both.
QUERIES = {None: 2, "attempt-1": 5} if connection.vendor == "postgresql" else {None: 7, "attempt-1": 10}


@pytest.mark.parametrize(("name", "queries"), QUERIES.items())
def test_a_message_costs_few_queries(
    anonymous: APIClient, django_assert_num_queries: DjangoAssertNumQueries, name: str | None, queries: int
) -> None:
    headers = {"Idempotency-Key": name} if name else {}

    with django_assert_num_queries(queries):
        anonymous.post(URL, FORM, headers=headers)
