"""Whether the process lives, and whether it may be sent traffic."""

import shutil
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TookTooLong
from datetime import timedelta

from django.conf import settings
from django.core.cache import cache
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection

from titanobova.models import OutgoingMail

PART_SECONDS = 1.5  # an orchestrator that waits longer takes the silence for death
OLD_MAIL = timedelta(minutes=15)
MANY_JOBS = 1000
LITTLE_SPACE = 200 * 2**20  # bytes
_probes = ThreadPoolExecutor(max_workers=10, thread_name_prefix="health")  # what hangs keeps its thread for a while


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; it touches nothing, so a dead database restarts no container."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 only when the database or its migrations are missing; any other part that fails is `degraded` with 200."""
    deadline = time.monotonic() + PART_SECONDS
    checks = {
        "database": _check_database,
        "cache": _check_cache,
        "queue": _check_queue,
        "mail": _check_mail,
        "disk": _check_disk,
    }
    answers = {part: _probes.submit(_closing_connections, check) for part, check in checks.items()}
    parts = {part: _outcome(answer, deadline) for part, answer in answers.items()}
    if parts["database"] != "ok":
        parts["mail"] = "not known without the database"
        return JsonResponse({"status": "unavailable", "parts": parts}, status=503)
    status = "ready" if all(outcome == "ok" for outcome in parts.values()) else "degraded"
    return JsonResponse({"status": status, "parts": parts})


def _outcome(answer: Future[str], deadline: float) -> str:
    """Return `ok` or what is wrong; all parts share one deadline, so that two that hang take no longer than one."""
    try:
        return answer.result(timeout=max(0.0, deadline - time.monotonic()))
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


def _check_queue() -> str:
    waiting = get_redis_connection("default").llen("celery") if settings.REDIS_HOST else 0
    return "ok" if waiting < MANY_JOBS else f"{waiting} jobs wait for a worker"


def _check_disk() -> str:
    folders = [folder for folder in (settings.BASE_DIR, settings.LOG_DIR, settings.MEDIA_ROOT) if folder.exists()]
    free = min(shutil.disk_usage(folder).free for folder in folders)
    return "ok" if free >= LITTLE_SPACE else f"{free // 2**20} MiB are free"


def _check_mail() -> str:
    overdue = OutgoingMail.objects.due().filter(next_try_at__lt=timezone.now() - OLD_MAIL).exists()
    return "mail has waited for over 15 minutes" if overdue else "ok"
