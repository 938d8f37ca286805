"""Who is asking: the bearer token of a request."""

from contextlib import suppress
from datetime import timedelta
from typing import Any

from django.db import OperationalError
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from audit.actor import user_agent_of
from titanobova.errors import DomainError
from titanobova.http import client_address
from titanobova.prepared import PreparedLookup
from users.models import Session, User
from users.tokens import AccessToken, InvalidToken, PendingLoginToken


def bearer(request: Request) -> str:
    """Return the token of the Authorization header, or an empty string."""
    scheme, _, token = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
    return token.strip() if scheme.lower() == "bearer" else ""


class BearerAuthentication(BaseAuthentication):
    """Accept the access token of a live session of an active account: one query for both."""

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        """Return the user and the session, or None for a visitor.

        A token that only proves a password (the second factor is to come) makes nobody: public routes see a visitor,
        every other one answers `two_factor_required`.

        :raises AuthenticationFailed: for a token that is not valid, or no longer.
        """
        text = bearer(request)
        if not text:
            return None
        try:
            session = live_session(text)
        except InvalidToken as error:
            if _is_pending(text):
                request.META["titanobova.second_factor_pending"] = True
                return None
            raise AuthenticationFailed(error.message, error.code) from None
        request.META.update({"titanobova.user_id": str(session.user_id), "titanobova.session_id": str(session.pk)})
        if session.last_used_at < timezone.now() - timedelta(minutes=1):
            with suppress(OperationalError):  # a full disk must not refuse who only reads
                agent = user_agent_of(request)
                Session.objects.note_use(session.pk, ip_address=client_address(request), user_agent=agent)
        return session.user, session

    def authenticate_header(self, request: Request) -> str:
        """Return what a 401 carries in WWW-Authenticate."""
        return 'Bearer realm="api"'


class OptionalBearerAuthentication(BearerAuthentication):
    """For routes open to anyone: a token that is not valid makes a visitor, never a 401.

    The old client sends `Bearer null` when nobody is logged in, and an expired token must not hide a public page.
    """

    def authenticate(self, request: Request) -> tuple[User, Session] | None:
        """Return the user and the session, or None for everyone else."""
        try:
            return super().authenticate(request)
        except AuthenticationFailed:
            return None


# Every authenticated request asks this.
_session_with_user = PreparedLookup(
    lambda now, pk: Session.objects.live(now).filter(user__is_active=True).select_related("user").filter(pk=pk),
    ["expires_at", "id"],
)


def live_session(access: str) -> Session:
    """Return the session of an access token, with its user loaded.

    :raises InvalidToken: when the token, its session or its account no longer counts.
    """
    token = AccessToken.read(access)
    session = _session_with_user.first(timezone.now(), token.row_id)
    if session is None:
        raise InvalidToken
    return session


def _is_pending(text: str) -> bool:
    try:
        PendingLoginToken.read(text)
    except DomainError:
        return False
    return True


def current_user(request: Request) -> User:
    """Return who is asking, on a route that only lets people in."""
    user: Any = request.user
    assert isinstance(user, User)  # noqa: S101 - the permission class has refused everyone else
    return user
