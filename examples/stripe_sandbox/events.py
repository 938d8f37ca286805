"""Events: what Stripe tells of each change, kept in the order in which they came about."""

import copy
from fnmatch import fnmatchcase

from examples.stripe_sandbox.answers import Json, invalid
from examples.stripe_sandbox.forms import flag, text, texts
from examples.stripe_sandbox.listing import page
from examples.stripe_sandbox.objects import new_id, now

API_VERSION = "2026-10-28.endive"  # the version that stripe-python 16.1 pins
FILTERS = frozenset({"delivery_success", "type", "types"})


def new_event(kind: str, subject: Json, cause: Json, pending_webhooks: int) -> Json:
    """Return an event about the subject as it is now."""
    return {
        "id": new_id("evt"),
        "object": "event",
        "api_version": API_VERSION,
        "created": now(),
        "data": {"object": copy.deepcopy(subject)},
        "livemode": False,
        "pending_webhooks": pending_webhooks,
        "request": dict(cause) if cause else None,
        "type": kind,
    }


def page_of_events(events: list[Json], params: Json) -> Json:
    """Return a page of events: of a `type`, which may end in `*`, or of `types`, delivered or not.

    :raises ApiError: for both of them, or for a filter that is none
    """
    pattern, kinds, delivered = text(params, "type"), texts(params, "types"), flag(params, "delivery_success")
    if pattern and kinds:
        raise invalid("You may pass either type or types, but not both.", param="types")

    def is_asked_for(event: Json) -> bool:
        is_of_kind = event["type"] in kinds if kinds else fnmatchcase(event["type"], pattern or "*")
        return is_of_kind and delivered in {None, not event["pending_webhooks"]}

    rest = {name: value for name, value in params.items() if name not in FILTERS}
    return page(events, rest, "/v1/events", keep=is_asked_for)
