"""Logins: those that stand, and those that still owe their second factor."""

from datetime import datetime, timedelta
from typing import Self
from uuid import UUID

from django.conf import settings
from django.db import models
from django.db.models import F
from django.utils import timezone

from titanobova.ids import uuid7


class SessionQuerySet(models.QuerySet["Session"]):
    """Which sessions."""

    def live(self, now: datetime | None = None) -> Self:
        """Sessions that were not ended and whose absolute lifetime is not over."""
        return self.filter(ended_at__isnull=True, expires_at__gt=now or timezone.now())

    def other_than(self, session_id: UUID | None) -> Self:
        """All but the one that acts."""
        return self.exclude(pk=session_id) if session_id else self

    def end(self, reason: str) -> int:
        """End the live ones at once and return how many there were."""
        return self.live().update(ended_at=timezone.now(), ended_reason=reason)

    def note_use(self, pk: UUID, *, ip_address: str | None, user_agent: str) -> int:
        """Note that the session is used, once a minute at most: a request that only reads must not write."""
        a_minute_ago = timezone.now() - timedelta(minutes=1)
        return self.filter(pk=pk, last_used_at__lt=a_minute_ago).update(
            last_used_at=timezone.now(), ip_address=ip_address, user_agent=user_agent
        )

    def raise_generation(self, pk: UUID, *, to: int) -> bool:
        """Mark refresh token `to` as used; of parallel first uses exactly one returns true."""
        return bool(self.live().filter(pk=pk, generation=to - 1).update(generation=to, last_used_at=timezone.now()))


class Session(models.Model):
    """One login of one person on one device, from the first token to logout (contract 2.6).

    `generation` is the newest refresh token that was used; a token older than that ends the session.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="sessions", db_index=False
    )
    generation = models.PositiveIntegerField(default=0)
    ip_address = models.GenericIPAddressField(null=True, blank=True, help_text="of the last use, to the minute")
    user_agent = models.CharField(max_length=300, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    last_used_at = models.DateTimeField(default=timezone.now, help_text="to the minute")
    expires_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=40, blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        indexes = [models.Index(fields=["user", "-id"], name="sessions_by_user")]

    def __str__(self) -> str:
        return f"{self.user_id} since {self.created_at:%Y-%m-%d %H:%M}"


class PendingLoginQuerySet(models.QuerySet["PendingLogin"]):
    """Which pending logins."""

    def open(self) -> Self:
        """Logins that still wait for their second factor."""
        return self.filter(
            spent_at__isnull=True, expires_at__gt=timezone.now(), wrong_codes__lt=PendingLogin.MAX_WRONG_CODES
        )

    def reserve_try(self, pk: UUID) -> bool:
        """Count a code as wrong in advance; false when the login is over. A right code ends the login anyway."""
        return bool(self.open().filter(pk=pk).update(wrong_codes=F("wrong_codes") + 1))

    def spend(self, pk: UUID) -> bool:
        """End the login by its right code; of parallel right codes exactly one returns true."""
        return bool(self.filter(pk=pk, spent_at__isnull=True).update(spent_at=timezone.now()))


class PendingLogin(models.Model):
    """A login whose password was right and whose second factor is still to come; it ends after five wrong codes."""

    MAX_WRONG_CODES = 5

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="pending_logins")
    wrong_codes = models.PositiveSmallIntegerField(default=0)
    expires_at = models.DateTimeField()
    spent_at = models.DateTimeField(null=True, blank=True)

    objects = PendingLoginQuerySet.as_manager()

    def __str__(self) -> str:
        return f"{self.user_id} until {self.expires_at:%H:%M:%S}"
