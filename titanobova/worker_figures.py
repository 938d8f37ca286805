"""What the worker's processes count, told to Prometheus on a port of the worker's own.

The web cannot add it up: the worker is another container, whose processes have numbers of their own, or another
machine. So it counts in files of a PROMETHEUS_MULTIPROC_DIR of its own (titanobova/metric_files.py), and its first
process answers. Celery imports this module in the worker alone.
"""

import logging
import threading
import time
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

from celery.signals import task_postrun, task_prerun, worker_process_init, worker_ready
from django.conf import settings
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from titanobova import metric_files
from titanobova.metrics import JOBS
from titanobova.scrape import knows_the_token

logger = logging.getLogger("titanobova.worker")
_started: dict[str, float] = {}  # by the job's id: when this process began with it
_servers: list[HTTPServer] = []


class Figures(BaseHTTPRequestHandler):
    """Answers GET /metrics to whoever knows METRICS_TOKEN, and nothing else to anybody."""

    timeout = 5  # seconds for a read: who says nothing keeps the others waiting no longer
    server_version, sys_version = "titanobova", ""

    def do_GET(self) -> None:
        """Answer the figures of all processes of this worker."""
        if not knows_the_token(self.headers.get("Authorization", "")):
            return self._answer(401, b"Send METRICS_TOKEN as a bearer token.\n", "text/plain")
        if self.path != "/metrics":
            return self._answer(404, b"There is nothing at this address.\n", "text/plain")
        try:
            return self._answer(200, figures(), CONTENT_TYPE_LATEST)
        except Exception:
            logger.exception("The figures cannot be told.")
            return self._answer(500, b"The figures cannot be told; the log says why.\n", "text/plain")

    def _answer(self, status: int, body: bytes, content_type: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        if status == 401:
            self.send_header("WWW-Authenticate", 'Bearer realm="metrics"')
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Nothing: Prometheus asks four times a minute."""


def figures() -> bytes:
    """Return what this worker's processes have counted, those that ended too."""
    if folder := metric_files.folder_of_metrics():
        metric_files.forget_ended(folder)
    return metric_files.added_up()


@worker_ready.connect
def listen(**names: Any) -> HTTPServer | None:
    """Answer at WORKER_METRICS_BIND from now on, in a thread; without it, or without a token, nobody listens.

    A worker that cannot tell its figures works all the same.
    """
    if not settings.WORKER_METRICS_BIND or not settings.METRICS_TOKEN:
        return None
    if metric_files.folder_of_metrics() is None:
        logger.error("The figures of the worker cannot be told without PROMETHEUS_MULTIPROC_DIR.")
        return None
    host, _, port = settings.WORKER_METRICS_BIND.rpartition(":")
    try:
        server = HTTPServer((host, int(port)), Figures)
    except OSError as error:
        logger.error("Nobody can listen at %s: %s", settings.WORKER_METRICS_BIND, error.strerror)  # noqa: TRY400 - all of it
        return None
    _servers.append(server)
    threading.Thread(target=server.serve_forever, name="figures", daemon=True).start()
    return server


@worker_process_init.connect
def leave_the_port(**names: Any) -> None:
    """Close the port in a process that was forked later, or it would hold it when the first one is gone."""
    for server in _servers:
        server.socket.close()


@task_prerun.connect
def note_beginning(task_id: str, **names: Any) -> None:
    """Remember when a job began."""
    _started[task_id] = time.monotonic()


@task_postrun.connect
def note_end(task_id: str, task: Any, state: str | None = None, **names: Any) -> None:
    """Count a job and how long it took."""
    began = _started.pop(task_id, None)
    if began is not None:
        JOBS.labels(task.name, "done" if state == "SUCCESS" else "failed").observe(time.monotonic() - began)
