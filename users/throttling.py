"""Limits that know accounts."""

from typing import Any

from rest_framework.exceptions import APIException
from rest_framework.request import Request
from rest_framework.views import APIView

from titanobova.throttling import OrdinaryLimit
from users.tokens import InvalidToken, RefreshToken


class RefreshLimit(OrdinaryLimit):
    """Refreshing counts against the session that the token names: thirty people behind one address are thirty.

    The signature is checked first, so an attacker cannot invent sessions; what is no token of ours counts against the
    address.
    """

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request; False refuses it."""
        try:
            body: Any = request.data
            session = RefreshToken.read(str(body.get("refresh", ""))).row_id
        except (InvalidToken, APIException, AttributeError):
            return super().allow_request(request, view)
        return self.count("user", f"session {session}", request)
