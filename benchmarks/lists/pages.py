"""Which pages there are: the API's from a table, the admin's from what is registered."""

from collections.abc import Iterator
from itertools import islice
from typing import Any
from urllib.parse import urlencode, urlsplit, urlunsplit

from django.contrib import admin
from django.test import Client
from django.urls import reverse

from benchmarks.invented import COMMON, EVERYWHERE, NONE, RARE

SPAM = "casino"  # stands only in messages that are spam, and there it is common
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
        {"is_featured": "true"},
        {"currency": "usd"},
        {"currency": "usd", "ordering": "title", "page": "3600"},
        {"min_price": "100", "max_price": "110"},
        {"min_price": "0", "ordering": "-price", "page": "3600"},
        *({"ordering": order} for order in ORDERS),
        *SEARCHES,
        *({"search": word, "ordering": "price"} for word in WORDS),
        {"category": "python", "level": "advanced", "search": COMMON, "ordering": "title"},
    ),
    "courses/categories/": (),
    "courses/taught/": (),
    "courses/enrollments/": (),
    "courses/enrollment-requests/": (
        {"is_paid": "true"},
        {"is_open": "true"},
        {"email": EVERYWHERE},
        {"since": "2025-06-01T00:00:00Z"},
    ),
    "contacts/contacts/": (
        *({"status": status} for status in ("new", "read", "responded", "closed")),
        *({"is_spam": is_spam} for is_spam in ("true", "false", "all")),
        {"date_from": "2021-03-01", "date_to": "2021-03-07"},
        {"date_from": "2025-06-01"},
        *SEARCHES,
        *({"status": "new", "search": word} for word in WORDS),
        {"date_from": "2021-03-01", "date_to": "2021-03-07", "search": COMMON},
        {"is_spam": "false", "search": SPAM},
    ),
    "audit/logs/": (
        {"action": "login"},
        {"outcome": "failure"},
        {"resource_type": "users.user"},
        {"resource_type": "courses.lesson"},  # rare
        {"ip_address": "10.0.0.1"},
        {"ip_address": "10.0.0.2"},
        {"ip_address": "192.0.2.1"},  # never seen
        {"since": "2025-06-01T00:00:00Z"},
        {"until": "2021-03-01T00:00:00Z"},
        {"since": "2023-03-01T00:00:00Z", "until": "2023-03-02T00:00:00Z"},
        {"since": "2023-03-01T00:00:00Z", "until": "2023-03-02T00:00:00Z", "outcome": "failure"},
        {"until": "2021-03-01T00:00:00Z", "action": "delete"},
        {"action": "login", "outcome": "failure", "ip_address": "10.0.0.1"},
        {"action": "delete", "outcome": "failure"},  # none
        {"user": "0176bb3e-7000-7001-8000-000000000000"},  # who did most
        {"user": "0176bb3e-7000-7001-8000-000000000000", "action": "delete"},
        {"resource_type": "users.user", "resource_id": "0176bb3e-7000-7001-8000-000000000000"},
    ),
    "users/activity/": (),
    "payments/": (),
    "users/sessions/": (),
}


def api_pages() -> Iterator[str]:
    """Every list of the API, its filters and searches."""
    for path, queries in API.items():
        yield f"/api/v1/{path}"
        yield from (f"/api/v1/{path}?{urlencode(query)}" for query in queries)


def admin_pages(client: Client) -> Iterator[str]:
    """Every list of the admin: its pages, orders, filters and searches, the page of a row, what a field offers."""
    yield reverse("admin:index")
    for model, options in admin.site._registry.items():
        name = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        address = reverse(f"{name}_changelist")
        yield address
        narrowed: list[str] = []
        response: Any = client.get(address)
        if changelist := (getattr(response, "context_data", None) or {}).get("cl"):
            yield from (f"{address}?{query}" for query in (*_numbers(changelist), *_orders(changelist)))
            narrowed = list(_filters(changelist))
            yield from (f"{address}?{query}" for query in narrowed)
            yield from (reverse(f"{name}_change", args=[row.pk]) for row in changelist.result_list[:1])
        if options.search_fields:
            yield from (f"{address}?{urlencode({'q': word})}" for word in (*WORDS, SPAM, f"{COMMON} {EVERYWHERE}"))
            yield from (f"{address}?{query}&{urlencode({'q': COMMON})}" for query in narrowed)
        yield from _choices(model, options)


def _choices(model: Any, options: Any) -> Iterator[str]:
    """What is shown to somebody who chooses a related row by its words."""
    names = {"app_label": model._meta.app_label, "model_name": model._meta.model_name}
    for field in options.autocomplete_fields:
        for word in ("", *WORDS):
            yield f"{reverse('admin:autocomplete')}?{urlencode({**names, 'field_name': field, 'term': word})}"


def _orders(changelist: Any) -> list[str]:
    numbers = [changelist.list_display.index(column) for column in changelist.sortable_by]
    return [f"o={sign}{number}" for number in numbers for sign in ("", "-")]


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
