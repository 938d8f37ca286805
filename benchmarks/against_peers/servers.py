"""The servers that are measured: each as two processes on one database, on a free port."""

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.database import folder_of
from benchmarks.server import GUNICORN, PROJECT, Served, free_port, running

PEERS = PROJECT / "benchmarks" / "peers"
CATALOGUE = "/api/v1/courses/courses/"
OURS = "ours"
STOCK = [sys.executable, "-m", "gunicorn", "-w", "2", "-k", "gthread", "--threads", "4", "stock_drf.wsgi:application"]
COMMANDS = {
    OURS: GUNICORN,
    "express": ["node", "express/server.mjs"],
    "sequelize": ["node", "sequelize/server.mjs"],
    "stock_drf": STOCK,
    "tuned_drf": STOCK,
}
# Seconds for which a connection to PostgreSQL is kept: Django's default is to open one for each request, and whoever
# looks at such figures once sets it.
KEPT = {"tuned_drf": "600"}


@dataclass(frozen=True)
class Stage:
    """What all servers stand on: the environment of ours, the key of the tokens, the slugs and tokens of the load."""

    environment: dict[str, str]
    jwt_key: str
    rows: Path


@contextmanager
def started(name: str, stage: Stage) -> Iterator[Served]:
    """Start one of COMMANDS and end it after the block."""
    port = free_port()
    environment = _ours(stage, port) if name == OURS else _peers(name, stage, port)
    with running(
        COMMANDS[name],
        environment,
        port=port,
        answers_at=CATALOGUE,
        folder=folder_of(stage.environment),
        started_in=PROJECT if name == OURS else PEERS,
    ) as server:
        yield server


def _ours(stage: Stage, port: int) -> dict[str, str]:
    own = {"WEB_CONCURRENCY": "2", "GUNICORN_THREADS": "4", "GUNICORN_BIND": f"127.0.0.1:{port}"}
    return {**stage.environment, **own}


def _peers(name: str, stage: Stage, port: int) -> dict[str, str]:
    database = {f"PG{name}": stage.environment[f"DB_{name}"] for name in ("HOST", "PORT", "USER", "PASSWORD")}
    return {
        "PATH": os.environ["PATH"],
        "NODE_ENV": "production",
        "PORT": str(port),
        "GUNICORN_CMD_ARGS": f"--bind 127.0.0.1:{port} --no-control-socket",
        "JWT_KEY": stage.jwt_key,
        "CONN_MAX_AGE": KEPT.get(name, "0"),
        "PGDATABASE": stage.environment["DB_NAME"],
        **database,
    }
