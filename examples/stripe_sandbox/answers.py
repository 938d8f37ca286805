"""What the sandbox says back: an answer, or a refusal in Stripe's error shape."""

import json
from dataclasses import dataclass
from typing import Any

Json = dict[str, Any]


@dataclass(frozen=True)
class Answer:
    """A status and the exact bytes of a body, so that a replay repeats them to the letter."""

    status: int
    body: bytes
    replayed: bool = False
    content_type: str = "application/json"

    @classmethod
    def of(cls, body: Json, status: int = 200) -> "Answer":
        """Return the answer that carries this object as JSON."""
        return cls(status, json.dumps(body, indent=2).encode())


class ApiError(Exception):
    """A refusal; `begun` tells whether the endpoint had started, which decides if the answer is saved.

    The shape and the types are those of https://docs.stripe.com/api/errors.
    """

    def __init__(self, status: int, kind: str, message: str, *, begun: bool = True, **facts: object) -> None:
        super().__init__(message)
        self.status, self.begun = status, begun
        known = {name: fact for name, fact in facts.items() if fact is not None}
        self.error: Json = {"type": kind, "message": message, **known}

    def answer(self) -> Answer:
        """Return this refusal as an answer."""
        return Answer.of({"error": self.error}, self.status)


def invalid(message: str, *, param: str | None = None, code: str | None = None) -> ApiError:
    """Return the 400 for a parameter that fails validation, before anything has run."""
    return ApiError(400, "invalid_request_error", message, begun=False, param=param, code=code)
