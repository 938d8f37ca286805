"""Links in mails that prove who reads the mail.

An attacker may guess a token (256 bits), read the database (it keeps a keyed digest alone, and the mail that waits in
the outbox holds the token encrypted), use a link twice or twice at once (it is spent by one conditional UPDATE), keep
an old one (a newer one replaces it, a changed password or address closes it), let a mail scanner open it (only a POST
acts), or have it built for a host of theirs (its address comes from the settings, never from the request).
"""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from titanobova import throttling
from titanobova.crypto import keyed_digest
from titanobova.email import send_later, wake_delivery
from titanobova.errors import DomainError
from users.identity import canonical_email
from users.models import MailedLink, User

Purpose = MailedLink.Purpose

TOKEN_BYTES = 32
# Path of the page, at the frontend or among our own (users/pages.py), and how long the link works.
PATHS = {
    Purpose.VERIFY_EMAIL: "/verify-email",
    Purpose.CHANGE_EMAIL: "/confirm-email",
    Purpose.RESET_PASSWORD: "/reset-password",
    Purpose.UNLOCK: "/unlock",
}
LIFETIMES = {
    Purpose.VERIFY_EMAIL: timedelta(days=7),
    Purpose.CHANGE_EMAIL: timedelta(hours=24),
    Purpose.RESET_PASSWORD: timedelta(hours=1),
    Purpose.UNLOCK: timedelta(hours=24),
}
IN_WORDS = {timedelta(days=7): "7 days", timedelta(hours=24): "24 hours", timedelta(hours=1): "one hour"}


class InvalidLink(DomainError):
    """The link is unknown, expired, used or replaced; which of them is not said."""

    code, status = "link_not_valid", 400
    message = "The link is not valid: it has expired, was used already, or a newer one was mailed."


def send_link(
    user: User,
    purpose: Purpose,
    *,
    to: str,
    template: str,
    subject: str,
    label: str,
    context: dict[str, object] | None = None,
) -> None:
    """Mail a fresh link to `to`, in the caller's transaction; earlier ones of the same purpose become void."""
    token = issue(user, purpose, to=to)
    url = f"{settings.FRONTEND_URL or settings.PUBLIC_URL}{PATHS[purpose]}?token={token}"
    facts = {"lifetime": IN_WORDS[LIFETIMES[purpose]], **(context or {})}
    send_later(template, to=to, subject=subject, context=facts, button=(label, url))


def issue(user: User, purpose: Purpose, *, to: str) -> str:
    """Store a link in the caller's transaction and return its token, which is kept nowhere."""
    _hold(user)
    close_links(user, purpose)
    token = secrets.token_urlsafe(TOKEN_BYTES)
    expires_at = timezone.now() + LIFETIMES[purpose]
    MailedLink.objects.create(user=user, purpose=purpose, digest=_digest(token), email=to, expires_at=expires_at)
    return token


def open_link(token: str, purpose: Purpose) -> MailedLink:
    """Return the link of `token`, with its user, and leave it unspent.

    :raises InvalidLink: when there is none that counts.
    """
    found = MailedLink.objects.open().select_related("user").filter(digest=_digest(token), purpose=purpose).first()
    if found is None or not _leads_to(found, found.user):
        raise InvalidLink
    return found


def spend_link(link: MailedLink) -> User:
    """Use the link up in the caller's transaction; return its account as it is now, held until the transaction ends.

    :raises InvalidLink: when another request was faster.
    """
    user = _hold(User(pk=link.user_id))
    if user is None or not _leads_to(link, user) or not MailedLink.objects.spend(link.pk):
        raise InvalidLink
    return user


def held_by_email(email: str) -> User | None:
    """Return the account that has this address now, held until the caller's transaction ends.

    One that is erased or moves to another address at this moment is waited for: nothing more is mailed to it then.
    """
    return User.objects.select_for_update(no_key=True).filter(email_canonical=canonical_email(email)).first()


def close_links(user: User, *purposes: Purpose) -> None:
    """Make the open links of these purposes void, in the caller's transaction."""
    MailedLink.objects.open().filter(user=user, purpose__in=purposes).update(spent_at=timezone.now())


def has_room(purpose: Purpose, email: str) -> bool:
    """Count one link for a mailbox, whether or not it has an account; false when it got its share of this hour.

    Nobody can flood a mailbox from many addresses. The links live at least as long as the window of RATE_LIMIT_RESET
    lasts, so whoever uses up the share leaves the owner a link that works.
    """
    return throttling.spend("reset", f"{purpose} to {canonical_email(email)}").is_allowed


@contextmanager
def kept_only_if(condition: bool) -> Iterator[None]:
    """Run the block, then keep what it wrote or undo it.

    So an address without an account costs the same statements as one with an account, and an answer's time tells
    nobody which it was. The delivery is woken either way. Needs a transaction around it.
    """
    with transaction.atomic():
        yield
        transaction.set_rollback(not condition)
    if not condition:
        transaction.on_commit(wake_delivery, robust=True)


def _hold(user: User) -> User | None:
    """Lock the account's row until the transaction ends. All flows begin so, and none waits for another in a ring."""
    return User.objects.select_for_update(no_key=True).filter(pk=user.pk).first()


def _leads_to(link: MailedLink, user: User) -> bool:
    """Whether the account is open and, unless the link is to change it, still has the address it was mailed to."""
    same = link.purpose == Purpose.CHANGE_EMAIL or canonical_email(link.email) == user.email_canonical
    return user.is_active and same


def _digest(token: str) -> str:
    return keyed_digest(token, "mailed link")
