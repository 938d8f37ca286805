"""Contacts in the admin."""

import csv
import io
import json
from typing import Any

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from pytest_django import DjangoAssertNumQueries

from audit.models import AuditLog
from contacts.models import Contact
from tests.conftest import desk_of, make_user
from tests.contacts.conftest import events, make_contact
from titanobova.models import OutgoingMail
from users.models import User

LIST = "/admin/contacts/contact/"
NO_ANSWERS = {"answers-TOTAL_FORMS": "0", "answers-INITIAL_FORMS": "0"}
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(staff: User) -> Client:
    """The browser of somebody of the staff who may do everything."""
    return desk_of(staff)


def do(browser: Client, action: str, *contacts: Contact, query: str = "") -> Any:
    """Tick contacts in the list and choose an action."""
    chosen = {"action": action, "_selected_action": [str(contact.pk) for contact in contacts]}
    return browser.post(f"{LIST}{query}", chosen)


def names(browser: Client, query: str) -> list[str]:
    """Return who is in the list."""
    answer = browser.get(f"{LIST}{query}")
    assert answer.status_code == 200
    return [contact.name for contact in answer.context["cl"].result_list]


@pytest.mark.parametrize("query", ["", "?q=siobhan", "?q=siob+course", "?q=siobhan@example.com", "?status__exact=new"])
def test_staff_see_the_list(browser: Client, contact: Contact, query: str) -> None:
    assert contact.email.encode() in browser.get(f"{LIST}{query}").content


@pytest.mark.parametrize("query", ["?q=knitting", "?q=%25", "?q='\"", "?q=calls"])
def test_what_has_not_all_the_words_is_not_found(browser: Client, contact: Contact, query: str) -> None:
    assert names(browser, query) == []


@pytest.mark.parametrize(
    ("query", "found"),
    [("", ["B"]), ("?is_spam=true", ["A"]), ("?is_spam=all", ["B", "A"]), ("?is_spam=odd", ["B"])],
)
def test_spam_is_kept_apart_until_somebody_asks_for_it(browser: Client, query: str, found: list[str]) -> None:
    make_contact(name="A", is_spam=True)
    make_contact(name="B")

    assert names(browser, query) == found


