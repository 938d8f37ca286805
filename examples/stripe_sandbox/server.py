"""HTTP on the loopback interface: reads requests, writes answers, cuts and holds connections on request."""

import math
import re
import secrets
import socket
import socketserver
import struct
import sys
import threading
from contextlib import suppress
from http.server import BaseHTTPRequestHandler
from typing import Any
from urllib.parse import urlsplit

from examples.stripe_sandbox.answers import Answer, ApiError
from examples.stripe_sandbox.api import Request, presented_key
from examples.stripe_sandbox.control import PREFIX, control
from examples.stripe_sandbox.forms import parse_form
from examples.stripe_sandbox.page import PATH, page_of_intents
from examples.stripe_sandbox.webhooks import LOCAL_NAMES
from examples.stripe_sandbox.world import StripeWorld

LOOPBACK = ("127.0.0.1", "::1")
LONGEST_BODY = 1_000_000
IDLE_SECONDS = 120
Connection = socket.socket | tuple[bytes, socket.socket]  # the type that socketserver declares


class SandboxServer(socketserver.ThreadingTCPServer):
    """A threaded HTTP server that other machines cannot reach and that leaves no socket behind.

    :raises ValueError: if the host is not a loopback address
    """

    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, api: StripeWorld, host: str, port: int) -> None:
        if host not in LOOPBACK:
            raise ValueError(f"the sandbox listens on {' or '.join(LOOPBACK)} only, not on {host}")
        self.api = api
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self._connections: list[socket.socket] = []
        self._lock = threading.Lock()
        super().__init__((host, port), _Handler)

    def get_request(self) -> tuple[socket.socket, Any]:
        """Accept a connection and remember it, so that `server_close` can end it."""
        connection, address = super().get_request()
        with self._lock:
            self._connections.append(connection)
        return connection, address

    def shutdown_request(self, request: Connection) -> None:
        """Close a connection."""
        with self._lock:
            self._connections = [other for other in self._connections if other is not request]
        super().shutdown_request(request)

    def server_close(self) -> None:
        """Stop listening, end the open connections and wait for their threads."""
        with self._lock:
            for connection in self._connections:
                with suppress(OSError):
                    connection.shutdown(socket.SHUT_RDWR)
        super().server_close()

    def handle_error(self, request: Connection, client_address: object) -> None:
        """Report a failure, unless it is a client that went away."""
        if not isinstance(sys.exception(), ConnectionError | TimeoutError):
            super().handle_error(request, client_address)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server_version = "StripeSandbox"
    timeout = IDLE_SECONDS
    wbufsize = -1  # one packet for head and body; two would wait for each other (Nagle, delayed acknowledgement)
    server: SandboxServer

    def do_GET(self) -> None:
        self._serve()

    def do_POST(self) -> None:
        self._serve()

    def log_message(self, *_: object) -> None:
        """Say nothing: tests read `requests`."""

    def _serve(self) -> None:
        length = self.headers.get("Content-Length", "0")
        if "Transfer-Encoding" in self.headers or not re.fullmatch(r"[0-9]{1,7}", length):
            length = str(LONGEST_BODY + 1)
        if int(length) > LONGEST_BODY or not self._is_addressed_to_loopback():
            self.close_connection = True
            self._send(ApiError(400, "invalid_request_error", "Not a request for the sandbox.").answer())
            return
        body = self.rfile.read(int(length))
        url = urlsplit(self.path)
        if (self.command, url.path) == ("GET", PATH):
            self._send(page_of_intents(self.server.api))
        elif url.path.startswith(PREFIX):
            content_type = self.headers.get("Content-Type", "")
            self._send(control(self.server.api, self.command, url.path, content_type, body))
        else:
            self._serve_stripe(url.path, url.query if self.command == "GET" else body.decode(errors="replace"))

    def _is_addressed_to_loopback(self) -> bool:
        """Refuse other names in Host: a web page could point its own name at 127.0.0.1 (DNS rebinding)."""
        return urlsplit(f"//{self.headers.get('Host', '')}").hostname in LOCAL_NAMES

    def _serve_stripe(self, path: str, form: str) -> None:
        api, request_id = self.server.api, f"req_{secrets.token_hex(7)}"
        fault = api.faults.take(self.command, path)
        try:
            params = parse_form(form)
        except ApiError as refused:
            self._send(refused.answer(), request_id)
            return
        key = presented_key(self.headers.get("Authorization", ""))
        request = Request(self.command, path, params, key, self.headers.get("Idempotency-Key"), request_id)
        api.remember(request)
        if fault.how == "silent":
            self._hold()
            return
        answer = api.respond(request, fault)
        if fault.how == "cut":
            self._cut()
        else:
            self._send(answer, request_id, retry_after=math.ceil(fault.seconds) or 1)

    def _send(self, answer: Answer, request_id: str = "", retry_after: int = 1) -> None:
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.content_type)
        self.send_header("Content-Length", str(len(answer.body)))
        if request_id:
            self.send_header("Request-Id", request_id)
        if answer.replayed:
            self.send_header("Idempotent-Replayed", "true")
        if answer.status == 429:
            self.send_header("Retry-After", str(retry_after))
        if answer.status == 500:  # a retry would only be told the same again
            self.send_header("Stripe-Should-Retry", "false")
        self.end_headers()
        self.wfile.write(answer.body)

    def _hold(self) -> None:
        """Wait for the client, or the sandbox, to close the connection."""
        self.close_connection = True
        with suppress(OSError):
            self.connection.recv(1)

    def _cut(self) -> None:
        """Close with a reset instead of the orderly end, as a dying server or network would."""
        self.close_connection = True
        self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.connection.close()
