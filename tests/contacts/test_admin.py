"""Contacts in the admin."""

import pytest
from django.test import Client

from audit.models import AuditLog
from contacts.models import Contact
from users.models import User

LIST = "/admin/contacts/contact/"
pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(staff: User) -> Client:
    """The browser of somebody of the staff."""
    client = Client()
    client.force_login(staff)
    return client


@pytest.mark.parametrize("query", ["", "?q=siobhan", "?status__exact=new"])
def test_staff_see_the_list(browser: Client, contact: Contact, query: str) -> None:
    assert contact.email.encode() in browser.get(f"{LIST}{query}").content


def test_what_a_visitor_wrote_is_shown_as_text(browser: Client, contact: Contact) -> None:
    Contact.objects.update(name="<script>alert(1)</script>", message="<img src=x onerror=alert(1)>")

    for url in (LIST, f"{LIST}{contact.pk}/change/"):
        content = browser.get(url).content
        assert b"&lt;script&gt;alert(1)" in content
        assert b"<script>alert(1)" not in content
        assert b"<img src=x" not in content


def test_staff_note_something_and_change_nothing_else(browser: Client, contact: Contact) -> None:
    form = {"internal_notes": "ring back", "status": "closed", "message": "forged"}

    assert browser.post(f"{LIST}{contact.pk}/change/", form).status_code == 302

    changed = Contact.objects.get()
    assert (changed.internal_notes, changed.status, changed.message) == ("ring back", "new", contact.message)
    assert AuditLog.objects.get(details__event="admin.changed").resource_id == str(contact.pk)


def test_nobody_makes_a_contact_by_hand(browser: Client) -> None:
    assert browser.get(f"{LIST}add/").status_code == 403
