"""Staff read, note, answer and close (contract 3.2)."""

from collections.abc import Callable
from uuid import uuid4

import pytest
from django.db import transaction
from django.test import Client
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact
from contacts.services.answering import respond_to_contact
from tests.contacts.conftest import URL, events, make_contact
from titanobova.models import OutgoingMail
from users.models import User

pytestmark = pytest.mark.django_db


def mail_to(contact: Contact) -> OutgoingMail:
    return OutgoingMail.objects.create(recipient=contact.email, subject="Re:", text="Yes.")


def test_a_new_contact_is_read_once(office: APIClient, contact: Contact) -> None:
    answers = [office.get(f"{URL}{contact.pk}/").json() for _ in range(2)]

    assert [answer["status"] for answer in answers] == ["read", "read"]
    assert events() == ["contacts.read"]


@pytest.mark.parametrize("status", ["responded", "closed"])
def test_looking_at_a_contact_again_does_not_move_it_back(office: APIClient, status: str) -> None:
    contact = make_contact(status=status)

    assert office.get(f"{URL}{contact.pk}/").json()["status"] == status
    assert events() == []


def test_the_owner_sees_their_contact_and_it_stays_new(api: Callable[[User], APIClient], student: User) -> None:
    contact = make_contact(user=student)

    answer = api(student).get(f"{URL}{contact.pk}/")

    assert (answer.status_code, answer.json()["status"]) == (200, "new")
    assert not {"internal_notes", "ip_address", "user_agent"} & set(answer.json())


def test_a_foreign_contact_answers_like_one_that_never_was(
    api: Callable[[User], APIClient], other_student: User, student: User
) -> None:
    contact = make_contact(user=student)
    client = api(other_student)

    foreign, never = client.get(f"{URL}{contact.pk}/"), client.get(f"{URL}{uuid4()}/")

    assert (foreign.status_code, foreign.json()) == (404, never.json())


def test_staff_note_something(office: APIClient, contact: Contact) -> None:
    answer = office.patch(f"{URL}{contact.pk}/", {"internal_notes": "ring back"})

    assert (answer.status_code, answer.json()["internal_notes"], answer.json()["status"]) == (200, "ring back", "new")
    log = AuditLog.objects.get(details__event="contacts.updated")
    assert log.details["fields"] == ["internal_notes"]


def test_staff_move_a_contact_on_and_a_status_it_has_already_is_no_move(office: APIClient, contact: Contact) -> None:
    for _ in range(2):
        assert office.patch(f"{URL}{contact.pk}/", {"status": "read"}).json()["status"] == "read"

    assert events() == ["contacts.updated"]


def test_an_answer_by_telephone_names_who_gave_it(office: APIClient, staff: User, contact: Contact) -> None:
    answer = office.patch(f"{URL}{contact.pk}/", {"status": "responded"})

    assert (answer.json()["status"], answer.json()["responded_by"]) == ("responded", str(staff.pk))
    assert not OutgoingMail.objects.exists()


def test_an_answer_is_mailed_and_kept(office: APIClient, staff: User, contact: Contact) -> None:
    answer = office.post(f"{URL}{contact.pk}/respond/", {"message": "It's 49 € & more.\nRegards"})

    assert answer.status_code == 200
    assert answer.json()["status"] == "responded"
    assert answer.json()["responded_by"] == str(staff.pk)
    assert answer.json()["response_message"] == "It's 49 € & more.\nRegards"
    mail = OutgoingMail.objects.get()
    assert (mail.recipient, mail.subject) == (contact.email, "Re: Course & fees?")
    assert "It's 49 € & more.\nRegards" in mail.text
    assert "Hello Siobhán O'Dálaigh," in mail.text
    assert "calls often" not in mail.text
    assert events() == ["contacts.answered"]


def test_an_answer_to_a_message_without_a_subject_has_one(office: APIClient) -> None:
    contact = make_contact(subject="")

    office.post(f"{URL}{contact.pk}/respond/", {"message": "Yes."})

    assert OutgoingMail.objects.get().subject == "Your message to us"


def test_a_second_answer_is_mailed_too_and_the_latest_is_kept(office: APIClient, contact: Contact) -> None:
    for message in ("Soon.", "Now."):
        assert office.post(f"{URL}{contact.pk}/respond/", {"message": message}).status_code == 200

    assert OutgoingMail.objects.count() == 2
    assert Contact.objects.get().response_message == "Now."


def test_an_answer_sent_twice_under_one_name_is_mailed_once(office: APIClient, contact: Contact) -> None:
    url, named = f"{URL}{contact.pk}/respond/", {"Idempotency-Key": "answer-1"}

    first, again = (office.post(url, {"message": "Yes."}, headers=named) for _ in range(2))
    other = office.post(url, {"message": "No."}, headers=named)

    assert (first.status_code, again.status_code, again.json()) == (200, 200, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "idempotency_key_reused")
    assert (OutgoingMail.objects.count(), events()) == (1, ["contacts.answered"])


