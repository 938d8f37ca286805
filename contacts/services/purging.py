"""Contacts that were kept long enough."""

from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from contacts.models import Contact, ContactAnswer, ContactQuerySet
from contacts.workflow import Status
from titanobova.models import OutgoingMail
from titanobova.search import forget_deleted_words

BATCH = 500  # rows


@dataclass
class Purged:
    """How many contacts went."""

    closed: int = 0
    spam: int = 0


def closed_before(instant: datetime | None) -> ContactQuerySet:
    """Return the closed contacts that came before an instant, without spam, which has an age of its own."""
    if instant is None:
        return Contact.objects.none()
    return Contact.objects.filter(status=Status.CLOSED, is_spam=False, created_at__lt=instant)


def spam_before(instant: datetime | None) -> ContactQuerySet:
    """Return the spam that came before an instant."""
    if instant is None:
        return Contact.objects.none()
    return Contact.objects.filter(is_spam=True, created_at__lt=instant)


def purge_contacts(*, closed: ContactQuerySet, spam: ContactQuerySet, by: Actor) -> Purged:
    """Delete contacts with their threads and mails, batch by batch; each batch records in its transaction how many."""
    purged = Purged()
    try:
        while gone := _purge_some("closed", closed, by=by):
            purged.closed += gone
        while gone := _purge_some("spam", spam, by=by):
            purged.spam += gone
    finally:
        if purged.closed or purged.spam:
            forget_deleted_words(Contact)
    return purged


@transaction.atomic
def delete_contact(contact: Contact, *, by: Actor) -> None:
    """Delete one contact with its thread and mails; the log keeps that it was there, and nothing of what it said."""
    record("delete", "contacts.deleted", by=by, on=contact)
    _delete([contact])
    forget_deleted_words(Contact)


@transaction.atomic
def _purge_some(kind: str, doomed: ContactQuerySet, *, by: Actor) -> int:
    contacts = list(doomed.select_for_update(of=("self",)).order_by("pk")[:BATCH])
    if contacts:
        _delete(contacts)
        record("delete", "contacts.purged", by=by, details={kind: len(contacts)})
    return len(contacts)


def _delete(contacts: list[Contact]) -> None:
    answered = ContactAnswer.objects.filter(contact__in=contacts).values_list("mail", flat=True)
    mails = [pk for pk in (*answered, *(contact.notice_id for contact in contacts)) if pk]
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).delete()
    OutgoingMail.objects.filter(pk__in=mails).delete()
