"""Asking for the pages: how many queries each makes, and how long it takes."""

import logging
import math
import os
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from statistics import median
from typing import Any, NamedTuple

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext, override_settings
from django.utils import timezone

from benchmarks.lists.pages import admin_pages, api_pages, next_page
from courses.catalogue_views import answers
from users.models import Session, User
from users.tokens import AccessToken

TIMES, PATIENCE = 20, 5.0  # requests of each page, unless they take longer than so many seconds together
MOST_QUERIES, MOST_MILLISECONDS = 15, 200
# The names of hashed files come from a manifest that is made with the image.
PLAIN_FILES = {**settings.STORAGES, "staticfiles": {"BACKEND": "django.core.files.storage.InMemoryStorage"}}


class Seen(NamedTuple):
    """What a page took: its status, its queries, and its milliseconds."""

    status: int
    queries: int
    p50: float
    p95: float

    @property
    def is_good(self) -> bool:
        """Whether it is as quick as promised."""
        return self.status == 200 and self.queries <= MOST_QUERIES and self.p95 <= MOST_MILLISECONDS


def main() -> None:
    """Print a line for each page; exit 1 when one is too slow."""
    logging.disable()  # an error is told by its status
    with override_settings(STORAGES=PLAIN_FILES):
        client, slow, total = staff_client(), 0, 0
        print("   queries   p50 ms   p95 ms")
        for address in pages(client):
            seen = ask(client, address)
            total, slow = total + 1, slow + (not seen.is_good)
            state = "" if seen.status == 200 else f"  status {seen.status}"
            print(f"{' ' if seen.is_good else '!'} {seen.queries:8} {seen.p50:8.1f} {seen.p95:8.1f}  {address}{state}")
    print(f"\n{total} pages, {slow} with more than {MOST_QUERIES} queries or {MOST_MILLISECONDS} ms (p95)")
    sys.exit(1 if slow else 0)


def staff_client() -> Client:
    """Return a client that is logged in as staff, in the admin and in the API."""
    User.objects.filter(email="staff@example.com").delete()
    staff = User.objects.create(email="staff@example.com", password="!", is_staff=True, is_superuser=True)  # noqa: S106 - nobody's
    session = Session.objects.create(user=staff, expires_at=timezone.now() + timedelta(days=1))
    token = AccessToken.of(session)
    token.set_exp(lifetime=timedelta(days=1))
    client = Client(
        headers={"Authorization": f"Bearer {token}"}, raise_request_exception=False, SERVER_NAME="127.0.0.1"
    )
    client.force_login(staff)
    return client


def pages(client: Client) -> Iterator[str]:
    """Every page, each once; ONLY in the environment asks for those whose address holds it."""
    only = os.environ.get("ONLY", "")
    for address in dict.fromkeys((*api_pages(), *admin_pages(client))):
        if only not in address:
            continue
        yield address
        if address.startswith("/api/") and (following := next_page(client.get(address))):
            yield following


def ask(client: Client, address: str) -> Seen:
    """Ask for a page again and again, each time with an empty cache."""
    with CaptureQueriesContext(connection) as queries:
        status = _get(client, address).status_code
    number = len(queries)  # now, for the next request forgets them
    taken: list[float] = []
    while len(taken) < TIMES and sum(taken) < PATIENCE * 1000:
        started = time.perf_counter()
        _get(client, address)
        taken.append((time.perf_counter() - started) * 1000)
    taken.sort()
    return Seen(status, number, median(taken), taken[math.ceil(len(taken) * 0.95) - 1])


def _get(client: Client, address: str) -> Any:
    cache.clear()
    answers.clear()  # the process keeps rendered pages of the catalogue beside the cache
    return client.get(address)
