"""What somebody writes through the form."""

from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.urls import reverse

from audit.actor import Actor
from audit.services import record
from contacts.models import Contact
from contacts.spam import History, Submission, score
from titanobova.email import send_later
from titanobova.idempotency import Attempt, claim, digest, settle
from titanobova.models import OutgoingMail
from users.identity import canonical_email

SAME_FOR = timedelta(minutes=10)  # in which the same submission is a second click, not a second message
REMEMBERED = 50  # contacts of a sender, the latest


def submit_contact(submission: Submission, *, by: Actor, attempt: Attempt | None = None) -> Contact:
    """Store what somebody wrote, once, with where it came from, and tell staff; spam is stored and nobody is told.

    It belongs to the person who is logged in, if any. A repetition, by the same `attempt` or with the same words within
    SAME_FOR, gets the contact that the first one made.

    :raises IdempotencyKeyReused: when the attempt stands for another body.
    """
    contact = _judged(submission, by)
    with transaction.atomic():
        first = _first_of_the_same(contact.pk, submission, by, attempt)
        if first is None:
            return _store(contact, by)
        contact.pk = first  # should staff have deleted the first meanwhile, the words arrive under its id again
        return Contact.objects.filter(pk=first).first() or _store(contact, by)


def history_of(email: str) -> History:
    """Return what staff decided of the sender's latest contacts."""
    earlier = Contact.objects.filter(email_canonical=canonical_email(email))
    decided = earlier.values_list("is_spam", "spam_decided_by", "responded_by")[:REMEMBERED]
    spam = [judge for is_spam, judge, _ in decided if is_spam and judge]
    honest = [judge or answered_by for is_spam, judge, answered_by in decided if not is_spam and (judge or answered_by)]
    return History(spam=len(spam), honest=len(honest))


def _judged(submission: Submission, by: Actor) -> Contact:
    verdict = score(submission, history_of(submission.email))
    return Contact(
        name=submission.name,
        email=submission.email,
        phone=submission.phone,
        subject=submission.subject,
        message=submission.message,
        user=by.user,
        is_spam=verdict.is_spam,
        spam_score=verdict.score,
        spam_reasons=verdict.reasons,
        ip_address=by.ip_address,
        user_agent=by.user_agent,
    )


def _first_of_the_same(contact_id: UUID, submission: Submission, by: Actor, attempt: Attempt | None) -> UUID | None:
    """Return the id that the first of these submissions got, or None to the first itself, whose id is `contact_id`."""
    words = (submission.name, submission.email, submission.phone, submission.subject, submission.message)
    key = digest("contacts: the same words", by.user and by.user.pk, *words)
    if attempt is not None and (first := claim(attempt, contact_id, status=201)):
        return first
    first = claim(Attempt(key, key), contact_id, status=201, lifetime=SAME_FOR)
    if attempt is not None and first is not None:
        settle(attempt, status=201, object_id=first)
    return first


def _store(contact: Contact, by: Actor) -> Contact:
    if not contact.is_spam and settings.SUPPORT_EMAIL:
        contact.notice = _tell_staff(contact)
    contact.save(force_insert=True)
    record("create", "contacts.submitted", by=by, on=contact)
    return contact


def _tell_staff(contact: Contact) -> OutgoingMail:
    page = reverse("admin:contacts_contact_change", args=[contact.pk])
    return send_later(
        "contacts_notice",
        to=settings.SUPPORT_EMAIL,
        subject=f"New message through the contact form: {contact.pk}",  # what people typed stays out of headers
        context={"contact": contact},
        reply_to=contact.email,
        button=("Read and answer it", f"{settings.PUBLIC_URL}{page}") if settings.PUBLIC_URL else None,
    )
