"""Who acts: passed to every service, so that none of them knows about requests."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Self
from uuid import UUID

from django.contrib.auth.models import AnonymousUser
from django.http import HttpRequest
from rest_framework.request import Request

from titanobova.http import client_address
from titanobova.logging import redact

if TYPE_CHECKING:
    from users.models import User


@dataclass(frozen=True)
class Actor:
    """A person, a visitor or a part of the system, and where they act from."""

    user: "User | None" = None
    session_id: UUID | None = None
    ip_address: str | None = None
    user_agent: str = ""
    request_id: str = ""
    system: str = ""

    @classmethod
    def from_request(cls, request: HttpRequest | Request) -> Self:
        """Return who sent `request`. Address and user agent are what the request really came with, made storable."""
        user = None if isinstance(request.user, AnonymousUser) else request.user
        session = getattr(request, "auth", None)
        return cls(
            user=user,
            session_id=getattr(session, "id", None),
            ip_address=client_address(request),
            user_agent=user_agent_of(request),
            request_id=request.META.get("titanobova.request_id", ""),
        )

    @classmethod
    def from_system(cls, name: str) -> Self:
        """Return a part of the system, such as `import` or `webhook`."""
        return cls(system=name)

    def as_user(self, user: "User") -> Self:
        """Return the same actor once it is known who they are."""
        return replace(self, user=user)


def user_agent_of(request: HttpRequest | Request) -> str:
    """Return what the client calls itself, made storable and without what looks like a secret."""
    return str(redact(plain(request.META.get("HTTP_USER_AGENT", ""))))[:300]


def plain(text: str) -> str:
    """Return `text` with control characters as spaces, so that what a visitor sends cannot forge lines anywhere."""
    return "".join(char if char.isprintable() else " " for char in text)
