"""Who proves an address owns what was written under it; who is erased leaves no words behind (contract 2.14)."""

from collections.abc import Callable

import pytest
from django.db import transaction
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact, ContactAnswer
from contacts.personal_data import erase_contacts, export_contacts
from contacts.services.answering import respond_to_contact
from tests.conftest import client_of, make_user
from tests.contacts.conftest import FORM, LEAST, URL, make_contact
from titanobova.models import OutgoingMail
from users.models import User
from users.services.addresses import mark_verified

pytestmark = pytest.mark.django_db


def prove(user: User, actor: Actor) -> None:
    with transaction.atomic():
        mark_verified(user, by=actor.as_user(user))


def test_who_proves_an_address_owns_what_was_sent_under_it_in_any_spelling(
    anonymous: APIClient, api: Callable[[User], APIClient], actor: Actor
) -> None:
    for number, spelling in enumerate(("Ada@Example.com", "ada@example.com", "ADA@EXAMPLE.COM")):
        anonymous.post(URL, LEAST | {"email": spelling, "name": str(number)})
    ada = make_user("ada@example.com")
    assert api(ada).get(URL).json()["results"] == []

    prove(ada, actor)

    assert [contact["name"] for contact in api(ada).get(URL).json()["results"]] == ["2", "1", "0"]
    assert Contact.objects.filter(claimed_at=None).count() == 0
    row = AuditLog.objects.get(details__event="contacts.claimed")
    assert (row.resource_id, row.details["contacts"]) == (str(ada.pk), 3)


def test_what_is_another_s_or_under_another_address_stays_where_it_is(
    student: User, other_student: User, actor: Actor
) -> None:
    make_contact(name="A", email=student.email, user=other_student)
    make_contact(name="B", email=f"x{student.email}")
    prove(student, actor)

    assert not Contact.objects.filter(user=student).exists()
    assert not AuditLog.objects.filter(details__event="contacts.claimed").exists()


def test_it_happens_in_the_transaction_of_the_proof(student: User, actor: Actor) -> None:
    make_contact(email=student.email)
    with transaction.atomic():
        mark_verified(student, by=actor)
        transaction.set_rollback(True)

    assert Contact.objects.get().user is None


def test_where_a_visitor_wrote_from_is_not_told_to_whom_the_message_belongs_since(student: User, actor: Actor) -> None:
    make_contact(name="visitor", email=student.email)
    prove(student, actor)
    make_contact(name="person", user=student)

    by_name = {contact["name"]: contact for contact in export_contacts(student)["contacts"]}

    assert not {"ip_address", "user_agent"} & set(by_name["visitor"])
    assert by_name["person"]["ip_address"] == "203.0.113.7"


def test_the_export_holds_the_thread_without_who_answered(student: User, staff: User, actor: Actor) -> None:
    contact = make_contact(user=student)
    for message in ("Soon.", "Now."):
        respond_to_contact(contact, message=message, by=actor.as_user(staff))

    [known] = export_contacts(student)["contacts"]

    assert [answer["message"] for answer in known["answers"]] == ["Soon.", "Now."]
    assert {name for answer in known["answers"] for name in answer} == {"message", "created_at"}


def test_erasing_blanks_the_thread_its_mails_and_the_mail_to_staff(student: User, staff: User, actor: Actor) -> None:
    client_of(student).post(URL, FORM | {"website": "https://example.com/axolotl"})
    client_of(student).post(URL, FORM)
    Contact.objects.update(is_spam=False)
    for contact in Contact.objects.all():
        respond_to_contact(contact, message="An axolotl sits on the floor", by=actor.as_user(staff))

    with transaction.atomic():
        erase_contacts(student, actor)

    assert {*ContactAnswer.objects.values_list("message", flat=True)} == {""}
    assert {*OutgoingMail.objects.values_list("text", "reply_to", "subject", "status")} == {("", "", "", "failed")}
    left = Contact.objects.values("name", "email", "email_canonical", "message", "spam_reasons").distinct()
    nobody = f"erased-{student.pk}@erased.invalid"
    assert list(left) == [{"name": "", "email": nobody, "email_canonical": nobody, "message": "", "spam_reasons": []}]


def test_erasing_leaves_the_threads_of_others(student: User, other_student: User, actor: Actor) -> None:
    for person in (student, other_student):
        respond_to_contact(make_contact(user=person, name=person.email), message="Yes.", by=actor)
    with transaction.atomic():
        erase_contacts(student, actor)

    kept = Contact.objects.get(user=other_student)
    assert kept.answers.values_list("message", "mail__status").get() == ("Yes.", "waiting")
