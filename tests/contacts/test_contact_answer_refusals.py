"""What staff cannot do with a contact, and what nobody else can (contract 3.2 and 10)."""

from collections.abc import Callable
from typing import Any

import pytest
from rest_framework.test import APIClient

from audit.actor import Actor
from contacts.models import Contact
from contacts.services.answering import ForbiddenTransition, close_contact, read_contact, respond_to_contact
from tests.contacts.conftest import URL, events, make_contact
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("status", "path", "body"),
    [
        ("closed", "close/", None),
        ("closed", "respond/", {"message": "Too late."}),
        ("closed", "", {"status": "read"}),
        ("closed", "", {"status": "new", "internal_notes": "lost"}),
        ("responded", "", {"status": "read"}),
        ("read", "", {"status": "new"}),
    ],
)
def test_a_step_that_the_table_does_not_know_is_a_409_and_changes_nothing(
    office: APIClient, status: str, path: str, body: dict[str, Any] | None
) -> None:
    contact = make_contact(status=status)
    call = office.post if path else office.patch

    answer = call(f"{URL}{contact.pk}/{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "forbidden_transition")
    unchanged = Contact.objects.get()
    assert (unchanged.status, unchanged.internal_notes, unchanged.response_message) == (status, "calls often", "")
    assert events() == []
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize(("path", "body"), [("respond/", {"message": "Yes."}), ("", {"status": "responded"})])
def test_spam_is_not_answered_until_staff_unmark_it(office: APIClient, path: str, body: dict[str, str]) -> None:
    contact = make_contact(is_spam=True)
    call = office.post if path else office.patch

    answer = call(f"{URL}{contact.pk}/{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (409, "contact_is_spam")
    assert not OutgoingMail.objects.exists()
    office.post(f"{URL}{contact.pk}/unmark_spam/")
    assert call(f"{URL}{contact.pk}/{path}", body).status_code == 200


def test_spam_may_be_read_and_closed(office: APIClient) -> None:
    contact = make_contact(is_spam=True)

    assert office.get(f"{URL}{contact.pk}/").json()["status"] == "read"
    assert office.post(f"{URL}{contact.pk}/close/").json()["status"] == "closed"


def test_who_acts_on_an_old_copy_is_refused_by_the_row_itself(contact: Contact, actor: Actor) -> None:
    old_copy = Contact.objects.get()
    close_contact(contact, by=actor)

    with pytest.raises(ForbiddenTransition):
        respond_to_contact(old_copy, message="Too late.", by=actor)
    assert read_contact(old_copy, by=actor).status != "read"


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("", {"status": "open"}, "status"),
        ("", {"status": None}, "status"),
        ("", {"status": ["read"]}, "status"),
        ("", {"internal_notes": None}, "internal_notes"),
        ("", {"internal_notes": "x" * 5001}, "internal_notes"),
        ("", {"name": "Somebody else"}, "name"),
        ("", {"response_message": "Never said."}, "response_message"),
        ("", [], "non_field_errors"),
        ("respond/", {}, "message"),
        ("respond/", {"message": " "}, "message"),
        ("respond/", {"message": "x" * 5001}, "message"),
        ("respond/", {"message": 7.5, "to": "b@example.com"}, "to"),
    ],
)
def test_a_bad_field_is_a_400_that_names_it(
    office: APIClient, contact: Contact, path: str, body: Any, field: str
) -> None:
    call = office.post if path else office.patch

    answer = call(f"{URL}{contact.pk}/{path}", body)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["errors"]) == {field}
    assert events() == []


@pytest.mark.parametrize("path", ["", "respond/", "close/", "mark_spam/", "unmark_spam/"])
def test_nobody_else_may_do_any_of_this(
    api: Callable[[User], APIClient], anonymous: APIClient, student: User, other_student: User, path: str
) -> None:
    contact = make_contact(user=student)
    url = f"{URL}{contact.pk}/{path}"

    def call(client: APIClient) -> int:
        act = client.post if path else client.patch
        return int(act(url, {"message": "x"} if path else {"status": "read"}).status_code)

    assert [call(anonymous), call(api(student)), call(api(other_student))] == [401, 403, 403]
    assert Contact.objects.get().status == "new"


@pytest.mark.parametrize("key", ["01a2046b-0000-7000-8000-000000000000", "1", "%00", "not-an-id"])
def test_what_is_not_there_is_a_404(office: APIClient, key: str) -> None:
    answers = [
        office.get(f"{URL}{key}/"),
        office.patch(f"{URL}{key}/", {"status": "read"}),
        office.post(f"{URL}{key}/respond/", {"message": "Yes."}),
        office.post(f"{URL}{key}/close/"),
        office.post(f"{URL}{key}/mark_spam/"),
        office.post(f"{URL}{key}/unmark_spam/"),
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [(404, "not_found")] * 6
