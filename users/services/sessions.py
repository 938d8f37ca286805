"""Sessions and their refresh tokens (contract 2.6, drawn in docs/sessions.md).

A refresh token names its session and a generation g; the session stores the newest generation that was used. A client
may keep its first refresh token for ever (the old client does) or take each child: both work. Only a token older than
one that was already used ends the session, because then two parties hold the family, and one of them is a thief.
"""

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.email import send_later
from titanobova.errors import DomainError
from users.models import Session, User
from users.tokens import InvalidToken, RefreshToken


class UnknownSession(DomainError):
    """No live session of this person has the id."""

    code, status, message = "not_found", 404, "There is no such session."


@dataclass(frozen=True)
class Refreshed:
    """A live session and the generation of the refresh token that its client gets."""

    session: Session
    generation: int


def open_session(user: User, *, by: Actor) -> Session:
    """Start a session; its absolute end never moves."""
    return Session.objects.create(
        user=user,
        ip_address=by.ip_address,
        user_agent=by.user_agent,
        expires_at=timezone.now() + settings.SESSION_LIFETIME,
    )


def refresh(text: str, *, by: Actor) -> Refreshed:
    """Return the session of a refresh token and the generation to answer.

    - g = generation: the newest one, or again by a client that kept it: answer g+1 and write nothing.
    - g = generation+1: the first use of a child. One conditional UPDATE raises the generation; of any number of
      parallel uses one row changes, and all are answered alike.
    - g < generation: its child was used already, so this is a copy. The session ends and the owner is told.

    :raises InvalidToken: when the token or its session no longer counts.
    """
    token = RefreshToken.read(text)
    session = Session.objects.live().select_related("user").filter(pk=token.row_id, user__is_active=True).first()
    if session is None or token.generation > session.generation + 1:
        raise InvalidToken
    if token.generation == session.generation + 1:
        Session.objects.raise_generation(session.pk, to=token.generation)
    elif token.generation < session.generation:
        _end_reused(session, by=by)
        raise InvalidToken
    return Refreshed(session, token.generation + 1)


def end_session(user: User, session_id: UUID, *, by: Actor, reason: str = "logout") -> None:
    """End one session of `user`; its tokens are refused from the next request on.

    :raises UnknownSession: when it is not theirs or has ended.
    """
    with transaction.atomic():
        if not Session.objects.filter(pk=session_id, user=user).end(reason):
            raise UnknownSession
        record("logout", "auth.session.ended", by=by, on=Session(pk=session_id), details={"reason": reason})


def end_all_sessions(user: User, *, by: Actor, reason: str) -> int:
    """End every session of `user`, in the caller's transaction or its own, and return how many with tokens there were.

    The admin's cookies end with them, of which nobody knows how many there are; so the fact is recorded anyway.
    """
    with transaction.atomic():
        User.objects.filter(pk=user.pk).update(session_epoch=F("session_epoch") + 1)
        ended = Session.objects.filter(user=user).end(reason)
        record("logout", "auth.sessions.ended", by=by, on=user, details={"reason": reason, "sessions": ended})
    return ended


def _end_reused(session: Session, *, by: Actor) -> None:
    with transaction.atomic():
        if Session.objects.filter(pk=session.pk).end("reuse"):
            by = by.as_user(session.user)
            record("logout", "auth.session.reused", by=by, on=session, outcome="failure")
            send_later("session_ended", to=session.user.email, subject="We ended one of your sessions")