def test_the_name_of_an_attempt_at_one_contact_says_nothing_at_another(office: APIClient, contact: Contact) -> None:
    for one in (contact, make_contact()):
        office.post(f"{URL}{one.pk}/respond/", {"message": "Yes."}, headers={"Idempotency-Key": "answer-1"})

    assert OutgoingMail.objects.count() == 2


def test_a_second_click_on_the_answer_in_the_admin_mails_nothing_more(staff: User, contact: Contact) -> None:
    desk, url = Client(), f"/admin/contacts/contact/{contact.pk}/answer/"
    desk.force_login(staff)
    name = desk.get(url).context["form"]["attempt"].value()

    for message in ("Yes.", "Yes.", "No."):
        assert desk.post(url, {"message": message, "attempt": str(name)}).status_code == 302

    assert OutgoingMail.objects.count() == 2


def test_a_refused_answer_leaves_its_name_free(office: APIClient) -> None:
    contact = make_contact(is_spam=True)
    url, named = f"{URL}{contact.pk}/respond/", {"Idempotency-Key": "answer-1"}

    assert office.post(url, {"message": "Yes."}, headers=named).status_code == 409
    Contact.objects.update(is_spam=False)
    assert office.post(url, {"message": "Yes."}, headers=named).status_code == 200
    assert OutgoingMail.objects.count() == 1


def test_staff_see_the_thread_with_who_answered_and_whether_the_mail_left(
    office: APIClient, staff: User, contact: Contact
) -> None:
    for message in ("Soon.", "Now."):
        office.post(f"{URL}{contact.pk}/respond/", {"message": message})
    OutgoingMail.objects.filter(text__contains="Soon.").update(status="sent")

    answers = office.get(f"{URL}{contact.pk}/").json()["answers"]

    assert [(one["message"], one["mail_status"]) for one in answers] == [("Soon.", "sent"), ("Now.", "waiting")]
    assert {one["answered_by"] for one in answers} == {str(staff.pk)}
    assert set(answers[0]) == {"id", "message", "answered_by", "created_at", "mail_status"}


def test_an_answer_whose_mail_is_gone_stays_in_the_thread(office: APIClient, contact: Contact) -> None:
    office.post(f"{URL}{contact.pk}/respond/", {"message": "Yes."})
    OutgoingMail.objects.all().delete()

    [answer] = office.get(f"{URL}{contact.pk}/").json()["answers"]
    assert (answer["message"], answer["mail_status"]) == ("Yes.", None)


def test_the_owner_reads_the_thread_without_what_is_the_staff_s(
    api: Callable[[User], APIClient], office: APIClient, student: User
) -> None:
    contact = make_contact(user=student, is_spam=False, spam_score=10)
    office.post(f"{URL}{contact.pk}/respond/", {"message": "Yes."})

    shown = api(student).get(f"{URL}{contact.pk}/").json()

    assert [set(answer) for answer in shown["answers"]] == [{"id", "message", "created_at"}]
    assert shown["answers"][0]["message"] == "Yes."
    hidden = {"internal_notes", "ip_address", "user_agent", "is_spam", "spam_score", "spam_reasons", "spam_decided_by"}
    assert not hidden & set(shown)


@pytest.mark.parametrize(("status", "queries"), [("responded", 3), ("new", 8)])
def test_a_contact_costs_the_same_queries_however_many_answers_it_has(
    office: APIClient, staff: User, django_assert_num_queries: DjangoAssertNumQueries, status: str, queries: int
) -> None:
    contact = make_contact(status=status)
    for number in range(5):
        contact.answers.create(message=str(number), answered_by=staff, mail=mail_to(contact))

    # Who asks, the contact, its answers with their mails; a new one is read once: begin, move, log, look again, end.
    with django_assert_num_queries(queries):
        assert len(office.get(f"{URL}{contact.pk}/").json()["answers"]) == 5


def test_an_answer_and_its_mail_stand_or_fall_together(contact: Contact, actor: Actor) -> None:
    with transaction.atomic():
        respond_to_contact(contact, message="Yes.", by=actor)
        transaction.set_rollback(True)

    assert not OutgoingMail.objects.exists()
    assert Contact.objects.get().status == "new"


def test_a_contact_is_closed(office: APIClient, contact: Contact) -> None:
    answer = office.post(f"{URL}{contact.pk}/close/")

    assert (answer.status_code, answer.json()["status"]) == (200, "closed")
    assert events() == ["contacts.closed"]