def test_the_list_costs_few_queries_however_long_it_is(
    browser: Client, staff: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for number in range(8):
        make_contact(name=str(number), responded_by=staff)

    with django_assert_num_queries(4):  # the session, who asks, the bounded count, the rows
        assert len(names(browser, "?q=course")) == 8


def test_what_a_visitor_wrote_is_shown_as_text(browser: Client, contact: Contact) -> None:
    Contact.objects.update(name="<script>alert(1)</script>", message="<img src=x onerror=alert(1)>")

    for url in (LIST, f"{LIST}{contact.pk}/change/", f"{LIST}{contact.pk}/answer/"):
        content = browser.get(url).content
        assert b"&lt;script&gt;alert(1)" in content
        assert b"<script>alert(1)" not in content
        assert b"<img src=x" not in content


def test_staff_note_something_and_change_nothing_else(browser: Client, contact: Contact) -> None:
    form = {"internal_notes": "ring back", "status": "closed", "message": "forged", "is_spam": "on", **NO_ANSWERS}

    assert browser.post(f"{LIST}{contact.pk}/change/", form).status_code == 302

    changed = Contact.objects.get()
    assert (changed.internal_notes, changed.status, changed.message) == ("ring back", "new", contact.message)
    assert not changed.is_spam
    assert events() == ["contacts.updated"]


def test_nobody_makes_a_contact_by_hand(browser: Client) -> None:
    assert browser.get(f"{LIST}add/").status_code == 403


def test_opening_a_new_contact_reads_it_once(browser: Client, contact: Contact) -> None:
    for _ in range(2):
        assert browser.get(f"{LIST}{contact.pk}/change/").status_code == 200

    assert (Contact.objects.get().status, events()) == ("read", ["contacts.read"])


def test_who_may_only_look_reads_nothing(contact: Contact) -> None:
    visitor = make_user("looker@example.com", is_staff=True)
    give(visitor, "view_contact")

    assert desk_of(visitor).get(f"{LIST}{contact.pk}/change/").status_code == 200
    assert Contact.objects.get().status == "new"


def give(user: User, *names: str) -> None:
    """Let a member of the staff do so much and no more."""
    user.user_permissions.set(Permission.objects.filter(codename__in=names))


def test_an_answer_is_written_on_a_page_of_its_own_and_mailed(browser: Client, staff: User, contact: Contact) -> None:
    page = browser.get(f"{LIST}{contact.pk}/answer/")
    answer = browser.post(f"{LIST}{contact.pk}/answer/", {"message": "It's 49 €."})

    assert (page.status_code, b"csrfmiddlewaretoken" in page.content) == (200, True)
    assert contact.message.encode() in page.content
    assert (answer.status_code, answer["Location"]) == (302, f"{LIST}{contact.pk}/change/")
    assert (Contact.objects.get().status, Contact.objects.get().responded_by) == ("responded", staff)
    assert "It's 49 €." in OutgoingMail.objects.get().text
    assert events() == ["contacts.answered"]
    assert "It&#x27;s 49 €." in browser.get(f"{LIST}{contact.pk}/change/").content.decode()


@pytest.mark.parametrize(
    ("fields", "message", "said"),
    [
        ({}, "", "This field is required."),
        ({}, "x" * 5001, "5000 characters"),
        ({}, "a\0b", "Null characters"),
        ({"status": "closed"}, "Yes.", "status does not allow this"),
        ({"is_spam": True}, "Yes.", "Unmark it first"),
    ],
)
def test_an_answer_that_is_none_is_refused_in_words(
    browser: Client, fields: dict[str, Any], message: str, said: str
) -> None:
    contact = make_contact(**fields)

    answer = browser.post(f"{LIST}{contact.pk}/answer/", {"message": message})

    assert (answer.status_code, said in answer.content.decode()) == (400, True)
    assert not OutgoingMail.objects.exists()


def test_an_answer_from_a_foreign_page_is_refused(staff: User, contact: Contact) -> None:
    client = Client(enforce_csrf_checks=True)
    client.force_login(staff)

    assert client.post(f"{LIST}{contact.pk}/answer/", {"message": "Yes."}).status_code == 403
    assert not OutgoingMail.objects.exists()


@pytest.mark.parametrize("key", ["01a2046b-0000-7000-8000-000000000000", "1", "no-id"])
def test_there_is_no_answering_what_is_not_there(browser: Client, key: str) -> None:
    assert browser.get(f"{LIST}{key}/answer/").status_code == 302


def test_who_may_only_look_neither_answers_nor_decides_but_exports(contact: Contact) -> None:
    looker = make_user("looker@example.com", is_staff=True)
    give(looker, "view_contact")
    browser = desk_of(looker)

    assert browser.post(f"{LIST}{contact.pk}/answer/", {"message": "Yes."}).status_code == 403
    do(browser, "mark_spam", contact)
    assert (Contact.objects.get().is_spam, events()) == (False, [])
    assert do(browser, "export_csv", contact)["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize(
    ("action", "query", "event"),
    [
        ("mark_spam", "", "contacts.marked_as_spam"),
        ("unmark_spam", "?is_spam=all", "contacts.unmarked_as_spam"),
        ("close", "", "contacts.closed"),
    ],
)
def test_the_actions_are_the_services(browser: Client, staff: User, action: str, query: str, event: str) -> None:
    contacts = [make_contact(is_spam=action == "unmark_spam") for _ in range(2)]

    assert do(browser, action, *contacts, query=query).status_code == 302

    assert events() == [event] * 2
    assert set(AuditLog.objects.filter(details__event=event).values_list("user", flat=True)) == {staff.pk}


def test_of_many_to_be_closed_those_that_are_closed_already_are_counted(browser: Client) -> None:
    contacts = [make_contact(status=status) for status in ("new", "closed")]

    answer = browser.post(LIST, {"action": "close", "_selected_action": [c.pk for c in contacts]}, follow=True)

    assert "Done: 1." in answer.content.decode()
    assert "Not possible any more: 1." in answer.content.decode()


@pytest.mark.parametrize("across", ["0", "1"])
def test_the_chosen_or_all_that_were_found_are_exported_and_recorded_without_the_search(
    browser: Client, across: str
) -> None:
    first, second = make_contact(name="=A", message="knitting"), make_contact(name="B", message="knitting")
    make_contact(name="C")
    chosen = {"action": "export_csv", "_selected_action": [first.pk], "select_across": across}

    answer = browser.post(f"{LIST}?q=knitting", chosen)

    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]  # it streams
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert [row["name"] for row in rows] == (["B", "'=A"] if across == "1" else ["'=A"])
    assert second.name == "B"
    details = AuditLog.objects.get(details__event="contacts.exported").all_details
    assert details["filters"] == {"q": "[hidden]", "chosen": "all" if across == "1" else 1}


def test_json_lines_are_exported_too(browser: Client, contact: Contact) -> None:
    answer = do(browser, "export_jsonl", contact)

    assert json.loads(b"".join(answer.streaming_content))["message"] == contact.message


def test_deleting_leaves_neither_mails_nor_words_in_the_log(browser: Client, contact: Contact) -> None:
    browser.post(f"{LIST}{contact.pk}/answer/", {"message": "Yes."})

    assert browser.post(f"{LIST}{contact.pk}/delete/", {"post": "yes"}).status_code == 302

    assert not Contact.objects.exists()
    assert not OutgoingMail.objects.exists()
    assert events()[-1] == "contacts.deleted"
    assert not [
        row for row in AuditLog.objects.all() if contact.name in json.dumps(row.all_details, ensure_ascii=False)
    ]


def test_the_chosen_are_deleted_likewise(browser: Client, contact: Contact) -> None:
    chosen = {"action": "delete_selected", "_selected_action": [contact.pk], "post": "yes"}

    assert browser.post(LIST, chosen).status_code == 302
    assert (Contact.objects.count(), events()) == (0, ["contacts.deleted"])
