"""What somebody writes through the form."""

from contextlib import nullcontext
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Model
from django.urls import reverse

from audit.actor import Actor
from audit.services import fact
from contacts.models import Contact
from contacts.spam import UNKNOWN, History, Submission, score
from titanobova.email import wake_on_commit, write_mail
from titanobova.idempotency import Attempt, claim, digest, give_up, insert_once, settle
from titanobova.models import OutgoingMail
from titanobova.prepared import PreparedValues, insert_together
from users.identity import canonical_email

SAME_FOR = timedelta(minutes=10)  # in which the same submission is a second click, not a second message
REMEMBERED = 50  # contacts of a sender, the latest


_earlier = PreparedValues(
    lambda address: Contact.objects.filter(email_canonical=address).values_list(
        "is_spam", "spam_decided_by", "responded_by"
    )[:REMEMBERED],
    ["email_canonical"],
)


def submit_contact(submission: Submission, *, by: Actor, attempt: Attempt | None = None) -> Contact:
    """Store what somebody wrote, once, with where it came from, and tell staff; spam is stored and nobody is told.

    It belongs to the person who is logged in, if any. A repetition, by the same `attempt` or with the same words within
    SAME_FOR, gets the contact that the first one made, unless that was erased.

    :raises IdempotencyKeyReused: when the attempt stands for another body.
    """
    contact = _judged(submission, by)
    same = _same_words(submission, by)
    first = _store_once(_rows(contact, by), same, attempt)
    stored = Contact.objects.filter(pk=first).first() if first else None
    if stored and stored.is_erased:  # whoever wrote it is gone, and writes anew
        _give_up(stored, same, attempt)
        return submit_contact(submission, by=by, attempt=attempt)
    if stored:
        return stored
    if first is not None:  # staff have deleted it meanwhile; the words arrive under its id again
        contact.pk = first
        insert_together(*_rows(contact, by))
    wake_on_commit()
    return contact


def history_of(email: str) -> History:
    """Return what staff decided of the sender's latest contacts."""
    decided = _earlier.rows(canonical_email(email))
    spam = [judge for is_spam, judge, _ in decided if is_spam and judge]
    honest = [judge or answered_by for is_spam, judge, answered_by in decided if not is_spam and (judge or answered_by)]
    return History(spam=len(spam), honest=len(honest))


def _judged(submission: Submission, by: Actor) -> Contact:
    verdict = score(submission, UNKNOWN)
    if verdict.depends_on_sender:  # most messages need no question to the database
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


def _same_words(submission: Submission, by: Actor) -> Attempt:
    """Return what makes two submissions the same one, sent twice."""
    words = (submission.name, submission.email, submission.phone, submission.subject, submission.message)
    key = digest("contacts: the same words", by.user and by.user.pk, *words)
    return Attempt(key, key)


def _store_once(rows: list[Model], same: Attempt, attempt: Attempt | None) -> UUID | None:
    """Store a contact's rows and return None, or return the id of the contact that was stored at the first time."""
    with transaction.atomic() if attempt else nullcontext():
        first = claim(attempt, rows[0].pk, status=201) if attempt else None
        if first is None:
            first = insert_once(same, *rows, status=201, lifetime=SAME_FOR)
            if attempt and first:
                settle(attempt, status=201, object_id=first)
    return first


def _give_up(erased: Contact, *attempts: Attempt | None) -> None:
    """Let these attempts stand for an erased contact no longer; of parallel repetitions none undoes another's claim."""
    for attempt in filter(None, attempts):
        give_up(attempt, object_id=erased.pk)


def _rows(contact: Contact, by: Actor) -> list[Model]:
    """Return what is stored of a new contact: it, its audit row, and unless it is spam the mail that tells staff."""
    contact.email_canonical = canonical_email(contact.email)
    rows: list[Model] = [contact, fact("create", "contacts.submitted", by=by, on=contact)]
    if not contact.is_spam and settings.SUPPORT_EMAIL:
        contact.notice = _notice(contact)
        rows.append(contact.notice)
    return rows


def _notice(contact: Contact) -> OutgoingMail:
    page = reverse("admin:contacts_contact_change", args=[contact.pk])
    return write_mail(
        "contacts_notice",
        to=settings.SUPPORT_EMAIL,
        subject=f"New message through the contact form: {contact.pk}",  # what people typed stays out of headers
        context={"contact": contact},
        reply_to=contact.email,
        button=("Read and answer it", f"{settings.PUBLIC_URL}{page}") if settings.PUBLIC_URL else None,
    )
