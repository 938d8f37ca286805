"""Staff hear of each message by mail (contract 3.1)."""

import pytest
from django.core.mail import EmailMultiAlternatives
from django.db import IntegrityError, transaction
from django.test import override_settings
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from audit.services import record
from contacts.models import Contact
from contacts.services import submitting
from contacts.services.submitting import submit_contact
from tests.contacts.conftest import FORM, LEAST, URL, submission
from titanobova.mail.delivering import deliver_due_mail
from titanobova.models import OutgoingMail

pytestmark = pytest.mark.django_db
HOSTILE = "<script>alert(1)</script> & O'Brien"


def test_staff_are_told_of_a_message_and_can_reply_to_who_wrote(anonymous: APIClient, settings: Settings) -> None:
    settings.PUBLIC_URL = "https://api.example.com"
    anonymous.post(URL, FORM)

    contact, mail = Contact.objects.get(), OutgoingMail.objects.get()
    assert contact.notice == mail
    assert (mail.recipient, mail.reply_to) == (settings.SUPPORT_EMAIL, FORM["email"])
    for typed in FORM.values():
        assert typed in mail.text
    assert f"https://api.example.com/admin/contacts/contact/{contact.pk}/change/" in mail.text


def test_nothing_that_was_typed_is_in_the_subject(anonymous: APIClient) -> None:
    anonymous.post(URL, FORM | {"subject": "Bcc: victim@example.com", "name": "Cc\r\nBcc: b@example.com"})

    assert OutgoingMail.objects.get().subject == f"New message through the contact form: {Contact.objects.get().pk}"


def test_the_mail_has_one_recipient_and_no_header_of_the_sender_s(
    anonymous: APIClient, settings: Settings, mailoutbox: list[EmailMultiAlternatives]
) -> None:
    hostile = "A\r\nBcc: b@example.com"
    anonymous.post(URL, FORM | {"name": hostile, "subject": hostile, "phone": hostile, "message": f"\r\n{hostile}"})
    assert deliver_due_mail() == 1

    sent = mailoutbox[0].message()
    assert (sent["To"], sent["Bcc"], sent["Cc"]) == (settings.SUPPORT_EMAIL, None, None)
    assert sent["Reply-To"] == FORM["email"]
    assert "\n" not in sent["Subject"]


def test_markup_is_text_in_the_html_of_the_mail(anonymous: APIClient, mailoutbox: list[EmailMultiAlternatives]) -> None:
    anonymous.post(URL, FORM | {"name": HOSTILE, "message": HOSTILE, "subject": HOSTILE})
    assert deliver_due_mail() == 1

    html = str(mailoutbox[0].alternatives[0][0])
    assert HOSTILE in mailoutbox[0].body
    assert "&lt;script&gt;" in html
    assert "<script" not in html


@override_settings(SUPPORT_EMAIL="", PUBLIC_URL="")
def test_without_an_address_for_staff_a_message_arrives_all_the_same(anonymous: APIClient) -> None:
    assert anonymous.post(URL, LEAST).status_code == 201
    assert Contact.objects.get().notice is None


@override_settings(PUBLIC_URL="")
def test_without_an_address_of_the_site_the_mail_has_no_link(anonymous: APIClient) -> None:
    anonymous.post(URL, LEAST)

    assert "/admin/" not in OutgoingMail.objects.get().text


def test_the_message_and_its_mail_stand_or_fall_together(actor: Actor, monkeypatch: pytest.MonkeyPatch) -> None:
    written = record("create", "tests.written", by=actor)
    monkeypatch.setattr(submitting, "fact", lambda *_, **__: AuditLog(id=written.pk, action="create"))

    with pytest.raises(IntegrityError), transaction.atomic():
        submit_contact(submission(), by=actor)

    assert not Contact.objects.exists()
    assert not OutgoingMail.objects.exists()
