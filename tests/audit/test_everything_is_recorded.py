"""Everything that changes something writes its row in the transaction of the change (contract 6.1).

The table is in tests/audit/recorded/. Routes come from the URLconf, pages and actions from what the admin registers,
commands from what Django finds: a new one fails here until somebody has put it into the table.
"""

import re
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from django.contrib import admin
from django.core.management import get_commands
from django.db import connection, transaction
from django.test import RequestFactory
from django.urls import URLPattern, URLResolver, get_resolver
from pytest_django import Settings

from audit.models import AuditLog
from tests.audit.recorded import accounts, business, commands, desk, mail
from tests.audit.recorded.world import CASES, Case, Send, World, events_of, make_world
from tests.conftest import make_user
from tests.mail.signing import PUBLIC_KEY
from tests.payments.conftest import set_up_payments

TABLES = (accounts, business, commands, desk, mail)
NAMES = {case.name for case in CASES}
CHANGING = ("post", "put", "patch", "delete")
# What changes nothing that anybody could want to know of; each with its reason.
UNRECORDED = {
    "POST api/v1/auth/token/refresh/": "that a session goes on is no new fact; an old token that comes back is one",
}
COUNTERS = {"django_session", "titanobova_ratelimitcounter"}
OURS = ("audit", "contacts", "courses", "legacy_import", "payments", "titanobova", "titanobova.site", "users")
OF_DJANGO = ("createsuperuser", "changepassword")


@pytest.fixture(autouse=True)
def _wide_limits(settings: Settings, tmp_path: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1_000_000, 3600))
    settings.MEDIA_ROOT = str(tmp_path)
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = [PUBLIC_KEY]


@pytest.fixture
def world(db: None, settings: Settings, request: pytest.FixtureRequest) -> Iterator[World]:
    """People and their clients; where money is the matter, at a site with a Stripe."""
    if "payments" not in request.node.name:
        yield make_world()
        return
    with set_up_payments(settings) as sandbox:
        yield make_world(sandbox)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_it_writes_its_rows(world: World, case: Case, tmp_path: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    send = case.prepare(world)

    answer, events = events_of(send)

    assert getattr(answer, "status_code", case.status) == case.status, answer.content
    assert sorted(events) == sorted(case.events)


@pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])
def test_without_its_row_it_does_not_happen(
    world: World, case: Case, tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    send = case.prepare(world)
    before = stored(case)

    def fail(row: AuditLog) -> None:
        raise RuntimeError("The row cannot be written.")

    monkeypatch.setattr(AuditLog, "prove", fail)
    status = status_of(send)

    assert status in {None, 500}
    assert stored(case) == before


def status_of(send: Send) -> int | None:
    """Send, and return the status, or None where there is none because it failed."""
    status = None
    with suppress(RuntimeError):
        status = getattr(send(), "status_code", None)
    transaction.set_rollback(False)  # of the test's own transaction, in which a failed insert alone leaves its mark
    return status


def stored(case: Case) -> dict[str, list[Any]]:
    """Return every row of every table that the case must leave as it was."""
    rows: dict[str, list[Any]] = {}
    with connection.cursor() as cursor:
        for table in connection.introspection.table_names(cursor):
            if table not in case.kept | COUNTERS and "*" not in case.kept:
                cursor.execute(f"SELECT * FROM {connection.ops.quote_name(table)}")
                rows[table] = sorted(map(repr, cursor.fetchall()))
    return rows


def patterns(found: list[URLPattern | URLResolver], prefix: str = "") -> Iterator[tuple[str, URLPattern]]:
    """Yield every route with its pattern."""
    for pattern in found:
        whole = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from patterns(pattern.url_patterns, whole)
        else:
            yield re.sub(r"[\^$]|\\Z", "", whole), pattern


def verbs(pattern: URLPattern) -> set[str]:
    """Return the verbs that a view of the API has."""
    view: Any = pattern.callback
    named = set(getattr(view, "actions", None) or ())
    return named or {verb for verb in ("get", *CHANGING) if hasattr(view.cls, verb)}


ROUTES = list(patterns(get_resolver().url_patterns))


def test_every_route_that_changes_something_is_in_the_table() -> None:
    views = [(route, one) for route, one in ROUTES if route.startswith("api/v1/") and hasattr(one.callback, "cls")]
    changing = {f"{verb.upper()} {route}" for route, one in views for verb in verbs(one) if verb in CHANGING}
    exports = {f"GET {route}" for route, one in views if "export" in route and "get" in verbs(one)}

    assert len(changing) > 40
    assert (changing | exports) - NAMES == set(UNRECORDED)


def test_every_page_outside_the_api_that_takes_a_post_is_in_the_table() -> None:
    known = {"certificates/<slug:code>/", "health/live", "health/ready", "", "api/<path:rest>", "media/(?P<path>.*)"}
    pages = {route for route, one in ROUTES if not hasattr(one.callback, "cls") and not route.startswith("admin/")}

    assert {f"POST {page}" for page in pages - known - {"metrics"}} - NAMES == set()


def test_every_page_of_the_admin_as_a_whole_is_in_the_table() -> None:
    reading = {"", "search/", "password_change/done/", "autocomplete/", "jsi18n/"}
    of_models = r"\w+/\w+/|r/<|\(\?P<|users/auditlog/"
    whole = {route.removeprefix("admin/") for route, _ in ROUTES if route.startswith("admin/")}

    pages = {page for page in whole - reading if not re.match(of_models, page)}
    assert {f"ADMIN {page}" for page in pages} - NAMES == set()


def test_every_page_of_a_model_and_every_action_is_in_the_table(rf: RequestFactory, db: None) -> None:
    request = rf.get("/")
    request.user = make_user("root@example.com", is_staff=True, is_superuser=True)
    missing = {f"ADMIN {name}" for model, page in admin.site._registry.items() for name in ways(model, page, request)}

    assert len(missing) > 20
    assert missing - NAMES == {"ADMIN payments.document pdf"}  # shows one document to be read, as its page does


def ways(model: Any, page: Any, request: Any) -> Iterator[str]:
    """Yield the ways in which a page of the admin changes or hands out rows."""
    label = model._meta.label_lower
    for name in ("add", "change", "delete"):
        allows = getattr(page, f"has_{name}_permission")
        if allows(request):
            yield f"{label} {name}"
    details = {action.rpartition(".")[2] for action in page.actions_detail or ()}
    own = (set(page.get_actions(request)) - {"delete_selected"}) | details  # deleting many is the base class's
    yield from (f"{label} {action}" for action in own)


def test_every_command_is_in_the_table() -> None:
    found = {name for name, app in get_commands().items() if app in OURS or name in OF_DJANGO}
    recorded = {name.removeprefix("COMMAND ") for name in NAMES if name.startswith("COMMAND ")}

    assert found == recorded | set(commands.UNRECORDED)
