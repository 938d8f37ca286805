"""Limits that a service knows and a request does not, such as the codes tried for one account."""

from audit.actor import Actor
from audit.services import record
from titanobova import throttling
from titanobova.errors import TooManyRequests


def count_try(scope: str, identity: str, *, by: Actor) -> None:
    """Count one try of `identity` against RATE_LIMITS[scope]; the first refusal of a window is recorded.

    :raises TooManyRequests: when the quota of the window is used up.
    """
    spent = throttling.spend(scope, identity)
    if spent.is_first_refusal:
        record("update", "rate_limit.exceeded", by=by, details={"scope": scope}, outcome="failure")
    if not spent.is_allowed:
        raise TooManyRequests(retry_after=spent.verdict.reset)
