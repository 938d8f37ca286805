"""Every route by every role by every verb, against the table in matrix.txt.

The routes come from the URLconf, so a new one fails here until somebody has looked at its row. After a change that is
meant, `MATRIX=write pytest tests/access` writes the table anew; its diff is what to review.
"""

import os
import re
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from django.db import transaction
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings
from rest_framework.test import APIClient

from tests.access.objects import make_objects, path_for
from tests.access.roles import ROLES, client_as, make_owner
from users.models import User

TABLE = Path(__file__).with_name("matrix.txt")
VERBS = ("get", "post", "put", "patch", "delete")


def routes(patterns: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[str]:
    """Yield every route under `patterns`, as written."""
    for pattern in patterns:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from routes(pattern.url_patterns, whole)
        else:
            yield re.sub(r"[\^$]|\\Z", "", whole)


ROUTES = sorted({route for route in routes(get_resolver().url_patterns) if route.startswith("api/v1/")})


@pytest.fixture(autouse=True)
def _wide_limits(settings: Settings) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1_000_000, 3600))
    settings.STRIPE_SECRET_KEY = ""


@pytest.fixture
def owner(db: None) -> User:
    """The person whose things are asked for."""
    return make_owner()


def ask(client: APIClient, verb: str, path: str) -> str:
    """Return the status of one request, whose effects are undone."""
    with transaction.atomic():
        status = getattr(client, verb)(path).status_code
        transaction.set_rollback(True)
    return str(status)


def row_of(route: str, verb: str, clients: dict[str, APIClient], objects: dict[str, str]) -> str:
    """Return a line of the table."""
    cells = [ask(clients[role], verb, path_for(route, objects)) for role in ROLES]
    return f"{verb.upper():7}{route:62}" + "".join(f"{cell:>11}" for cell in cells)


def test_every_cell_of_the_table_holds(owner: User) -> None:
    objects = make_objects(owner)
    clients = {role: client_as(role, owner) for role in ROLES}
    heading = f"{'':7}{'':62}" + "".join(f"{role:>11}" for role in ROLES)
    rows = [row_of(route, verb, clients, objects) for route in ROUTES for verb in VERBS]
    # A verb that a route does not have is the same for all; the table leaves it out.
    kept = [row for row in rows if not set(row[69:].split()) <= {"405", "401"} or len(set(row[69:].split())) > 2]
    actual = "\n".join([heading.rstrip(), *kept]) + "\n"

    if os.environ.get("MATRIX") == "write":
        TABLE.write_text(actual)
    assert actual == TABLE.read_text()
    assert "500" not in actual.split()


@pytest.mark.parametrize("role", ["other", "instructor"])
def test_a_foreign_object_answers_like_an_unknown_one(owner: User, role: str) -> None:
    objects = make_objects(owner)
    client = client_as(role, owner)
    compared = 0
    # Anyone sees a published course and the ids of its lessons, and a certificate whose code they hold.
    public = ("courses/courses", "courses/lessons", "courses/certificates")
    for route in (route for route in ROUTES if "<" in route and not any(one in route for one in public)):
        unknown = dict.fromkeys(objects, str(uuid4()))
        for verb in VERBS:
            foreign = getattr(client, verb)(path_for(route, objects))
            nothing = getattr(client, verb)(path_for(route, unknown))
            assert (foreign.status_code, foreign.content) == (nothing.status_code, nothing.content), (verb, route)
            compared += 1
    assert compared >= 10
