"""A server on this machine that plays the services outside."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class Told:
    """A request that arrived."""

    path: str
    authorization: str
    body: str


@dataclass
class Outside:
    """What it answers on which path, 404 elsewhere, and what it was told."""

    url: str = ""
    answers: dict[str, tuple[int, str, dict[str, str]]] = field(default_factory=dict)
    told: list[Told] = field(default_factory=list)

    def answer(self, path: str, status: int = 200, body: str = "{}", **headers: str) -> None:
        """Answer so on this path from now on."""
        self.answers[path] = (status, body, headers)


@contextmanager
def outside() -> Iterator[Outside]:
    """Serve in a thread within the block."""
    playing = Outside()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
            path = self.path.partition("?")[0]
            playing.told.append(Told(path, self.headers.get("Authorization", ""), body))
            status, text, headers = playing.answers.get(path, (404, "", {}))
            self.send_response_only(status)
            for name, value in ({"Date": self.date_time_string()} | headers).items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(text.encode())

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *args: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    playing.url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield playing
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
