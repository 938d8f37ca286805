"""What gunicorn answers to a request that it cannot read, in the shape of every refusal of the API."""

import json
from typing import Any

REFUSALS = {  # by status; the words of 400 and 500 are those of titanobova/api.py
    "400": ("bad_request", "The request cannot be understood."),
    "414": ("uri_too_long", "The address is too long."),
    "431": ("headers_too_large", "The headers are too large."),
    "500": ("server_error", "Something went wrong on our side. It has been recorded."),
}


class RefusedClient:
    """A connection that is sent JSON where gunicorn writes a page.

    The page quotes what the client sent; the JSON quotes nothing.
    """

    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def __getattr__(self, name: str) -> Any:
        return getattr(self._connection, name)

    def sendall(self, page: bytes) -> None:
        """Send the refusal that the page's status line stands for."""
        status_line = page.partition(b"\r\n")[0].decode()
        code, detail = REFUSALS.get(status_line.split()[1], REFUSALS["400"])
        body = json.dumps({"detail": detail, "code": code})
        headers = f"Connection: close\r\nContent-Type: application/json\r\nContent-Length: {len(body)}"
        self._connection.sendall(f"{status_line}\r\n{headers}\r\n\r\n{body}".encode())
