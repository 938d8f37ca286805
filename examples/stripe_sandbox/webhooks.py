"""Events, and their signed delivery to one webhook endpoint from a background thread."""

import copy
import hashlib
import hmac
import http.client
import json
import queue
import secrets
import threading
import time
from dataclasses import dataclass
from fnmatch import fnmatchcase
from urllib.parse import urlsplit

from examples.stripe_sandbox.answers import Json
from examples.stripe_sandbox.listing import page

API_VERSION = "2026-10-28.endive"  # the version that stripe-python 16.1 pins
DELIVERY_SECONDS = 10.0
LOCAL_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})


def sign(payload: bytes, secret: str, at: int) -> str:
    """Return the `Stripe-Signature` header for a body sent at this Unix time.

    The scheme is that of https://docs.stripe.com/webhooks#verify-manually: HMAC-SHA256 over "time.body".
    """
    digest = hmac.new(secret.encode(), b"%d." % at + payload, hashlib.sha256).hexdigest()
    return f"t={at},v1={digest}"


@dataclass(frozen=True)
class Endpoint:
    """Where events go. Only plain http to this machine, so that no test event can leave it.

    :raises ValueError: for any other address
    """

    url: str
    secret: str

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname not in LOCAL_NAMES:
            raise ValueError(f"a webhook URL is http:// on this machine, not {self.url}")


@dataclass(frozen=True)
class Delivery:
    """One attempt: the event and the endpoint's status, None if it did not answer."""

    event_id: str
    status: int | None


class Webhooks:
    """The list of events, and the thread that delivers them while an endpoint is set."""

    def __init__(self) -> None:
        self.events: list[Json] = []
        self.deliveries: list[Delivery] = []
        self.endpoint: Endpoint | None = None
        self._queue: queue.Queue[tuple[Endpoint, Json] | None] = queue.Queue()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._deliver_all, name="stripe-sandbox-webhooks")

    def start(self) -> None:
        """Begin to deliver."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; what is still queued is not delivered."""
        self._stopping.set()
        self._queue.put(None)
        self._thread.join()

    def publish(self, kind: str, subject: Json, cause: Json) -> None:
        """Record an event about the subject as it is now, and queue it if an endpoint is set."""
        event: Json = {
            "id": f"evt_{secrets.token_hex(12)}",
            "object": "event",
            "api_version": API_VERSION,
            "created": int(time.time()),
            "data": {"object": copy.deepcopy(subject)},
            "livemode": False,
            "pending_webhooks": 1 if self.endpoint else 0,
            "request": cause,
            "type": kind,
        }
        self.events.append(event)
        if self.endpoint:
            self._queue.put((self.endpoint, event))

    def page(self, params: Json) -> Json:
        """Return a page of events; `type` may end in `*`."""
        kind = params.pop("type", "*")
        matching = [event for event in self.events if fnmatchcase(event["type"], str(kind))]
        return page(matching, params, "/v1/events")

    def wait_for_deliveries(self, seconds: float = 5.0) -> bool:
        """Wait until every queued event has been tried; false if that takes longer."""
        with self._queue.all_tasks_done:
            return self._queue.all_tasks_done.wait_for(lambda: not self._queue.unfinished_tasks, seconds)

    def _deliver_all(self) -> None:
        while item := self._queue.get():
            if not self._stopping.is_set():
                endpoint, event = item
                status = _deliver(endpoint, event)
                if status and 200 <= status < 300:
                    event["pending_webhooks"] = 0
                self.deliveries.append(Delivery(event["id"], status))
            self._queue.task_done()


def signed(event: Json, secret: str, at: int | None = None) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers with which Stripe would send this event."""
    body = json.dumps(event, indent=2).encode()
    signature = sign(body, secret, int(time.time()) if at is None else at)
    return body, {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}


def _deliver(endpoint: Endpoint, event: Json) -> int | None:
    """Post the event once, following no redirect, and return the status; None without an answer."""
    parts = urlsplit(endpoint.url)
    body, headers = signed(event, endpoint.secret)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DELIVERY_SECONDS)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
