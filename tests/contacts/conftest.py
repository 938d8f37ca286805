"""What the tests of the contacts need."""

from typing import Any

import pytest
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from contacts.spam import Submission
from tests.conftest import client_of
from users.models import User

URL = "/api/v1/contacts/contacts/"
FORM = {
    "name": "Siobhán O'Dálaigh",
    "email": "siobhan@example.com",
    "phone": "+91 98765 43210",
    "subject": "Course & fees?",
    "message": "5 < 6 && 7 > 3, right?\nお支払い方法 😀",
}
LEAST = {name: FORM[name] for name in ("name", "email", "message")}


def submission(**changes: Any) -> Submission:
    """Return what the form holds when it is filled in like FORM."""
    fields: dict[str, Any] = {**FORM, **changes}
    return Submission(**fields)


def make_contact(**fields: Any) -> Contact:
    """Store a message as if it had come through the form."""
    defaults = {
        "name": "Siobhán O'Dálaigh",
        "email": "siobhan@example.com",
        "subject": "Course & fees?",
        "message": "How much is it?",
        "ip_address": "203.0.113.7",
        "user_agent": "Mozilla/5.0",
        "internal_notes": "calls often",
    }
    return Contact.objects.create(**defaults | fields)


@pytest.fixture
def contact(db: None) -> Contact:
    """A new message of a visitor."""
    return make_contact()


@pytest.fixture
def office(staff: User) -> APIClient:
    """Somebody of the staff."""
    return client_of(staff)


def events() -> list[str]:
    """Return the finer facts of the audit log about contacts, oldest first."""
    rows = AuditLog.objects.filter(resource_type="contacts.contact").order_by("id")
    return [row.details["event"] for row in rows]
