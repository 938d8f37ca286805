"""Encrypting stored secrets anew, while people keep logging in."""

from django.db import transaction
from django.db.models import Q

from audit.actor import Actor
from audit.services import record
from titanobova.crypto import decrypt, encrypt
from titanobova.mail.resealing import reseal_waiting_mail
from users.models import User

SECRETS = ("totp_secret", "totp_pending_secret")


def rotate_keys(*, by: Actor) -> int:
    """Encrypt every secret with the first key and return how many there were. Safe to run again, and on a live system.

    Each row is written only if its secret is still the one that was read, so an enrolment meanwhile is never undone.

    :raises ValueError: when a stored secret fits none of the keys; the rows before it are done, a rerun continues.
    """
    count = _rotate_second_factors() + reseal_waiting_mail()
    with transaction.atomic():
        record("update", "auth.keys.rotated", by=by, details={"count": count})
    return count


def _rotate_second_factors() -> int:
    count = 0
    holders = User.objects.exclude(Q(totp_secret="") & Q(totp_pending_secret="")).order_by("pk")
    for user in holders.only("pk", *SECRETS).iterator(chunk_size=500):
        stored = {name: getattr(user, name) for name in SECRETS}
        fresh = {name: encrypt(decrypt(token)) for name, token in stored.items() if token}
        if User.objects.filter(pk=user.pk, **stored).update(**fresh):
            count += len(fresh)
    return count
