"""How gunicorn serves titanobova: few threads in each process, its words as JSON lines, no header believed.

Start it from the project's folder: ``gunicorn -c deploy/gunicorn.conf.py titanobova.wsgi:application``.
Every name below that gunicorn knows is one of its settings.
"""

# ruff: noqa: N999 - the name by which gunicorn's users look for it

import sys
from pathlib import Path
from typing import Any

from django.core.exceptions import ImproperlyConfigured
from environs import validate

from titanobova.env import load_env, seal
from titanobova.logging import JSONLines

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

worker_class = "gthread"
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
    "handlers": {
        "console": {"class": "logging.StreamHandler", "formatter": "plain" if for_people else "json"},
    },
    "root": {"handlers": ["console"], "level": "INFO"},
    "loggers": {"gunicorn.error": {"handlers": ["console"], "level": "INFO", "propagate": False}},
}


def on_starting(server: Any) -> None:  # gunicorn has no types
    """Refuse several processes without Redis, whether WEB_CONCURRENCY or ``--workers`` asks for them.

    Without Redis the rate limits are counted in the memory of one process: with n processes an attacker would
    have n times the tries at a password.

    :raises SystemExit: with the two ways out.
    """
    if server.cfg.workers > 1 and not redis_host:
        sys.exit(
            f"Refusing to start {server.cfg.workers} processes without REDIS_HOST: "
            "each would count the rate limits for itself. Set REDIS_HOST, or WEB_CONCURRENCY=1."
        )
