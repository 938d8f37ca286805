"""What staff decide of spam: their word stands, whatever the model said."""

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from contacts.models import Contact


@transaction.atomic
def mark_as_spam(contact: Contact, *, by: Actor) -> Contact:
    """Put the contact among the spam by a person's decision; who decided so first stays named."""
    return _decide(contact, is_spam=True, event="contacts.marked_as_spam", by=by)


@transaction.atomic
def unmark_as_spam(contact: Contact, *, by: Actor) -> Contact:
    """Take the contact back among the others by a person's decision; who decided so first stays named."""
    return _decide(contact, is_spam=False, event="contacts.unmarked_as_spam", by=by)


def _decide(contact: Contact, *, is_spam: bool, event: str, by: Actor) -> Contact:
    undecided = Contact.objects.filter(pk=contact.pk).exclude(is_spam=is_spam, spam_decided_by__isnull=False)
    if undecided.update(is_spam=is_spam, spam_decided_by=by.user, updated_at=timezone.now()):
        record("update", event, by=by, on=contact)
    contact.refresh_from_db()
    return contact
