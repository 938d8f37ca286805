"""Stripe's own library, talking to the sandbox without a network: for histories by the thousand."""

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

import stripe

from examples.stripe_sandbox.api import Request, presented_key
from examples.stripe_sandbox.forms import parse_form
from examples.stripe_sandbox.world import StripeWorld


class _BrokenConnection(stripe.APIConnectionError):
    def __init__(self) -> None:
        """The library's own has no types."""
        super().__init__("The sandbox was asked to.")  # type: ignore[no-untyped-call]


class Wire(stripe.HTTPClient):
    """Hands each request of the library to the sandbox, with the trouble that was asked for."""

    name = "wire"

    def __init__(self, world: StripeWorld) -> None:
        super().__init__()
        self._world = world

    def request(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str] | None,
        post_data: Any = None,
        *,
        _usage: list[str] | None = None,
    ) -> tuple[str, int, Mapping[str, str]]:
        """Return the answer of the sandbox.

        :raises APIConnectionError: where it cuts the connection, or is silent.
        """
        parts, given = urlsplit(url), headers or {}
        fault = self._world.faults.take(method.upper(), parts.path)
        if fault.how == "silent":
            raise _BrokenConnection
        key, attempt = presented_key(given.get("Authorization", "")), given.get("Idempotency-Key")
        params = parse_form(post_data or parts.query)
        answer = self._world.respond(Request(method.upper(), parts.path, params, key, attempt, "req_wire"), fault)
        if fault.how == "cut":
            raise _BrokenConnection
        return answer.body.decode(), answer.status, {"Request-Id": "req_wire"}

    def close(self) -> None:
        """There is nothing to close."""
