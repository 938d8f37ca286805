"""A person's data, handed out to them (contract 2.14)."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.apps import apps
from django.contrib.auth import get_user_model
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from courses.models import EnrollmentRequest
from tests.conftest import client_of
from tests.payments.conftest import SECRET
from tests.users import lives
from users.models import User

EXPORT = "/api/v1/users/export/"
HIDDEN = {"password", "totp_secret", "totp_pending_secret", "digest", "fingerprint", "email_canonical"}


@pytest.fixture
def person(staff: User, settings: Settings, tmp_path: Any) -> User:
    """Somebody who has used everything."""
    settings.MEDIA_ROOT, settings.STRIPE_WEBHOOK_SECRETS = str(tmp_path), [SECRET]
    settings.STRIPE_SECRET_KEY = "sk_test_nobody_listens"
    return lives.live(staff)


def export(user: User) -> Any:
    return client_of(user).get(EXPORT)


def texts_in(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for inner in value.values():
            yield from texts_in(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from texts_in(inner)
    else:
        yield str(value)


def test_everything_of_the_person_is_in_it(person: User) -> None:
    answer = export(person)

    assert answer.status_code == 200
    known = answer.json()
    assert lives.traces_in(answer.content.decode()) == set(lives.TRACES)
    assert known["users"]["account"]["email"] == lives.EMAIL
    assert [len(known["users"][name]) for name in ("sessions", "login_attempts", "known_networks")] == [3, 3, 1]
    assert [contact["message"] for contact in known["contacts"]] == ["Does an axolotl\n\n need a seat?"] * 2
    assert [len(known["courses"][name]) for name in ("enrollments", "enrollment_requests", "taught")] == [2, 2, 1]
    assert [(paid["amount"], paid["currency"]) for paid in known["payments"]] == [("99.99", "usd"), ("5.00", "usd")]
    assert {"users.profile.updated", "contacts.submitted", "courses.enrolled"} <= {
        row["event"] for row in known["audit"]
    }


def test_nothing_of_others_is_in_it(person: User, staff: User, other_student: User) -> None:
    client_of(other_student).patch("/api/v1/users/profile/", {"bio": "I prefer newts"})

    text = export(person).content.decode()

    strangers = (lives.NOTES, staff.email, str(staff.pk), staff.first_name, lives.OFFICE, lives.OFFICE_BROWSER)
    for word in (*strangers, other_student.email, other_student.first_name, "newts"):
        assert word not in text


def test_no_secret_of_any_table_is_in_it(person: User) -> None:
    known = set(texts_in(export(person).json()))
    text = json.dumps(sorted(known))

    secrets = set()
    for model in apps.get_models():
        for field in model._meta.concrete_fields:
            if field.name in HIDDEN - {"email_canonical"}:
                secrets |= set(model._default_manager.values_list(field.name, flat=True)) - {""}
    assert len(secrets) > 10
    assert not [secret for secret in secrets if str(secret) in text]


def test_no_text_of_a_mail_is_in_it(person: User) -> None:
    mails = export(person).json()["users"]["mails"]

    assert mails
    told = {"recipient", "subject", "status", "delivery", "created_at", "sent_at"}
    assert all(set(mail) == told for mail in mails)


def test_it_is_a_download_that_no_cache_keeps_and_the_log_knows(person: User) -> None:
    answer = export(person)

    name = f'attachment; filename="titanobova-export-{timezone.now():%Y-%m-%d}.json"'
    assert (answer["Content-Disposition"], answer["Cache-Control"]) == (name, "no-store")
    row = AuditLog.objects.get(details__event="users.exported")
    assert (row.user_id, row.resource_id) == (person.pk, str(person.pk))


def test_who_registers_a_strangers_address_gets_nothing_of_the_stranger(student: User, db: None) -> None:
    Contact.objects.create(name="Otto", email="STUDENT@example.com", message="A secret wish")
    EnrollmentRequest.objects.create(first_name="Otto", email=student.email, course_title="A secret course")

    assert "secret" not in export(student).content.decode()

    User.objects.filter(pk=student.pk).update(email_verified=True)
    answer = export(student).json()
    assert answer["contacts"][0]["message"] == "A secret wish"
    assert answer["courses"]["enrollment_requests"][0]["course_title"] == "A secret course"


def test_a_message_that_another_account_sent_under_ones_address_is_not_ones_own(
    student: User, other_student: User
) -> None:
    User.objects.filter(pk=student.pk).update(email_verified=True)
    Contact.objects.create(name="Otto", email=student.email, message="A secret wish", user=other_student)

    assert export(student).json()["contacts"] == []
    assert export(other_student).json()["contacts"][0]["message"] == "A secret wish"


def test_a_visitor_gets_no_export(anonymous: APIClient, db: None) -> None:
    assert anonymous.get(EXPORT).status_code == 401


# Every column that leads from a row to a person. A new one fails the test: whoever adds it says here where the row is
# handed out and what erasing does with it.
LEADS_TO_A_PERSON = {
    "admin.LogEntry.user": "never written: the audit log replaces it",
    "audit.AuditLog.user": "handed out; addresses and details go",
    "contacts.Contact.responded_by": "of the staff, who are not erased",
    "contacts.Contact.spam_decided_by": "of the staff, who are not erased",
    "contacts.Contact.user": "handed out; the words go",
    "contacts.ContactAnswer.answered_by": "of the staff, who are not erased",
    "courses.Course.instructor": "handed out; set to nobody",
    "courses.Enrollment.user": "handed out; stays",
    "legacy_import.OldPayment.user": "handed out; the e-mail and the description go",
    "payments.Payment.user": "handed out; the description goes",
    "payments.Refund.requested_by": "of the staff, who are not erased",
    "users.BackupCode.user": "counted; deleted",
    "users.FormerAddress.user": "handed out; deleted",
    "users.KnownSource.user": "handed out; deleted",
    "users.LoginAttempt.user": "handed out; deleted",
    "users.MailedLink.user": "handed out; deleted",
    "users.PendingLogin.user": "handed out; deleted",
    "users.Session.user": "handed out; deleted",
    "users.User_groups.user": "handed out; deleted",
    "users.User_user_permissions.user": "deleted; only staff use them",
}


def test_every_table_that_knows_people_was_thought_of() -> None:
    found = {
        f"{model._meta.label}.{field.name}"
        for model in apps.get_models(include_auto_created=True)
        for field in model._meta.concrete_fields
        if field.related_model is get_user_model()
    }
    assert found == set(LEADS_TO_A_PERSON)


def test_every_column_of_an_account_is_handed_out_or_hidden_for_a_reason(student: User) -> None:
    columns = {field.name for field in User._meta.concrete_fields}
    inner = {"totp_last_step", "session_epoch", "lock_told_until", "is_superuser"}

    assert set(export(student).json()["users"]["account"]) == columns - inner - (HIDDEN & columns)
