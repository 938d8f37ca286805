"""Addresses whose domains look or fold alike: one mailbox is one account, and two are two."""

import pytest
from rest_framework.test import APIClient

from tests.conftest import client_of, make_user
from tests.contacts.conftest import make_contact
from titanobova.domains import ascii_domain, with_ascii_domain
from titanobova.letters import Letter
from titanobova.mail import sendgrid, smtp
from titanobova.models import OutgoingMail
from users.identity import canonical_email

ALIKE = [
    ("Ada@EXAMPLE.com", "ada@example.com"),
    ("ada@münchen.example", "ada@xn--mnchen-3ya.example"),
    ("ada@MÜNCHEN.example", "ada@münchen.example"),
    ("ada@münchen。example", "ada@münchen.example"),  # an ideographic full stop
]
APART = [("ada@straße.example", "ada@strasse.example"), ("ada@σίγμας.example", "ada@σίγμασ.example")]


@pytest.mark.parametrize(("one", "other"), ALIKE)
def test_two_spellings_of_one_mailbox_are_one_account(one: str, other: str) -> None:
    assert canonical_email(one) == canonical_email(other)


@pytest.mark.parametrize(("one", "other"), APART)
def test_two_domains_are_two_accounts_however_they_fold(one: str, other: str) -> None:
    assert canonical_email(one) != canonical_email(other)


@pytest.mark.parametrize("text", ["", "nobody", "@", "a@", "a@..", "a@ß..", "a@-ü-.example", "a@" + "ü" * 300])
def test_what_is_no_domain_has_a_form_too(text: str) -> None:
    assert canonical_email(canonical_email(text)) == canonical_email(text)


def test_a_domain_is_written_as_the_newer_rules_say() -> None:
    assert ascii_domain("straße.example") == "xn--strae-oqa.example"
    assert with_ascii_domain("Ada@straße.example") == "Ada@xn--strae-oqa.example"


@pytest.mark.django_db
def test_nobody_reads_what_was_written_from_the_other_domain() -> None:
    make_contact(email="victim@strasse.example", message="Only for you")

    reader = make_user("victim@straße.example", email_verified=True)

    assert client_of(reader).get("/api/v1/contacts/contacts/").json()["results"] == []
    form = {"email": "victim@strasse.example", "password": "a-horse-of-her-own-1"}
    assert APIClient().post("/api/v1/users/register/", form).status_code == 201


def test_mail_goes_to_the_domain_that_was_meant() -> None:
    """Python's codec, which Django uses for SMTP, would send it to strasse.example."""
    mail, letter = OutgoingMail(recipient="ada@straße.example"), Letter("Hello", "Text")

    assert smtp._message_of(mail, letter, "<1@example.com>").to == ["ada@xn--strae-oqa.example"]
    [to] = sendgrid.message_of(mail, letter, "<1@example.com>")["personalizations"]
    assert to == {"to": [{"email": "ada@xn--strae-oqa.example"}]}
