"""Whether the process lives, and whether it may be sent traffic."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from datetime import timedelta

from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe

from titanobova.models import OutgoingMail

PART_SECONDS = 1.5  # an orchestrator that waits longer takes the silence for death
OLD_MAIL = timedelta(minutes=15)
_probes = ThreadPoolExecutor(max_workers=4, thread_name_prefix="health")


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; it touches nothing, so a dead database restarts no container."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 only when the database or its migrations are missing; any other part that fails is `degraded` with 200."""
    parts = {"database": _outcome(_check_database)}
    parts |= {"cache": _outcome(_check_cache), "mail": "ok"}
    if parts["database"] == "ok":
        parts["mail"] = _outcome(_check_mail)
    if parts["database"] != "ok":
        return JsonResponse({"status": "unavailable", "parts": parts}, status=503)
    status = "ready" if all(outcome == "ok" for outcome in parts.values()) else "degraded"
    return JsonResponse({"status": status, "parts": parts})


def _outcome(check: Callable[[], str]) -> str:
    """Return `ok` or what is wrong, within PART_SECONDS even when the part hangs."""
    try:
        return _probes.submit(_closing_connections, check).result(timeout=PART_SECONDS)
    except TookTooLong:
        return f"no answer within {PART_SECONDS} s"
    except Exception as error:  # whatever a part does, the answer names it
        return type(error).__name__


def _closing_connections(check: Callable[[], str]) -> str:
    try:
        return check()
    finally:
        connection.close()


def _check_database() -> str:
    executor = MigrationExecutor(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    return f"{len(missing)} migrations are not applied" if missing else "ok"


def _check_cache() -> str:
    cache.set("health", "1", 5)
    return "ok" if cache.get("health") == "1" else "what was written cannot be read"


def _check_mail() -> str:
    overdue = OutgoingMail.objects.due().filter(next_try_at__lt=timezone.now() - OLD_MAIL).exists()
    return "mail has waited for over 15 minutes" if overdue else "ok"
