"""What staff say of spam stands, and is remembered of the sender (contract 3.4)."""

from collections.abc import Callable

import pytest
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from contacts.services.submitting import REMEMBERED, history_of
from contacts.spam import History
from tests.conftest import make_user
from tests.contacts.conftest import FORM, LEAST, URL, events, make_contact
from users.models import User

pytestmark = pytest.mark.django_db


def test_staff_mark_and_unmark_spam(office: APIClient, staff: User, contact: Contact) -> None:
    marked = office.post(f"{URL}{contact.pk}/mark_spam/")
    unmarked = office.post(f"{URL}{contact.pk}/unmark_spam/")

    assert (marked.status_code, marked.json()["is_spam"]) == (200, True)
    assert (unmarked.status_code, unmarked.json()["is_spam"]) == (200, False)
    assert marked.json()["spam_decided_by"] == unmarked.json()["spam_decided_by"] == str(staff.pk)
    assert events() == ["contacts.marked_as_spam", "contacts.unmarked_as_spam"]
    assert set(AuditLog.objects.filter(resource_type="contacts.contact").values_list("user", flat=True)) == {staff.pk}


@pytest.mark.parametrize("path", ["mark_spam/", "unmark_spam/"])
def test_the_same_decision_again_changes_nothing_and_the_first_who_decided_stays_named(
    office: APIClient, api: Callable[[User], APIClient], staff: User, contact: Contact, path: str
) -> None:
    colleague = api(make_user("colleague@example.com", is_staff=True))
    office.post(f"{URL}{contact.pk}/{path}")
    before = Contact.objects.values().get()
    again = colleague.post(f"{URL}{contact.pk}/{path}")

    assert (again.status_code, again.json()["spam_decided_by"]) == (200, str(staff.pk))
    assert Contact.objects.values().get() == before
    assert len(events()) == 1


def test_what_the_model_marked_staff_may_confirm(office: APIClient, staff: User) -> None:
    contact = make_contact(is_spam=True, spam_score=80)

    assert office.post(f"{URL}{contact.pk}/mark_spam/").json()["spam_decided_by"] == str(staff.pk)
    assert events() == ["contacts.marked_as_spam"]


def test_the_status_is_left_alone(office: APIClient) -> None:
    contact = make_contact(status="closed")

    assert office.post(f"{URL}{contact.pk}/mark_spam/").json()["status"] == "closed"


def test_staff_see_the_score_and_its_reasons(office: APIClient, anonymous: APIClient) -> None:
    anonymous.post(URL, FORM | {"website": "x"})

    shown = office.get(f"{URL}{Contact.objects.get().pk}/").json()
    assert shown["spam_score"] >= 50
    assert all(isinstance(reason, str) and reason.endswith(".") for reason in shown["spam_reasons"])


def test_the_history_counts_the_decisions_of_staff_alone(staff: User) -> None:
    email = "Ada@Example.com"
    make_contact(email=email, is_spam=True)
    make_contact(email=email)
    make_contact(email=email.lower(), is_spam=True, spam_decided_by=staff)
    make_contact(email=email, spam_decided_by=staff)
    make_contact(email=email, responded_by=staff)
    make_contact(email="other@example.com", is_spam=True, spam_decided_by=staff)

    assert history_of("ADA@example.com") == History(spam=1, honest=2)


def test_the_history_looks_back_a_while_and_no_further(staff: User) -> None:
    make_contact(email="ada@example.com", is_spam=True, spam_decided_by=staff)
    Contact.objects.bulk_create(
        Contact(name="x", email="ada@example.com", email_canonical="ada@example.com", message="x")
        for _ in range(REMEMBERED)
    )

    assert history_of("ada@example.com") == History()


def test_a_sender_whose_mail_was_spam_twice_is_met_with_distrust_and_one_who_was_answered_with_trust(
    anonymous: APIClient, staff: User
) -> None:
    link = {"message": "https://example.com https://example.org"}
    for sender, fields in (
        ("spammer", {"is_spam": True, "spam_decided_by": staff}),
        ("client", {"responded_by": staff}),
    ):
        for _ in range(2):
            make_contact(email=f"{sender}@example.com", **fields)
    for sender in ("stranger", "spammer", "client"):
        anonymous.post(URL, LEAST | link | {"email": f"{sender}@example.com"})

    scores = dict(Contact.objects.filter(message=link["message"]).values_list("email", "spam_score"))
    assert scores["client@example.com"] < scores["stranger@example.com"] < scores["spammer@example.com"]
    assert scores["spammer@example.com"] >= 50
