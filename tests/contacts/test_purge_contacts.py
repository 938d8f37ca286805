"""What need not be kept any longer goes, and only that (`manage.py purge_contacts`)."""

from datetime import timedelta
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact, ContactAnswer
from contacts.services import purging
from contacts.services.answering import close_contact, respond_to_contact
from contacts.services.submitting import submit_contact
from tests.contacts.conftest import FORM, URL, make_contact, submission
from tests.users.lives import dump
from titanobova.models import OutgoingMail

pytestmark = pytest.mark.django_db


def aged(name: str, days: float, **fields: object) -> Contact:
    """Store a contact that came so many days ago."""
    return make_contact(name=name, created_at=timezone.now() - timedelta(days=days), **fields)


def purge(*options: str) -> str:
    """Run the command and return what it printed."""
    out = StringIO()
    call_command("purge_contacts", *options, stdout=out)
    return out.getvalue().strip()


def left() -> str:
    return "".join(Contact.objects.order_by("name").values_list("name", flat=True))


@pytest.fixture
def contacts(db: None) -> None:
    """Of each kind one that is old and one that is not."""
    for age, names in ((400, list("ABCDEF")), (10, list("abcdef"))):
        new, read, responded, closed, spam, closed_spam = names
        aged(new, age)
        aged(read, age, status="read")
        aged(responded, age, status="responded")
        aged(closed, age, status="closed")
        aged(spam, age, is_spam=True)
        aged(closed_spam, age, is_spam=True, status="closed")


@pytest.mark.usefixtures("contacts")
@pytest.mark.parametrize(
    ("options", "stayed", "said"),
    [
        (["--older-than", "365"], "ABCEFabcdef", "Deleted 1 closed contacts and 0 marked as spam."),
        (["--older-than", "5"], "ABCEFabcef", "Deleted 2 closed contacts and 0 marked as spam."),
        (["--spam-older-than", "365"], "ABCDabcdef", "Deleted 0 closed contacts and 2 marked as spam."),
        (
            ["--older-than", "365", "--spam-older-than", "5"],
            "ABCabcd",
            "Deleted 1 closed contacts and 4 marked as spam.",
        ),
        (["--older-than", "36500"], "ABCDEFabcdef", "Deleted 0 closed contacts and 0 marked as spam."),
    ],
)
def test_open_contacts_stay_however_old_and_nothing_goes_whose_age_was_not_named(
    options: list[str], stayed: str, said: str
) -> None:
    assert purge(*options) == said
    assert left() == "".join(sorted(stayed))


@pytest.mark.usefixtures("contacts")
def test_a_dry_run_counts_and_deletes_nothing() -> None:
    said = purge("--older-than", "365", "--spam-older-than", "5", "--dry-run")

    assert said == "Would delete 1 closed contacts and 4 marked as spam."
    assert Contact.objects.count() == 12
    assert not AuditLog.objects.filter(details__event="contacts.purged").exists()


@pytest.mark.usefixtures("contacts")
@pytest.mark.parametrize(
    "options", [[], ["--dry-run"], ["--older-than", "-1"], ["--older-than", "soon"], ["--spam-older-than", "999999999"]]
)
def test_without_an_age_that_makes_sense_nothing_is_deleted(options: list[str]) -> None:
    with pytest.raises(CommandError):
        purge(*options)

    assert Contact.objects.count() == 12


@pytest.mark.usefixtures("contacts")
def test_the_log_keeps_how_many_went(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(purging, "BATCH", 1)
    purge("--older-than", "5", "--spam-older-than", "5")

    rows = AuditLog.objects.filter(details__event="contacts.purged")
    assert sum(row.details.get("closed", 0) for row in rows) == 2
    assert sum(row.details.get("spam", 0) for row in rows) == 4
    assert {(row.action, row.details["system"]) for row in rows} == {("delete", "purge_contacts")}


@pytest.mark.usefixtures("contacts")
def test_what_went_before_it_broke_off_is_recorded(monkeypatch: pytest.MonkeyPatch, actor: Actor) -> None:
    monkeypatch.setattr(purging, "BATCH", 1)
    delete, deleted = purging._delete, []

    def fail_at_last(doomed: list[Contact]) -> None:
        deleted.append(doomed)
        if len(deleted) == 2:
            raise RuntimeError
        delete(doomed)

    monkeypatch.setattr(purging, "_delete", fail_at_last)
    with pytest.raises(RuntimeError):
        purge("--older-than", "5")

    assert AuditLog.objects.get(details__event="contacts.purged").details["closed"] == 1
    assert Contact.objects.filter(status="closed", is_spam=False).count() == 1


def test_threads_and_mails_go_with_their_contact_and_other_mails_stay(actor: Actor) -> None:
    for number in range(2):
        contact = submit_contact(submission(message=f"An axolotl {number}"), by=actor)
        respond_to_contact(contact, message="It sits on the floor", by=actor)
    close_contact(contact, by=actor)
    Contact.objects.update(created_at=timezone.now() - timedelta(days=400))

    purge("--older-than", "365")

    kept = Contact.objects.get()
    assert [answer.contact_id for answer in ContactAnswer.objects.all()] == [kept.pk]
    assert OutgoingMail.objects.count() == 2
    assert kept.notice in OutgoingMail.objects.all()


def test_no_index_keeps_the_words(actor: Actor) -> None:
    contact = aged("Wilhelmina", 400, status="closed", message="axolotl")
    purge("--older-than", "365")

    assert Contact.objects.filter(pk=contact.pk).count() == 0
    assert not [word for word in ("wilhelmina", "axolotl") if word in dump()]


def test_a_message_that_was_purged_may_come_again(anonymous: APIClient, actor: Actor) -> None:
    first = anonymous.post(URL, FORM)
    close_contact(Contact.objects.get(), by=actor)
    Contact.objects.update(created_at=timezone.now() - timedelta(days=400))
    purge("--older-than", "365")

    assert anonymous.post(URL, FORM).status_code == first.status_code == 201
    assert Contact.objects.count() == 1
