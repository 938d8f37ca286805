"""Whether the process lives, and whether it may be sent traffic."""

import shutil
from dataclasses import dataclass
from datetime import timedelta
from functools import cache

from django.conf import settings
from django.core.cache import cache as shared_cache
from django.db import connection
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.recorder import MigrationRecorder
from django.http import HttpRequest, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from django_redis import get_redis_connection

from titanobova import heartbeats
from titanobova.models import OutgoingMail
from titanobova.probing import NoAnswer, Probe, ask

PART_SECONDS = 1.5  # an orchestrator that waits longer takes the silence for death
VITAL = frozenset({"database", "migrations"})
OLD_MAIL = timedelta(minutes=15)
MANY_JOBS = 1000
LITTLE_SPACE = 200 * 2**20  # bytes


@dataclass(frozen=True)
class Examination:
    """What was found: `ready`, `degraded` or `unavailable`, and of each part `ok` or what is wrong with it."""

    status: str
    parts: dict[str, str]


@require_safe
def live(request: HttpRequest) -> JsonResponse:
    """200 as long as the process answers; it touches nothing, so a dead database restarts no container."""
    return JsonResponse({"status": "live"})


@require_safe
def ready(request: HttpRequest) -> JsonResponse:
    """503 only when the database or its migrations are missing; any other part that fails is `degraded` with 200."""
    found = examine()
    code = 503 if found.status == "unavailable" else 200
    return JsonResponse({"status": found.status, "parts": found.parts}, status=code)


def examine() -> Examination:
    """Look at every part, each within PART_SECONDS; nothing that a part does gets out of here."""
    parts = {part: _in_words(answer) for part, answer in ask(_probes, seconds=PART_SECONDS).items()}
    amiss = {part for part, outcome in parts.items() if outcome != "ok"}
    return Examination("unavailable" if amiss & VITAL else "degraded" if amiss else "ready", parts)


def _in_words(answer: str | Exception) -> str:
    """Return the answer; of an error its kind alone, for its text may name hosts and users."""
    if isinstance(answer, NoAnswer):
        return str(answer)
    return type(answer).__name__ if isinstance(answer, Exception) else answer


def _check_database() -> str:
    with connection.cursor() as cursor:
        cursor.execute("SELECT 1")
    return "ok"


def _check_migrations() -> str:
    applied = set(MigrationRecorder(connection).applied_migrations())
    missing = sum(1 for name, replaced in _known_migrations() if name not in applied and not replaced <= applied)
    return f"{missing} migrations are not applied" if missing else "ok"


@cache
def _known_migrations() -> list[tuple[tuple[str, str], frozenset[tuple[str, str]]]]:
    """Return each migration of this release, with those that it replaces; they do not change while the process runs."""
    files = MigrationLoader(None).disk_migrations
    return [(name, frozenset(files[name].replaces) or frozenset({name})) for name in files]


def _check_cache() -> str:
    shared_cache.set("health", "1", 5)
    return "ok" if shared_cache.get("health") == "1" else "what was written cannot be read"


def jobs_waiting() -> int:
    """Return how many jobs wait for a worker.

    :raises RedisError: when the queue does not answer.
    """
    return int(get_redis_connection("default").llen("celery")) if settings.REDIS_HOST else 0


def _check_queue() -> str:
    waiting = jobs_waiting()
    return "ok" if waiting < MANY_JOBS else f"{waiting} jobs wait for a worker"


def _check_worker() -> str:
    outcome = _sign_of_life("worker")
    if outcome != "ok" and _sign_of_life("beat") != "ok":
        return "not known: no beat wakes it"
    return outcome


def _check_beat() -> str:
    return _sign_of_life("beat")


def _sign_of_life(name: str) -> str:
    if not settings.REDIS_HOST:  # the one process of the embedded mode does the work itself
        return "ok"
    seconds = heartbeats.age(name)
    if seconds is None:
        return "no heartbeat yet"
    return "ok" if seconds <= heartbeats.SILENT_AFTER else f"no heartbeat for {seconds:.0f} s"


def _check_mail() -> str:
    overdue = OutgoingMail.objects.due().filter(next_try_at__lt=timezone.now() - OLD_MAIL).exists()
    return "mail has waited for over 15 minutes" if overdue else "ok"


def _check_disk() -> str:
    folders = [folder for folder in (settings.BASE_DIR, settings.LOG_DIR, settings.MEDIA_ROOT) if folder.exists()]
    free = min(shutil.disk_usage(folder).free for folder in folders)
    return "ok" if free >= LITTLE_SPACE else f"{free // 2**20} MiB are free"


_probes = (
    Probe(
        {
            "database": _check_database,  # the next ones share its connection: a busy pool has to give one only
            "migrations": _check_migrations,
            "worker": _check_worker,
            "beat": _check_beat,
            "mail": _check_mail,
        }
    ),
    Probe({"cache": _check_cache}),
    Probe({"queue": _check_queue}),
    Probe({"disk": _check_disk}),
)
