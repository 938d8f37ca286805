"""Refusals that the domains raise. One handler (titanobova/api.py) turns them into answers."""

from typing import ClassVar


class DomainError(Exception):
    """A rule of the business said no.

    Subclasses name the fact and set `code` (stable, for programs), `status` (HTTP) and `message` (plain English, for
    people). `details` are further members of the answer; `retry_after` is in seconds.
    """

    code: ClassVar[str] = "refused"
    status: ClassVar[int] = 400
    message: ClassVar[str] = "This is not possible."

    def __init__(
        self,
        message: str | None = None,
        *,
        retry_after: int | None = None,
        details: dict[str, object] | None = None,
    ) -> None:
        self.text = message or self.message
        self.retry_after = retry_after
        self.details = details or {}
        super().__init__(self.text)


class FieldError(DomainError):
    """One field of the input is refused by a rule that only the database or a service can know."""

    code, status, message = "invalid", 400, "Some fields are not valid."

    def __init__(self, field: str, message: str, code: str = "invalid") -> None:
        super().__init__()
        self.field, self.reason, self.reason_code = field, message, code


class TooManyRequests(DomainError):
    """A limit is used up."""

    code, status, message = "rate_limited", 429, "Too many requests. Try again later."


class TemporarilyUnavailable(DomainError):
    """A part outside this process does not answer; trying again may help."""

    code, status, message = "temporarily_unavailable", 503, "The service is busy. Try again in a moment."


class InsufficientStorage(DomainError):
    """A disk of ours is full: what was sent cannot be kept, and what is stored can still be read."""

    code, status, message = "insufficient_storage", 507, "There is no room to store this. Try again later."
