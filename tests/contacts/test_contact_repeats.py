"""The same message sent again is the same message (contract 3.3)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from contacts.models import Contact
from contacts.services.answering import close_contact
from tests.conftest import PASSWORD, make_user
from tests.contacts.conftest import FORM, LEAST, URL, events
from titanobova.models import IdempotencyKey, OutgoingMail
from users.models import User
from users.services.privacy import erase_account

pytestmark = pytest.mark.django_db
OTHER = FORM | {"message": "Something else."}


def send(client: APIClient, form: dict[str, Any], name: str | None = None, **extra: Any) -> Any:
    """Send the form under a name of the attempt, if any."""
    return client.post(URL, form, headers={"Idempotency-Key": name} if name is not None else {}, **extra)


def let_ten_minutes_pass() -> None:
    for row in IdempotencyKey.objects.all():
        IdempotencyKey.objects.filter(pk=row.pk).update(expires_at=row.expires_at - timedelta(minutes=10))


def test_the_same_submission_again_is_stored_once_and_answered_the_same(anonymous: APIClient) -> None:
    first, second = send(anonymous, FORM), send(anonymous, FORM)

    assert (second.status_code, second.json()) == (201, first.json())
    assert Contact.objects.count() == OutgoingMail.objects.count() == 1
    assert events() == ["contacts.submitted"]


def test_after_ten_minutes_it_is_a_new_message(anonymous: APIClient) -> None:
    first = send(anonymous, FORM)
    ends_at = IdempotencyKey.objects.get().expires_at
    let_ten_minutes_pass()
    second = send(anonymous, FORM)

    assert timedelta(minutes=9) < ends_at - timezone.now() <= timedelta(minutes=10)
    assert first.json()["id"] != second.json()["id"]
    assert Contact.objects.count() == 2


@pytest.mark.parametrize("name", list(FORM))
def test_what_differs_in_one_field_is_another_message(anonymous: APIClient, name: str) -> None:
    send(anonymous, FORM)
    send(anonymous, FORM | {name: "b@example.com" if name == "email" else f"{FORM[name]} 2"})

    assert Contact.objects.count() == 2


def test_the_traps_make_no_other_message_of_it_and_a_field_left_out_is_an_empty_one(anonymous: APIClient) -> None:
    send(anonymous, LEAST)
    again = send(anonymous, LEAST | {"phone": "", "subject": "", "elapsed_ms": 90_000})

    assert Contact.objects.count() == 1
    assert set(again.json()) == {*LEAST, "phone", "subject", "id", "status", "created_at"}


def test_the_same_words_of_two_people_are_two_messages(
    anonymous: APIClient, api: Callable[[User], APIClient], student: User, other_student: User
) -> None:
    for client in (anonymous, api(student), api(other_student), api(student)):
        assert send(client, FORM).status_code == 201

    assert Contact.objects.count() == 3


def test_spam_that_is_sent_again_is_stored_once_and_answered_the_same(anonymous: APIClient) -> None:
    spam = FORM | {"website": "x"}
    first, second = send(anonymous, spam), send(anonymous, spam)

    assert (first.json(), Contact.objects.count()) == (second.json(), 1)


def test_a_repetition_does_not_tell_a_visitor_what_became_of_it(anonymous: APIClient, actor: Any) -> None:
    first = send(anonymous, FORM)
    close_contact(Contact.objects.get(), by=actor)

    assert send(anonymous, FORM).json() == first.json()


@pytest.mark.parametrize("name", [None, "attempt-1"])
@pytest.mark.parametrize("is_late", [False, True])
def test_who_repeats_a_message_that_was_erased_sends_a_new_one(
    anonymous: APIClient, actor: Any, name: str | None, is_late: bool
) -> None:
    person = make_user(FORM["email"], email_verified=True)
    first = send(anonymous, FORM, name)
    erase_account(person, password=PASSWORD, by=actor.as_user(person))
    if is_late:
        let_ten_minutes_pass()

    second, third = send(anonymous, FORM, name), send(anonymous, FORM, name)

    assert second.json()["id"] != first.json()["id"]
    assert {member: second.json()[member] for member in FORM} == FORM
    assert (third.status_code, third.json()) == (201, second.json())
    assert sorted(Contact.objects.values_list("message", flat=True)) == ["", FORM["message"]]


@pytest.mark.parametrize("kind", ["json", "multipart"])
def test_an_attempt_sent_again_is_answered_the_same_for_a_day(anonymous: APIClient, kind: str) -> None:
    first = send(anonymous, FORM, "attempt-1", format=kind)
    let_ten_minutes_pass()
    second = send(anonymous, FORM, "attempt-1", format=kind)

    assert (second.status_code, second.json()) == (201, first.json())
    assert Contact.objects.count() == OutgoingMail.objects.count() == 1


def test_another_body_under_the_same_name_is_a_422_and_stores_nothing(anonymous: APIClient) -> None:
    send(anonymous, FORM, "attempt-1")
    answer = send(anonymous, OTHER, "attempt-1")

    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_reused")
    assert Contact.objects.count() == 1
    assert send(anonymous, OTHER).status_code == 201


@pytest.mark.parametrize("name", ["", " ", "a b", "é", "x" * 256])
def test_a_name_that_is_none_is_a_400(anonymous: APIClient, name: str) -> None:
    answer = anonymous.post(URL, FORM, HTTP_IDEMPOTENCY_KEY=name)

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_idempotency_key")
    assert not Contact.objects.exists()


def test_the_same_words_under_another_name_are_the_same_message_and_the_name_stands_for_it(
    anonymous: APIClient,
) -> None:
    first, second = send(anonymous, FORM, "attempt-1"), send(anonymous, FORM, "attempt-2")
    let_ten_minutes_pass()
    third = send(anonymous, FORM, "attempt-2")

    assert first.json() == second.json() == third.json()
    assert Contact.objects.count() == 1


def test_a_name_belongs_to_its_person_and_its_address(
    anonymous: APIClient, api: Callable[[User], APIClient], student: User
) -> None:
    answers = [
        send(anonymous, FORM, "attempt-1", REMOTE_ADDR="203.0.113.1"),
        send(anonymous, OTHER, "attempt-1", REMOTE_ADDR="203.0.113.2"),
        send(api(student), OTHER, "attempt-1"),
    ]

    assert [answer.status_code for answer in answers] == [201, 201, 201]
    assert Contact.objects.count() == 3


def test_a_refused_form_uses_no_name_up(anonymous: APIClient) -> None:
    assert send(anonymous, FORM | {"email": "none"}, "attempt-1").status_code == 400
    assert send(anonymous, FORM, "attempt-1").status_code == 201


def test_what_staff_deleted_meanwhile_arrives_again(anonymous: APIClient) -> None:
    first = send(anonymous, FORM, "attempt-1")
    Contact.objects.all().delete()
    second = send(anonymous, FORM, "attempt-1")

    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
    assert str(Contact.objects.get().pk) == first.json()["id"]


def test_the_time_that_a_repetition_took_is_none_of_its_body(anonymous: APIClient) -> None:
    first = send(anonymous, {**FORM, "elapsed_ms": 5000}, "attempt-1")
    second = send(anonymous, {**FORM, "elapsed_ms": 9000}, "attempt-1")

    assert (second.status_code, second.json()["id"]) == (201, first.json()["id"])
