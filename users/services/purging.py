"""Traces of logins that were kept long enough."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from titanobova.retention import Kept, steps
from users.lockout import LockableQuerySet
from users.models import LoginAttempt, PendingLogin, Session, UnknownAccount

SETTING = "LOGINS_KEPT_DAYS"


def _attempts(before: datetime) -> Iterator[QuerySet[LoginAttempt]]:
    """Yield the tries of before an instant, but for the last login of each person with each of their addresses.

    That one says which addresses were theirs, and so which mail is to be erased with them.
    """
    later = LoginAttempt.objects.entered().filter(user=OuterRef("user"), email=OuterRef("email"), pk__gt=OuterRef("pk"))
    is_last = Q(outcome__in=LoginAttempt.ENTERED_WITH, user__isnull=False) & ~Exists(later)
    for step in steps(LoginAttempt.objects.all(), before):
        yield step.filter(created_at__lt=before).exclude(is_last)


def _delete_attempts(attempts: QuerySet[LoginAttempt]) -> int:
    """Delete tries, and what counted those at addresses without an account where no later one is left.

    Locks stand in the accounts' own rows, and last a day at most. Somebody who tries such an address at this very
    moment is refused as if it were locked: it has no account to get into.
    """
    again = LoginAttempt.objects.filter(email=OuterRef("email"), pk__gt=OuterRef("pk"))
    given_up = attempts.filter(user=None).exclude(Exists(again)).values_list("email", flat=True)
    digests = [UnknownAccount.digest_of(email) for email in given_up]
    LockableQuerySet(UnknownAccount).unlocked(timezone.now()).filter(pk__in=digests).delete()
    return attempts.delete()[0]


def _sessions(before: datetime) -> Iterator[QuerySet[Session]]:
    """Yield the sessions that were over before an instant; their tokens are refused like unknown ones."""
    for step in steps(Session.objects.all(), before):
        yield step.filter(Q(expires_at__lt=before) | Q(ended_at__lt=before))


def _unfinished(before: datetime) -> Iterator[QuerySet[PendingLogin]]:
    """Yield the logins whose second factor did not come in time."""
    for step in steps(PendingLogin.objects.all(), before):
        yield step.filter(expires_at__lt=before)


def _delete(rows: QuerySet[Any]) -> int:
    gone: int = rows.delete()[0]
    return gone


ATTEMPTS = Kept("login attempts", SETTING, _attempts, _delete_attempts)
SESSIONS = Kept("sessions", SETTING, _sessions, _delete)
UNFINISHED = Kept("unfinished logins", SETTING, _unfinished, _delete)
