"""Limits of paying."""

from typing import TYPE_CHECKING

from rest_framework.request import Request

from titanobova.throttling import SecurityLimit

if TYPE_CHECKING:
    from rest_framework.views import APIView


class BuyerLimit(SecurityLimit):
    """Payment intents of one person, from however many addresses."""

    scope = "payment"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request against the person; a visitor is refused later."""
        return not request.user.is_authenticated or self.count(self.scope, f"user {request.user.pk}", request)
