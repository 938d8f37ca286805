"""What people write to the company, and the staff's answers."""

from datetime import UTC, date, datetime, time
from functools import reduce
from operator import or_
from typing import Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from contacts.workflow import Status, sources_of
from titanobova.ids import uuid7
from users.models import User


class ContactQuerySet(models.QuerySet["Contact"]):
    """Which contacts."""

    def visible_to(self, person: User) -> Self:
        """Every contact for staff, for anyone else their own."""
        return self if person.is_active and person.is_staff else self.filter(user=person)

    def matching(
        self, *, search: str = "", date_from: date | None = None, date_to: date | None = None, **exactly: str
    ) -> Self:
        """Contacts with these words and this status, sent between two days (UTC), both included."""
        found = self.filter(**exactly)
        if search:
            found = found.filter(reduce(or_, [Q(**{f"{x}__icontains": search}) for x in ("name", "email", "subject")]))
        if date_from is not None:
            found = found.filter(created_at__gte=datetime.combine(date_from, time.min, UTC))
        if date_to is not None:
            found = found.filter(created_at__lte=datetime.combine(date_to, time.max, UTC))
        return found

    def move(self, target: Status, **changes: object) -> int:
        """Move those to `target` from which the table of transitions leads there; return how many moved.

        One conditional UPDATE: of two people who do the same at once, one moves the row.
        """
        movable = self.filter(status__in=sources_of(target))
        return movable.update(status=target, updated_at=timezone.now(), **changes)


class Contact(models.Model):
    """One message of the contact form. Imported ones keep their date, so `created_at` is not set by the database."""

    Status = Status

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    name = models.CharField(max_length=255)
    email = models.EmailField(max_length=254)
    phone = models.CharField(max_length=50, blank=True)
    subject = models.CharField(max_length=255, blank=True)
    message = models.TextField()
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.NEW)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="contacts"
    )
    internal_notes = models.TextField(blank=True, help_text="Staff alone see this.")
    response_message = models.TextField(blank=True)
    responded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.SET_NULL, null=True, blank=True, related_name="answered_contacts"
    )
    ip_address = models.GenericIPAddressField(null=True, blank=True)
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = ContactQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [
            models.Index(fields=["status", "-id"], name="contacts_by_status"),
            models.Index(fields=["user", "-id"], name="contacts_by_user"),
            models.Index(fields=["created_at"], name="contacts_by_time"),
        ]

    def __str__(self) -> str:
        return f"{self.name}: {self.subject or self.message[:40]}"
