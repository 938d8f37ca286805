"""The networks that an account has logged in from."""

from django.utils import timezone

from audit.actor import Actor
from titanobova.crypto import keyed_digest
from titanobova.throttling import network_of
from users.models import KnownSource, User


def fingerprint(user: User, by: Actor) -> str:
    """Return what is kept of the network that `by` comes from.

    Keyed and per account: a stolen table tells neither where people are nor who shares a network. The browser's name is
    left out, for an update must not make the owner a stranger in the middle of an attack.
    """
    return keyed_digest(f"{user.pk}:{network_of(by.ip_address or '')}", "known source")


def remember_source(user: User, *, by: Actor) -> bool:
    """Note a login from where `by` is, in the caller's transaction; true when an account with a past is new there."""
    here = fingerprint(user, by)
    if KnownSource.objects.filter(user=user, fingerprint=here).update(last_used_at=timezone.now()):
        return False
    has_a_past = KnownSource.objects.filter(user=user).exists()
    KnownSource.objects.bulk_create([KnownSource(user=user, fingerprint=here)], ignore_conflicts=True)
    return has_a_past
