"""What staff do with a contact: read, note, answer, close."""

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from contacts.models import Contact, ContactAnswer, ContactQuerySet
from contacts.workflow import Status
from titanobova.email import send_later
from titanobova.errors import DomainError
from titanobova.idempotency import Attempt, claim


class ForbiddenTransition(DomainError):
    """The table of transitions has no such step."""

    code, status, message = "forbidden_transition", 409, "The contact's status does not allow this."


class ContactIsSpam(DomainError):
    """An answer would tell a spammer that somebody reads the address."""

    code, status = "contact_is_spam", 409
    message = "The contact is marked as spam. Unmark it first, then answer."


def read_contact(contact: Contact, *, by: Actor) -> Contact:
    """Note that staff have seen a new contact; any other stays as it is."""
    if contact.status != Status.NEW:
        return contact
    with transaction.atomic():
        if _is(contact).move(Status.READ):
            record("update", "contacts.read", by=by, on=contact)
        contact.refresh_from_db(fields=["status", "updated_at"])
    return contact


@transaction.atomic
def update_contact(
    contact: Contact, *, by: Actor, internal_notes: str | None = None, status: Status | None = None
) -> Contact:
    """Store the staff's notes, and move the contact on; None leaves as it is, and so does the status it has already.

    :raises ForbiddenTransition: when its status leads nowhere near.
    :raises ContactIsSpam: when spam is to count as answered.
    """
    changed = []
    if internal_notes is not None:
        _is(contact).update(internal_notes=internal_notes, updated_at=timezone.now())
        changed.append("internal_notes")
    if status is not None and status != contact.status:
        _move(contact, status, **({"responded_by": by.user} if status == Status.RESPONDED else {}))
        changed.append("status")
    if changed:
        record("update", "contacts.updated", by=by, on=contact, details={"fields": changed})
    contact.refresh_from_db()
    return contact


@transaction.atomic
def respond_to_contact(contact: Contact, *, message: str, by: Actor, attempt: Attempt | None = None) -> Contact:
    """Mail the answer to who wrote, and keep it in the thread; the mail leaves exactly when all this is stored.

    A repetition of `attempt` mails nothing more.

    :raises ForbiddenTransition: when the contact is closed.
    :raises ContactIsSpam: until staff unmark it.
    :raises IdempotencyKeyReused: when the attempt stands for another answer.
    """
    answer = ContactAnswer(contact=contact, message=message, answered_by=by.user)
    if attempt is not None and claim(attempt, answer.pk, status=200):
        contact.refresh_from_db()
        return contact
    _move(contact, Status.RESPONDED, response_message=message, responded_by=by.user)
    answer.mail = send_later(
        "contacts_answer",
        to=contact.email,
        subject=answer_subject(contact),
        context={"contact": contact, "answer": message},
        reply_to=settings.SUPPORT_EMAIL,
    )
    answer.save(force_insert=True)
    record("update", "contacts.answered", by=by, on=contact)
    contact.refresh_from_db()
    return contact


def answer_subject(contact: Contact) -> str:
    """Return the subject of the mail that answers a contact, in the one line that a subject has."""
    return " ".join(f"Re: {contact.subject}".split())[:200] if contact.subject else "Your message to us"


@transaction.atomic
def close_contact(contact: Contact, *, by: Actor) -> Contact:
    """Put the contact away for good.

    :raises ForbiddenTransition: when it is closed already.
    """
    _move(contact, Status.CLOSED)
    record("update", "contacts.closed", by=by, on=contact)
    contact.refresh_from_db()
    return contact


def _is(contact: Contact) -> ContactQuerySet:
    return Contact.objects.filter(pk=contact.pk)


def _move(contact: Contact, target: Status, **changes: object) -> None:
    if _is(contact).move(target, **changes):
        return
    if target == Status.RESPONDED and _is(contact).filter(is_spam=True).exists():
        raise ContactIsSpam
    raise ForbiddenTransition
