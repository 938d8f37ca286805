"""Clients that never rest, and what each of their requests came to."""

import http.client
import itertools
import json
import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

SECONDS = 30.0  # a request that takes longer counts as one without an answer
_numbers = itertools.count(1)


@dataclass(frozen=True)
class Ask:
    """A request: what, where, as whom."""

    method: str
    path: str
    body: dict[str, Any] | None = None
    bearer: str = ""
    key: str = ""  # the name of the attempt, for one that may be sent again


@dataclass(frozen=True)
class Answered:
    """What came of one; status 0 where the connection broke before an answer, -1 where nobody took it."""

    ask: Ask
    begin: float
    end: float
    status: int
    is_json: bool = False
    retry_after: str = ""
    body: dict[str, Any] = field(default_factory=dict)

    @property
    def seconds(self) -> float:
        """How long it took."""
        return self.end - self.begin


def send(ask: Ask, port: int) -> Answered:
    """Send one request over a connection of its own, as nginx does."""
    begin = time.monotonic()
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    headers = {"Content-Type": "application/json", "Connection": "close"}
    headers |= {"Authorization": f"Bearer {ask.bearer}"} if ask.bearer else {}
    headers |= {"Idempotency-Key": ask.key} if ask.key else {}
    status = -1
    try:
        connection.connect()
        status = 0
        connection.request(ask.method, ask.path, json.dumps(ask.body) if ask.body is not None else None, headers)
        answer = connection.getresponse()
        text, kind = answer.read(), answer.headers.get("Content-Type", "")
    except (OSError, http.client.HTTPException):
        return Answered(ask, begin, time.monotonic(), status)
    finally:
        connection.close()
    is_json = kind.startswith("application/json")
    told = json.loads(text) if is_json and text else {}
    body = told if isinstance(told, dict) else {}
    return Answered(ask, begin, time.monotonic(), answer.status, is_json, answer.headers.get("Retry-After", ""), body)


def contact() -> Ask:
    """Return a message that nobody has sent before."""
    number = next(_numbers)
    body = {"name": "Load", "email": "load@example.com", "subject": f"{number}", "message": f"Message number {number}."}
    return Ask("POST", "/api/v1/contacts/contacts/", body)


def profile(bearer: str) -> Callable[[], Ask]:
    """Return a request that reads the database for who asks."""
    return lambda: Ask("GET", "/api/v1/users/profile/", bearer=bearer)


class Load:
    """Several clients, each of which sends the next request as soon as it has the answer to the last."""

    def __init__(self, makers: Sequence[Callable[[], Ask]], ports: Sequence[int]) -> None:
        self.answered: list[Answered] = []
        self._makers, self._ports, self._stop = itertools.cycle(makers), ports, threading.Event()

    @contextmanager
    def running(self, clients: int) -> Iterator[None]:
        """Let them run within the block."""
        threads = [threading.Thread(target=self._run) for _ in range(clients)]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            self._stop.set()
            for thread in threads:
                thread.join(SECONDS + 5)

    def _run(self) -> None:
        while not self._stop.is_set():
            ask = next(self._makers)()
            for port in self._ports:  # a proxy goes on to the next server where one takes no connection
                answered = send(ask, port)
                if answered.status != -1:
                    break
            self.answered.append(answered)
            if answered.status == -1:
                time.sleep(0.02)

    def statuses(self) -> Counter[int]:
        """Return how often each status came back."""
        return Counter(answered.status for answered in self.answered)

    def failed(self) -> list[Answered]:
        """Return the requests that were not carried out."""
        return [answered for answered in self.answered if not 200 <= answered.status < 400]

    def slowest(self) -> float:
        """Return how long the slowest took."""
        return max(answered.seconds for answered in self.answered)
