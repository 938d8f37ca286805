"""A WSGI application that counts its requests as ours does, and tells what all of its processes have counted."""

import os
from collections.abc import Iterable
from typing import TYPE_CHECKING

from titanobova import metrics
from titanobova.metric_files import added_up
from titanobova.queries import Tally

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with the number of the process; /figures with the figures."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/figures":
        return [added_up()]
    metrics.note_request("GET", "/", 200, 0.02, Tally())
    metrics.HASHES_WAITING.inc()
    return [str(os.getpid()).encode()]
