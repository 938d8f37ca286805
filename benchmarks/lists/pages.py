"""Which pages there are: the API's from a table, the admin's from what is registered."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib import admin
from django.test import Client
from django.urls import reverse

from benchmarks.invented import COMMON, EVERYWHERE, NONE, RARE

WORDS = (RARE, COMMON, EVERYWHERE, NONE)
CHOICES = 2  # of each filter of the admin
SEARCHES = tuple({"search": word} for word in WORDS)
ORDERS = ("price", "-price", "title", "-title", "created_at", "-created_at")
API: dict[str, tuple[dict[str, str], ...]] = {
    "courses/courses/": (
        {"page": "2"},
        {"page": "3600"},  # the last
        {"category": "python"},
        {"level": "advanced"},
        {"min_price": "100", "max_price": "110"},
        *({"ordering": order} for order in ORDERS),
        *SEARCHES,
        *({"search": word, "ordering": "price"} for word in WORDS),
        {"category": "python", "level": "advanced", "search": COMMON, "ordering": "title"},
    ),
    "courses/enrollments/": (),
    "courses/enrollment-requests/": (),
    "contacts/contacts/": (
        *({"status": status} for status in ("new", "read", "responded", "closed")),
        {"date_from": "2021-03-01", "date_to": "2021-03-07"},
        {"date_from": "2025-06-01"},
        *SEARCHES,
        *({"status": "new", "search": word} for word in WORDS),
        {"date_from": "2021-03-01", "date_to": "2021-03-07", "search": COMMON},
    ),
    "audit/logs/": ({"action": "login"}, {"outcome": "failure"}),
    "payments/": (),
    "users/sessions/": (),
}


def api_pages() -> Iterator[str]:
    """Every list of the API, its filters and searches."""
    for path, queries in API.items():
        yield f"/api/v1/{path}"
        yield from (f"/api/v1/{path}?{urlencode(query)}" for query in queries)


def admin_pages(client: Client) -> Iterator[str]:
    """Every list of the admin: its second and last page, its filters and what may be searched for."""
    yield reverse("admin:index")
    for model, options in admin.site._registry.items():
        address = reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist")
        yield address
        response: Any = client.get(address)
        if changelist := (getattr(response, "context_data", None) or {}).get("cl"):
            yield from (f"{address}?{query}" for query in (*_numbers(changelist), *_filters(changelist)))
        if options.search_fields:
            yield from (f"{address}?{urlencode({'q': word})}" for word in WORDS)


def _numbers(changelist: Any) -> list[str]:
    last = getattr(changelist.paginator, "num_pages", 1)
    return [f"p={number}" for number in sorted({2, last}) if number <= last]


def _filters(changelist: Any) -> Iterator[str]:
    """The first choices of each filter that are not the page itself."""
    for filtered in changelist.filter_specs:
        queries = (str(choice.get("query_string", "")).lstrip("?") for choice in filtered.choices(changelist))
        yield from islice(filter(None, queries), CHOICES)


def next_page(response: Any) -> str | None:
    """Return where a page of the API says that the next one is, when it says so by a cursor."""
    data = getattr(response, "data", None)
    address = data.get("next") if isinstance(data, dict) else None
    return urlunsplit(("", "", *urlsplit(address)[2:])) if address and "cursor=" in address else None
