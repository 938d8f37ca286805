"""What people write to the company, and the staff's answers."""

from datetime import UTC, date, datetime, time
from typing import Any, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from contacts.workflow import Status, sources_of
from titanobova.ids import uuid7
from titanobova.models import OutgoingMail
from titanobova.search import MatchesWords
from users.erased import is_erased_email
from users.identity import canonical_email
from users.models import User

SPAM_CHOICES = {"false": Q(is_spam=False), "true": Q(is_spam=True), "all": Q()}


class ContactQuerySet(models.QuerySet["Contact"]):
    """Which contacts."""

    def visible_to(self, person: User) -> Self:
        """Every contact for staff, for anyone else their own."""
        return self if person.is_active and person.is_staff else self.filter(user=person)

    def matching(
        self,
        *,
        search: str = "",
        date_from: date | None = None,
        date_to: date | None = None,
        is_spam: str = "all",
        **exactly: str,
    ) -> Self:
        """Contacts with these words and this status, sent between two days (UTC), both included.

        `is_spam` is `false`, `true` or `all`.
        """
        found = self.filter(SPAM_CHOICES[is_spam], **exactly)
        if search:
            found = found.filter(MatchesWords(search))
        if date_from is not None:
            found = found.filter(created_at__gte=datetime.combine(date_from, time.min, UTC))
        if date_to is not None:
            found = found.filter(created_at__lte=datetime.combine(date_to, time.max, UTC))
        return found

    def unclaimed(self, address: str) -> Self:
        """Contacts that a visitor sent, or that were imported, under an address in its canonical form."""
        return self.filter(user__isnull=True, email_canonical=address)

    def move(self, target: Status, **changes: object) -> int:
        """Move those to `target` from which the table of transitions leads there; return how many moved.

        One conditional UPDATE: of two people who do the same at once, one moves the row. Spam is not answered.
        """
        movable = self.filter(status__in=sources_of(target))
        if target == Status.RESPONDED:
            movable = movable.filter(is_spam=False)
        return movable.update(status=target, updated_at=timezone.now(), **changes)


class Contact(models.Model):
    """One message of the contact form. Imported ones keep their date, so `created_at` is not set by the database."""

    Status = Status

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=255)
    email = models.EmailField(max_length=254)
    email_canonical = models.CharField(max_length=300, editable=False)
    phone = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    message = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="contacts",
        db_index=False,
    )
    internal_notes = models.TextField(blank=True, help_text="Staff alone see this.")
    response_message = models.TextField(blank=True)
    responded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="answered_contacts",
        db_index=False,
    )
    is_spam = models.BooleanField(default=False, help_text="Kept apart, never deleted for it.")
    spam_score = models.PositiveSmallIntegerField(default=0, help_text="0 to 100, by our model (contacts/spam.py).")
    spam_reasons = models.JSONField(default=list, blank=True, help_text="What made the score.")
    spam_decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="judged_contacts",
        db_index=False,
    )
    notice = models.ForeignKey(
        OutgoingMail, on_delete=models.SET_NULL, null=True, blank=True, related_name="+", editable=False, db_index=False
    )
    claimed_at = models.DateTimeField(
        null=True, editable=False, help_text="When the sender proved the address; empty if they sent it logged in."
    )
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "-id", "is_spam"], name="contacts_by_status"),
            models.Index(fields=["user", "-id"], name="contacts_by_user"),
            models.Index(fields=["created_at"], name="contacts_by_time"),
            models.Index(fields=["email_canonical", "-id"], name="contacts_by_sender"),
            models.Index(fields=["-id"], name="contacts_that_are_spam", condition=Q(is_spam=True)),
            *(
                models.Index(fields=[name], name=f"contacts_with_{name}", condition=Q(**{f"{name}__isnull": False}))
                for name in ("responded_by", "spam_decided_by", "notice")  # few have one
            ),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.subject or self.message[:40]}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the canonical form of the e-mail beside it."""
        self.email_canonical = canonical_email(self.email)
        super().save(*args, **kwargs)

    @property
    def is_erased(self) -> bool:
        """Whether its words were taken out with the person who wrote it; no message comes in without any."""
        return is_erased_email(self.email) and not self.message

    @property
    def was_sent_logged_in(self) -> bool:
        """Whether it was the person's from the beginning, so that its address and browser are surely theirs."""
        return self.user_id is not None and self.claimed_at is None


class ContactAnswer(models.Model):
    """One answer of the staff; all of them are the thread, the contact's `response_message` is the latest."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    contact = models.ForeignKey(Contact, on_delete=models.CASCADE, related_name="answers")
    message = models.TextField()
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="contact_answers"
    )
    mail = models.ForeignKey(OutgoingMail, on_delete=models.SET_NULL, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["id"]

    def __str__(self) -> str:
        return self.message[:60]
