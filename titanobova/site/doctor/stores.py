"""Where data is kept: the database, Redis, disks and folders."""

import os
import shutil
import tempfile
import time
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection
from django.db.migrations.executor import MigrationExecutor
from django_redis import get_redis_connection

from titanobova.site.doctor.examining import Ailment

LITTLE_SPACE = 200 * 2**20  # bytes
FEW_INODES = 1000
KEPT_FOR_OTHERS = 5  # connections: of psql, of a backup, of the superuser


def database() -> str:
    """Look whether the database answers, takes writes, and has a connection for everyone."""
    return _postgresql() if connection.vendor == "postgresql" else _sqlite()


def _postgresql() -> str:
    asked = "SHOW server_version", "SHOW transaction_read_only", "SHOW max_connections"
    with connection.cursor() as cursor:
        version, read_only, most = [_one(cursor, question) for question in asked]
    if read_only == "on":
        raise Ailment("the server takes no writes", mend="point DB_HOST at the primary, not at a standby")
    wanted = settings.DB_POOL_SIZE * processes()
    if wanted + KEPT_FOR_OTHERS > int(most):
        raise Ailment(
            f"{processes()} processes of {settings.DB_POOL_SIZE} connections want {wanted}, the server has {most}",
            mend=f"raise max_connections of PostgreSQL above {wanted + KEPT_FOR_OTHERS}, or lower DB_POOL_SIZE",
        )
    return f"PostgreSQL {version}, {most} connections, {wanted} of them ours at most"


def _one(cursor: Any, question: str) -> str:
    cursor.execute(question)
    return str(cursor.fetchone()[0])


def processes() -> int:
    """Return how many processes of this installation open connections: web, two workers of Celery, and beat."""
    web = settings.WEB_CONCURRENCY or (2 if settings.REDIS_HOST else 1)
    return int(web) + (3 if settings.REDIS_HOST else 0)


def _sqlite() -> str:
    with connection.cursor() as cursor:
        cursor.execute("PRAGMA busy_timeout = 1000")
        cursor.execute("BEGIN IMMEDIATE")  # fails where the file or its folder cannot be written
        cursor.execute("ROLLBACK")
        mode = _one(cursor, "PRAGMA journal_mode")
    return f"SQLite, {mode}, {connection.settings_dict['NAME']}"


def migrations() -> str:
    """Look whether the tables are those of this code."""
    executor = MigrationExecutor(connection)
    executor.loader.check_consistent_history(connection)
    missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
    if missing:
        raise Ailment(
            f"{len(missing)} migrations are not applied, first {missing[0][0]}", mend="run: python manage.py migrate"
        )
    return "all applied"


def redis() -> str:
    """Look whether Redis answers, and keeps the jobs that lie in it."""
    if not settings.REDIS_HOST:
        return _without_redis()
    asked = get_redis_connection("default")
    asked.set("doctor", "1", ex=5)
    facts = asked.info("memory")
    policy = str(facts.get("maxmemory_policy", "noeviction"))
    if facts.get("maxmemory") and policy != "noeviction":
        raise Ailment(
            f"Redis drops keys when it is full ({policy}), jobs among them",
            mend="set maxmemory-policy noeviction in redis.conf",
        )
    return f"Redis {asked.info('server').get('redis_version')}"


def _without_redis() -> str:
    if settings.WEB_CONCURRENCY > 1:
        raise Ailment(
            f"WEB_CONCURRENCY is {settings.WEB_CONCURRENCY} without Redis: each process counts for itself",
            mend="set REDIS_HOST, or WEB_CONCURRENCY=1",
        )
    return "not used: one process, its memory serves"


def disk() -> str:
    """Look whether every disk that we write to has room."""
    least, where = min((shutil.disk_usage(folder).free, folder) for folder in written_folders())
    if least < LITTLE_SPACE:
        raise Ailment(f"{least // 2**20} MiB are free at {where}", mend="make room there, or move it to a larger disk")
    for folder in written_folders():
        facts = os.statvfs(folder)
        if facts.f_files and facts.f_favail < FEW_INODES:
            raise Ailment(f"{facts.f_favail} more files fit at {folder}", mend="delete files there: no inodes are left")
    return f"{least // 2**20} MiB free at {where}"


def written_folders() -> list[Path]:
    """Return the folders that we write to and that exist."""
    folders = [settings.LOG_DIR, settings.MEDIA_ROOT, Path(tempfile.gettempdir())]
    if connection.vendor == "sqlite":
        folders.append(Path(str(connection.settings_dict["NAME"])).absolute().parent)
    return [Path(folder) for folder in folders if Path(folder).exists()]


def logs() -> str:
    """Look whether a line can be added to the log files."""
    return _writable(settings.LOG_DIR, variable="LOG_DIR")


def media() -> str:
    """Look whether a picture can be stored."""
    return _writable(settings.MEDIA_ROOT, variable="MEDIA_ROOT")


def _writable(folder: Path, *, variable: str) -> str:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        probe = folder / f".doctor-{os.getpid()}-{time.monotonic_ns()}"
        probe.write_bytes(b"1")
        probe.unlink()
    except OSError as error:
        owner = f"chown it to user {os.getuid()}" if folder.exists() else "make it"
        raise Ailment(f"{folder}: {error.strerror}", mend=f"{owner}, or name another one in {variable}") from None
    return str(folder)


def static_files() -> str:
    """Look whether the files of the admin's pages are collected; without their manifest each page fails."""
    if settings.DEBUG:
        return "not used with DEBUG"
    if not (Path(settings.STATIC_ROOT) / "staticfiles.json").is_file():
        raise Ailment("static files are not collected", mend="run: python manage.py collectstatic --noinput")
    return str(settings.STATIC_ROOT)
