"""What contacts hold of a person: handed out to them, and taken out when they are erased."""

from typing import Any

from django.db.models import Q
from django.utils import timezone

from audit.actor import Actor
from audit.personal_data import forget_objects
from contacts.models import Contact, ContactAnswer, ContactQuerySet
from contacts.services.claiming import claim_contacts
from contacts.workflow import Status
from titanobova.models import OutgoingMail
from titanobova.personal_data import blank_mail
from titanobova.search import forget_deleted_words
from users import extension_points
from users.erased import erased_email
from users.models import User

EXPORTED = (
    "id",
    "name",
    "email",
    "phone",
    "subject",
    "message",
    "status",
    "response_message",
    "created_at",
    "updated_at",
)


def take_part() -> None:
    """Be asked whenever a person proves an address, wants their data or is erased."""
    extension_points.on_email_verified.append(claim_contacts)
    extension_points.export_person.append(export_contacts)
    extension_points.erase_person.append(erase_contacts)


def contacts_of(user: User) -> ContactQuerySet:
    """Return what the person wrote: logged in, or as a visitor under the address that they have proved to be theirs.

    Without that proof anyone could register a stranger's address and read what the stranger wrote.
    """
    theirs = Contact.objects.filter(user=user)
    return theirs | Contact.objects.unclaimed(user.email_canonical) if user.email_verified else theirs


def export_contacts(user: User) -> dict[str, Any]:
    """Return the person's messages and our answers, without the staff's notes."""
    messages = contacts_of(user).order_by("pk").prefetch_related("answers")
    return {"contacts": [_exported(contact) for contact in messages]}


def erase_contacts(user: User, by: Actor) -> None:
    """Take all words and addresses out of the person's messages, and close them, so that nobody answers them.

    The mails that told staff of them, and those that answered, go blank with them.
    """
    contacts = list(contacts_of(user))
    forget_objects(contacts)
    recipient = erased_email(user.pk)
    answers = ContactAnswer.objects.filter(contact__in=contacts)
    mails = Q(pk__in=[contact.notice_id for contact in contacts]) | Q(pk__in=answers.values("mail"))
    blank_mail(OutgoingMail.objects.filter(mails), recipient=recipient)
    answers.update(message="")
    Contact.objects.filter(pk__in=[contact.pk for contact in contacts]).update(
        name="",
        email=recipient,
        email_canonical=recipient,
        phone="",
        subject="",
        message="",
        internal_notes="",
        response_message="",
        spam_reasons=[],
        ip_address=None,
        user_agent="",
        status=Status.CLOSED,
        updated_at=timezone.now(),
    )
    forget_deleted_words(Contact)


def _exported(contact: Contact) -> dict[str, Any]:
    """Return a message with its answers.

    Where it came from is told only of what was sent logged in: a visitor may have been somebody else.
    """
    known: dict[str, Any] = {name: getattr(contact, name) for name in EXPORTED}
    known["answers"] = [{"message": one.message, "created_at": one.created_at} for one in contact.answers.all()]
    if contact.was_sent_logged_in:
        known |= {"ip_address": contact.ip_address, "user_agent": contact.user_agent}
    return known
