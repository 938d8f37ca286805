"""The tokens that clients carry: signed by simplejwt, each naming a row of ours that says whether it still counts."""

from datetime import timedelta
from typing import Any, Self, cast
from uuid import UUID

from django.conf import settings
from rest_framework_simplejwt.exceptions import TokenError
from rest_framework_simplejwt.tokens import Token

from titanobova.errors import DomainError
from users.models import PendingLogin, Session


class InvalidToken(DomainError):
    """A token that is forged, altered, expired, of another kind, or whose session ended."""

    code, status = "token_not_valid", 401
    message = "The token is not valid or has expired."


class _RowToken(Token):
    """A token with a `type` of its own and the id of a row: none passes for another kind (RFC 8725, 3.11)."""

    @classmethod
    def read(cls, text: str) -> Self:
        """Return the token that `text` holds.

        Signature, algorithm, expiry, issuer and kind are checked; `alg: none` and public-key tricks fail because only
        HS256 with our own derived key is tried.

        :raises InvalidToken: for anything else.
        """
        try:
            token = cls(cast(Any, text))  # the library's annotation forgets that tokens arrive as text
            token.row_id  # noqa: B018 - a token without a row's id is none of ours
        except (TokenError, KeyError, ValueError, TypeError):
            raise InvalidToken from None
        return token

    @property
    def row_id(self) -> UUID:
        """The id of the row that the token stands for."""
        return UUID(str(self["sid"]))


class AccessToken(_RowToken):
    """Fifteen minutes of access, as long as its session lives."""

    token_type = "access"  # noqa: S105 - a kind, not a password
    lifetime: timedelta = settings.ACCESS_TOKEN_LIFETIME

    @classmethod
    def of(cls, session: Session) -> Self:
        """Return a fresh token of `session`."""
        token = cls()
        token["sid"] = str(session.pk)
        return token


class RefreshToken(_RowToken):
    """The right to new tokens, naming its generation; it never outlives its session."""

    token_type = "refresh"  # noqa: S105 - a kind, not a password
    lifetime: timedelta = settings.SESSION_LIFETIME

    @classmethod
    def of(cls, session: Session, generation: int) -> Self:
        """Return the refresh token of one generation of `session`."""
        token = cls()
        token["sid"] = str(session.pk)
        token["gen"] = generation
        token.set_exp(lifetime=session.expires_at - token.current_time)
        return token

    @property
    def generation(self) -> int:
        """Which child of the session's first refresh token this is."""
        return int(self["gen"])


class PendingLoginToken(_RowToken):
    """Proof of the password alone: it opens nothing but verify_2fa."""

    token_type = "pending_login"  # noqa: S105 - a kind, not a password
    lifetime: timedelta = settings.PENDING_LOGIN_LIFETIME

    @classmethod
    def of(cls, pending: PendingLogin) -> Self:
        """Return the token of a login that waits for its second factor."""
        token = cls()
        token["sid"] = str(pending.pk)
        return token
