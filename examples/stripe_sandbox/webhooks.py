"""Events and their signed delivery to one webhook endpoint from a background thread."""

import hashlib
import hmac
import http.client
import json
import time
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from examples.stripe_sandbox.answers import Json
from examples.stripe_sandbox.events import new_event, page_of_events
from examples.stripe_sandbox.faults import EVENT, Fault, Faults
from examples.stripe_sandbox.objects import find
from examples.stripe_sandbox.schedule import Schedule

DELIVERY_SECONDS = 10.0
BACK_OFF = (1, 2, 4, 8)  # how the waits before further tries relate to each other
LOCAL_NAMES = frozenset({"127.0.0.1", "::1", "localhost"})


def sign(payload: bytes, secret: str, at: int, *former: str) -> str:
    """Return the `Stripe-Signature` header for a body sent at this Unix time.

    The scheme is that of https://docs.stripe.com/webhooks#verify-manually: HMAC-SHA256 over "time.body". While a
    secret is being replaced, the former ones sign too, so that a site may know either.
    """
    message = b"%d." % at + payload
    digests = [hmac.new(key.encode(), message, hashlib.sha256).hexdigest() for key in (secret, *former)]
    return ",".join([f"t={at}", *(f"v1={digest}" for digest in digests)])


@dataclass(frozen=True)
class Endpoint:
    """Where events go. Only plain http to this machine, so that no test event can leave it.

    :raises ValueError: for any other address
    """

    url: str
    secret: str
    former_secrets: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parts = urlsplit(self.url)
        if parts.scheme != "http" or parts.hostname not in LOCAL_NAMES:
            raise ValueError(f"a webhook URL is http:// on this machine, not {self.url}")


@dataclass(frozen=True)
class Delivery:
    """One attempt: the event and the endpoint's status, None if it did not answer."""

    event_id: str
    status: int | None


@dataclass(frozen=True)
class _Attempt:
    endpoint: Endpoint
    event: Json
    waits: tuple[float, ...]  # seconds before each further try


class Webhooks:
    """The list of events, and their delivery while an endpoint is set.

    `retry_seconds` is how long a delivery that fails is tried again, four times at growing distances; Stripe does so
    for three days (https://docs.stripe.com/webhooks#automatic-retries). With 0 there is one try.
    """

    def __init__(self, faults: Faults, retry_seconds: float = 0.0) -> None:
        self.events: list[Json] = []
        self.deliveries: list[Delivery] = []
        self.endpoint: Endpoint | None = None
        self.retry_seconds = retry_seconds
        self._faults = faults
        self._held: list[_Attempt] = []
        self._schedule = Schedule(self._try, "stripe-sandbox-webhooks")

    def start(self) -> None:
        """Begin to deliver."""
        self._schedule.start()

    def stop(self) -> None:
        """End the thread; what is still queued is not delivered."""
        self._schedule.stop()

    def clear(self) -> None:
        """Forget all events, those on their way too."""
        self._schedule.clear()
        for remembered in (self.events, self.deliveries, self._held):
            remembered.clear()

    def publish(self, kind: str, subject: Json, cause: Json) -> None:
        """Record an event about the subject as it is now, and send it if an endpoint is set."""
        event = new_event(kind, subject, cause, pending_webhooks=1 if self.endpoint else 0)
        self.events.append(event)
        if self.endpoint:
            self._send(_Attempt(self.endpoint, event, self._waits()), self._faults.take(EVENT, kind))

    def resend(self, event_id: str) -> Json:
        """Send an event again, as one may from Stripe's dashboard, whatever became of it before.

        :raises ApiError: if there is none with this id
        """
        event = self.retrieve(event_id)
        if self.endpoint:
            self._schedule.put(_Attempt(self.endpoint, event, self._waits()))
        return event

    def retrieve(self, event_id: str) -> Json:
        """Return an event.

        :raises ApiError: 404 if there is none
        """
        return find({event["id"]: event for event in self.events}, event_id, "event")

    def page(self, params: Json) -> Json:
        """Return a page of events."""
        return page_of_events(self.events, params)

    def wait_for_deliveries(self, seconds: float = 5.0) -> bool:
        """Wait until every event has been tried as often as it will be; false if that takes longer."""
        return self._schedule.wait_until_done(seconds) and not self._held

    def _waits(self) -> tuple[float, ...]:
        return tuple(self.retry_seconds * share / sum(BACK_OFF) for share in BACK_OFF if self.retry_seconds)

    def _send(self, attempt: _Attempt, fault: Fault) -> None:
        if fault.how == "reorder":
            self._hold(attempt, is_last=fault.times == 0)
        elif fault.how != "drop":
            for _ in range(2 if fault.how == "duplicate" else 1):
                self._schedule.put(attempt, fault.seconds)

    def _hold(self, attempt: _Attempt, *, is_last: bool) -> None:
        self._held.append(attempt)
        while is_last and self._held:
            self._schedule.put(self._held.pop())

    def _try(self, attempt: _Attempt) -> None:
        status = _deliver(attempt.endpoint, attempt.event)
        if status and 200 <= status < 300:
            attempt.event["pending_webhooks"] = 0
        elif attempt.waits:
            self._schedule.put(replace(attempt, waits=attempt.waits[1:]), attempt.waits[0])
        self.deliveries.append(Delivery(attempt.event["id"], status))


def signed(
    event: Json, secret: str, at: int | None = None, former: tuple[str, ...] = ()
) -> tuple[bytes, dict[str, str]]:
    """Return the body and headers with which Stripe would send this event."""
    body = json.dumps(event, indent=2).encode()
    signature = sign(body, secret, int(time.time()) if at is None else at, *former)
    return body, {"Content-Type": "application/json; charset=utf-8", "Stripe-Signature": signature}


def _deliver(endpoint: Endpoint, event: Json) -> int | None:
    """Post the event once, following no redirect, and return the status; None without an answer."""
    parts = urlsplit(endpoint.url)
    body, headers = signed(event, endpoint.secret, former=endpoint.former_secrets)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=DELIVERY_SECONDS)
    try:
        connection.request("POST", parts._replace(scheme="", netloc="").geturl() or "/", body, headers)
        return connection.getresponse().status
    except (OSError, http.client.HTTPException):
        return None
    finally:
        connection.close()
