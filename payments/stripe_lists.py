"""Lists of what there is at Stripe, for those who compare it with ours."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from payments.gateway import Json, ask
from titanobova.errors import DomainError

if TYPE_CHECKING:
    import stripe

MOST_PAGES = 1000  # of 100 objects each


class TooMuchToList(DomainError):
    """A list goes on and on; over a shorter span of time it is shorter."""

    code, status, message = "too_much_to_list", 503, "Stripe lists more objects than can be compared at once."


def list_intents(since: int) -> Iterator[Json]:
    """Yield the intents made since this Unix time, newest first."""
    return _rows(lambda client, page: client.v1.payment_intents.list(page), {"created": {"gte": since}})


def list_refunds(since: int) -> Iterator[Json]:
    """Yield the refunds made since this Unix time, newest first."""
    return _rows(lambda client, page: client.v1.refunds.list(page), {"created": {"gte": since}})


def list_disputes(since: int) -> Iterator[Json]:
    """Yield the disputes opened since this Unix time, newest first."""
    return _rows(lambda client, page: client.v1.disputes.list(page), {"created": {"gte": since}})


def list_undelivered_events(since: int) -> Iterator[Json]:
    """Yield the events since this Unix time that our endpoint has not taken, newest first; Stripe keeps 30 days."""
    wanted = {"created": {"gte": since}, "delivery_success": False}
    return _rows(lambda client, page: client.v1.events.list(page), wanted)


def refunds_of(intent_id: str) -> list[Json]:
    """Return the refunds of an intent."""
    return list(_rows(lambda client, page: client.v1.refunds.list(page), {"payment_intent": intent_id}))


def disputes_of(intent_id: str) -> list[Json]:
    """Return the disputes over an intent."""
    return list(_rows(lambda client, page: client.v1.disputes.list(page), {"payment_intent": intent_id}))


def _rows(fetch: "Callable[[stripe.StripeClient, Any], stripe.ListObject[Any]]", wanted: Json) -> Iterator[Json]:
    """Yield the objects of a list, page by page.

    :raises TooMuchToList: after MOST_PAGES.
    :raises DomainError: as `create_intent`.
    """
    start: Json = {}
    for _ in range(MOST_PAGES):
        rows, has_more = _page(fetch, {**wanted, **start, "limit": 100})
        yield from rows
        if not has_more:
            return
        start = {"starting_after": rows[-1]["id"]}
    raise TooMuchToList


def _page(
    fetch: "Callable[[stripe.StripeClient, Any], stripe.ListObject[Any]]", wanted: Json
) -> tuple[list[Json], bool]:
    page = ask(lambda client: fetch(client, wanted))
    return [row.to_dict(for_json=True) for row in page.data], bool(page.data and page.has_more)
