"""How gunicorn serves titanobova: few threads in each process, its words as JSON lines, no header believed.

Start it from the project's folder: ``gunicorn -c deploy/gunicorn.conf.py titanobova.wsgi:application``.
Every name below that gunicorn knows is one of its settings.
"""

# ruff: noqa: N999 - the name by which gunicorn's users look for it

import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import validate

from titanobova import metric_files
from titanobova.env import load_env, seal
from titanobova.logging import JSONLines, console

environment = load_env()
redis_host = environment.str("REDIS_HOST", "")
bind = environment.str("GUNICORN_BIND", "127.0.0.1:8000")
workers = environment.int("WEB_CONCURRENCY", 0, validate=validate.Range(min=0)) or (2 if redis_host else 1)
threads = environment.int("GUNICORN_THREADS", 4, validate=validate.Range(min=1))
for_people = environment.bool("DEBUG", True)
try:
    seal(environment)
except ImproperlyConfigured as refusal:
    sys.exit(str(refusal))

worker_class = "deploy.draining.DrainingWorker"
timeout = 30  # seconds without a sign of life until a worker is replaced
graceful_timeout = 30  # seconds for requests under way after SIGTERM
# A worker is replaced now and then, so that a slow leak of memory never ends in an outage; not all at once.
max_requests = 100_000
max_requests_jitter = 10_000

# A worker's sign of life is a file that it touches; on a busy disk that alone can take longer than `timeout`.
shared_memory = Path("/dev/shm")  # noqa: S108 - gunicorn makes a private file there
if shared_memory.is_dir():
    worker_tmp_dir = str(shared_memory)

# By default gunicorn 25 and later open a socket in the home directory, over which workers can be controlled.
control_socket_disable = True

# By default gunicorn believes X-Forwarded-Proto and SCRIPT_NAME from any process on this machine. Whom to
# believe is the application's decision alone (TRUSTED_PROXY_COUNT).
forwarded_allow_ips = ""
secure_scheme_headers: dict[str, str] = {}

# The application writes one line for each request, with its user and without its secrets.
accesslog = None
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {
        "json": {"()": JSONLines},
        "plain": {"format": "{levelname} {name}: {message}", "style": "{"},
    },
    "handlers": {"console": console(human=for_people)},
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}


OWN_FOLDER = "titanobova-metrics-"


def on_starting(server: Any) -> None:  # gunicorn has no types
    """Refuse several processes without Redis, whether WEB_CONCURRENCY or ``--workers`` asks for them; begin to count.

    Without Redis the rate limits are counted in the memory of one process: with n processes an attacker would
    have n times the tries at a password.

    :raises SystemExit: with the two ways out.
    """
    if server.cfg.workers > 1 and not redis_host:
        sys.exit(
            f"Refusing to start {server.cfg.workers} processes without REDIS_HOST: "
            "each would count the rate limits for itself. Set REDIS_HOST, or WEB_CONCURRENCY=1."
        )
    folder = metric_files.folder_of_metrics()
    if folder is None:
        folder = Path(tempfile.mkdtemp(prefix=OWN_FOLDER))
        os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)  # the processes to come inherit it
    metric_files.start_anew(folder)


def child_exit(server: Any, worker: Any) -> None:
    """Keep what a process that ended has counted; what goes wrong there must not end the server."""
    try:
        if folder := metric_files.folder_of_metrics():
            metric_files.forget_process(folder, worker.pid)
    except Exception:  # whatever lies in the folder: gunicorn's arbiter would end with it
        server.log.exception("The figures of process %s are lost.", worker.pid)


def on_exit(server: Any) -> None:
    """Remove the folder that this start made; one that the environment names stays."""
    folder = metric_files.folder_of_metrics()
    if folder is not None and folder.name.startswith(OWN_FOLDER):
        shutil.rmtree(folder, ignore_errors=True)
