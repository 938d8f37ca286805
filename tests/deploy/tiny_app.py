"""A WSGI application that shows what gunicorn made of a request, to test its configuration alone."""

import time
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from wsgiref.types import StartResponse, WSGIEnvironment


def application(environ: "WSGIEnvironment", start_response: "StartResponse") -> Iterable[bytes]:
    """Answer with the scheme and the client that gunicorn believes; /slow begins at once, ends later."""
    start_response("200 OK", [("Content-Type", "text/plain")])
    if environ["PATH_INFO"] == "/slow":
        return _slowly()
    return [f"{environ['wsgi.url_scheme']} {environ['REMOTE_ADDR']} {environ['SCRIPT_NAME']}".encode()]


def _slowly() -> Iterator[bytes]:
    yield b"begun,"
    time.sleep(1)
    yield b"done"
