"""Failed logins in a row, counted by one conditional UPDATE before any password is checked."""

from datetime import datetime, timedelta
from typing import Any, Self

from django.db import models
from django.db.models import Case, F, Q, Value, When
from django.utils import timezone

FAILURES_TO_LOCK = 5
FIRST_LOCK = timedelta(minutes=15)
LONGEST_LOCK = timedelta(hours=24)


class LockableQuerySet(models.QuerySet[Any]):
    """Accounts that count their failed logins."""

    def unlocked(self, now: datetime) -> Self:
        """Accounts whose lock is over or that have none."""
        return self.filter(Q(account_locked_until__isnull=True) | Q(account_locked_until__lte=now))

    def reserve_attempt(self, pk: object) -> bool:
        """Count one try in advance; false when the account is locked.

        The row count of one UPDATE is the answer, so of any number of parallel tries exactly FAILURES_TO_LOCK pass
        (a read before the write let 64 of 64 pass when measured). The last of them sets the lock at once, and a right
        password takes it off again; a failure needs no second write.
        """
        now = timezone.now()
        return bool(
            self.unlocked(now)
            .filter(pk=pk)
            .update(failed_login_attempts=F("failed_login_attempts") + 1, account_locked_until=_lock(now))
        )

    def forget_failures(self) -> int:
        """Set the count to zero and take the lock off."""
        return self.update(failed_login_attempts=0, account_locked_until=None)

    def start_telling(self) -> datetime | None:
        """Return the end of the account's lock to the one caller that may tell of it, None to all others."""
        locked_until: datetime | None = self.values_list("account_locked_until", flat=True).first()
        if locked_until is None or locked_until <= timezone.now():
            return None
        untold = self.filter(Q(lock_told_until__isnull=True) | Q(lock_told_until__lt=locked_until))
        return locked_until if untold.update(lock_told_until=locked_until) else None


def _lock(now: datetime) -> Case:
    """Return the SQL of the lock that the next try sets: none but for each fifth, then twice as long each time."""
    rounds = range(1, 9)
    whens = [
        When(
            failed_login_attempts=FAILURES_TO_LOCK * number - 1,
            then=Value(now + min(FIRST_LOCK * 2 ** (number - 1), LONGEST_LOCK)),
        )
        for number in rounds
    ]
    always = When(failed_login_attempts__gte=FAILURES_TO_LOCK * len(rounds), then=Value(now + LONGEST_LOCK))
    return Case(*whens, always, default=Value(None), output_field=models.DateTimeField())


class Lockable(models.Model):
    """The guide's fields. `failed_login_attempts` counts in a row: a success sets it to zero, a lock does not."""

    failed_login_attempts = models.PositiveIntegerField(default=0)
    account_locked_until = models.DateTimeField(null=True, blank=True)
    lock_told_until = models.DateTimeField(null=True, editable=False, help_text="the lock its owner was told of")

    class Meta:
        abstract = True

    @property
    def is_locked(self) -> bool:
        """Whether a login is refused right now, whatever the password."""
        return self.account_locked_until is not None and self.account_locked_until > timezone.now()
