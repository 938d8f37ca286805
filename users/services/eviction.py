"""Closing every other way into an account, once its password or address is a new one."""

from django.utils import timezone

from audit.actor import Actor
from users.models import MailedLink, PendingLogin, Session, User
from users.services.links import close_links
from users.tokens import InvalidToken

Purpose = MailedLink.Purpose


def evict_others(user: User, *, by: Actor, reason: str) -> int:
    """End all sessions but the one that acts, pending logins and open links; return how many sessions there were.

    An attacker who was in the account may have prepared a way back: a login that waits for its second factor, a reset
    link in a mailbox that was read along, a change of the address that waits to be confirmed. Runs in the caller's
    transaction, after the account's row was written or locked.
    """
    ended = Session.objects.filter(user=user).other_than(by.session_id).end(reason)
    PendingLogin.objects.open().filter(user=user).update(spent_at=timezone.now())
    close_links(user, Purpose.CHANGE_EMAIL, Purpose.RESET_PASSWORD, Purpose.UNLOCK)
    return ended


def refuse_evicted(by: Actor) -> None:
    """Refuse a session that was ended since its request was let in: its password may be checked, its owner gone.

    Runs in the caller's transaction, after the account's row was written or locked, so that of an eviction and a grave
    request at the same moment the eviction wins.

    :raises InvalidToken: when the session is over.
    """
    if by.session_id is not None and not Session.objects.live().filter(pk=by.session_id).exists():
        raise InvalidToken
