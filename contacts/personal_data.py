"""What contacts hold of a person: handed out to them, and taken out when they are erased."""

from typing import Any

from django.db.models import F, Q
from django.utils import timezone

from audit.actor import Actor
from audit.personal_data import forget_objects
from contacts.models import Contact, ContactQuerySet
from contacts.services import answer_subject
from contacts.workflow import Status
from titanobova.models import OutgoingMail
from titanobova.personal_data import blank_mail
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
    """Be asked whenever a person wants their data or is erased."""
    extension_points.export_person.append(export_contacts)
    extension_points.erase_person.append(erase_contacts)


def contacts_of(user: User) -> ContactQuerySet:
    """Return what the person wrote: logged in, or as a visitor under the address that they have proved to be theirs.

    Without that proof anyone could register a stranger's address and read what the stranger wrote.
    """
    theirs = Q(user=user)
    if user.email_verified:
        for address in {user.email, user.email_canonical}:
            theirs |= Q(user__isnull=True, email__iexact=address)
    return Contact.objects.filter(theirs)


def export_contacts(user: User) -> dict[str, Any]:
    """Return the person's messages and our answers, without the staff's notes.

    Where a message came from is told only of those that were sent logged in: a visitor may have been somebody else.
    """
    messages = contacts_of(user).order_by("pk")
    rows = messages.values(*EXPORTED, "ip_address", "user_agent", is_own=F("user_id"))
    return {"contacts": [_without_origin(row) if row.pop("is_own") is None else row for row in rows]}


def erase_contacts(user: User, by: Actor) -> None:
    """Take all words and addresses out of the person's messages, and close them, so that nobody answers them."""
    contacts = list(contacts_of(user))
    forget_objects(contacts)
    recipient = erased_email(user.pk)
    for contact in contacts:
        answers = OutgoingMail.objects.filter(recipient=contact.email, subject=answer_subject(contact))
        blank_mail(answers, recipient=recipient)
    contacts_of(user).update(
        name="",
        email=recipient,
        phone="",
        subject="",
        message="",
        internal_notes="",
        response_message="",
        ip_address=None,
        user_agent="",
        status=Status.CLOSED,
        updated_at=timezone.now(),
    )


def _without_origin(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name not in {"ip_address", "user_agent"}}
