"""Taking a lock off an account."""

from django.db import transaction

from audit.actor import Actor
from audit.services import record
from users.lockout import LockableQuerySet
from users.models import KnownSource, User


def unlock(user: User, *, by: Actor) -> None:
    """Let the account in again, from everywhere, and forget its failed logins."""
    with transaction.atomic():
        LockableQuerySet(User).filter(pk=user.pk).forget_failures()
        LockableQuerySet(KnownSource).filter(user=user).forget_failures()
        record("update", "auth.account.unlocked", by=by, on=user)
