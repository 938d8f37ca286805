"""What Prometheus reads of this process: figures that are counted as things happen.

Under gunicorn each process counts in files of PROMETHEUS_MULTIPROC_DIR (titanobova/metric_files.py), and whichever
process is asked adds them all up. What lies in the database is read when Prometheus asks (`readings`).
"""

import os
from collections.abc import Callable
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from prometheus_client import Counter, Gauge, Histogram, disable_created_metrics
from prometheus_client.metrics_core import Metric

if TYPE_CHECKING:
    from titanobova.queries import Tally

METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
MINUTES = (1.0, 5.0, 15.0, 60.0, 300.0, 900.0, 3600.0, 21_600.0, 86_400.0)

# Figures without labels open their files when they are made, and a command (`docker-compose run web ...`) comes first.
if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
    Path(folder).mkdir(parents=True, exist_ok=True)
disable_created_metrics()  # a second line for each figure, which several processes together do not tell

REQUESTS = Histogram(
    "titanobova_request_seconds",
    "Time to answer a request; its count is the number of requests.",
    ["method", "route", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
DATABASE_SECONDS = Counter("titanobova_database_seconds", "Time that requests waited for the database.", ["route"])
QUERIES = Counter("titanobova_database_queries", "Statements that requests sent to the database.", ["route"])
HASHES_WAITING = Gauge(
    "titanobova_hashing_waiting", "Passwords that wait for a place to be hashed.", multiprocess_mode="livesum"
)
HASH_WAIT = Histogram(
    "titanobova_hashing_wait_seconds",
    "Time that a password waited for a place to be hashed.",
    buckets=(0.005, 0.025, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0),
)
LOGINS = Counter("titanobova_logins", "Tries to log in.", ["outcome"])
RATE_LIMIT_REFUSALS = Counter("titanobova_rate_limit_refusals", "Requests refused by a rate limit.", ["scope"])
WEBHOOK_EVENTS = Counter("titanobova_webhook_events", "Deliveries of Stripe.", ["outcome"])
WEBHOOK_LAG = Histogram(
    "titanobova_webhook_lag_seconds", "From what happened at Stripe until it counted here.", buckets=MINUTES
)
JOBS = Histogram(
    "titanobova_job_seconds",
    "Time that a job of the worker took; its count is the number of jobs.",
    ["task", "outcome"],  # `job` is Prometheus' own name for what it scrapes
    buckets=(0.01, 0.05, 0.25, 1.0, 5.0, 15.0, 60.0, 150.0),
)
MAIL_TRIES = Counter("titanobova_mail_tries", "Tries to send a mail.", ["outcome"])


class Reading(NamedTuple):
    """Figures that are read when Prometheus asks; `read` may take its time and fail, and is then named as failed."""

    name: str
    read: Callable[[], list[Metric]]


# An app adds its own in AppConfig.ready; this ground cannot import it.
readings: list[Reading] = []


class _OfRequest(NamedTuple):
    latency: Histogram
    database_seconds: Counter
    queries: Counter


def note_request(method: str | None, route: str, status: int, seconds: float, tally: "Tally") -> None:
    """Count one answered request."""
    counted = _of_request(method if method in METHODS else "other", route, status // 100)
    counted.latency.observe(seconds)
    if tally.count:
        counted.queries.inc(tally.count)
        counted.database_seconds.inc(tally.seconds)


@lru_cache(maxsize=4096)
def _of_request(method: str, route: str, hundreds: int) -> _OfRequest:
    """Return what counts such a request; looking it up by its labels takes longer than counting."""
    latency = REQUESTS.labels(method, route, f"{hundreds}xx")
    return _OfRequest(latency, DATABASE_SECONDS.labels(route), QUERIES.labels(route))
