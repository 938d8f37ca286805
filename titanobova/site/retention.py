"""What goes by itself once it was kept for as long as the settings say (docs/operations.md, What is kept for how long).

The audit log does not: `purge_audit` is somebody's decision. Nor do contacts (`purge_contacts`).
"""

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import timedelta

from django.conf import settings
from django.contrib.sessions.models import Session as CookieSession
from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.idempotency import expired_attempts
from titanobova.retention import Kept, delete_expired
from titanobova.site.mail import purging as mail
from titanobova.throttling import closed_windows
from users.services import purging as logins

KEPT = (mail.DELIVERED, mail.UNDELIVERED, logins.ATTEMPTS, logins.SESSIONS, logins.UNFINISHED)
EXPIRED = "expired"  # counters, names of requests and cookies that are over: technical rows, of which nobody is told


@dataclass
class Run:
    """How many rows of each kind went, and whether that was all."""

    gone: Counter[str] = field(default_factory=Counter)
    is_over: bool = False


def apply_retention(*, by: Actor, seconds: float = float("inf")) -> Run:
    """Delete what was kept long enough.

    After `seconds` it ends with the step that is under way; the next run goes on. Each step is a transaction, with a
    row in the audit log that says how much of what it deleted.
    """
    run, until = Run(), time.monotonic() + seconds
    for kind, count in _all_steps(by):
        run.gone[kind] += count
        if time.monotonic() >= until:
            return run
    run.is_over = True
    return run


def count_old() -> dict[str, int]:
    """Return how many rows of each kind would go now."""
    return {
        kept.kind: sum(step.count() for step in kept.old(timezone.now() - timedelta(days=days)))
        for kept in KEPT
        if (days := getattr(settings, kept.setting))
    }


def _all_steps(by: Actor) -> Iterator[tuple[str, int]]:
    for kept in KEPT:
        for count in _steps(kept, by):
            yield kept.kind, count
    cookies = CookieSession.objects.filter(expire_date__lt=timezone.now())
    for expired in (expired_attempts(), closed_windows(), cookies):
        for count in delete_expired(expired):
            yield EXPIRED, count


def _steps(kept: Kept, by: Actor) -> Iterator[int]:
    """Delete step by step what a setting keeps no longer, and yield how many rows went; 0 days keep all for ever."""
    days = getattr(settings, kept.setting)
    if not days:
        return
    before = timezone.now() - timedelta(days=days)
    for step in kept.old(before):
        with transaction.atomic():
            count = kept.delete(step)
            if count:
                told: dict[str, object] = {"of": step.model._meta.label_lower, "kind": kept.kind, "count": count}
                record("delete", "site.retention.applied", by=by, details={**told, "before": before})
        yield count
