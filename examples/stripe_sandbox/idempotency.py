"""Idempotency keys as Stripe documents them (https://docs.stripe.com/api/idempotent_requests).

The first answer to a key is saved, a 500 included, and repeated for the same parameters. Nothing is saved
when validation fails or when another request with the key is still running.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass, replace

from examples.stripe_sandbox.answers import Answer, ApiError, invalid

LONGEST_KEY = 255


@dataclass
class _Entry:
    fingerprint: object
    answer: Answer | None = None


class IdempotencyKeys:
    """The keys seen since the last reset, each with its parameters and, once there is one, its answer."""

    def __init__(self) -> None:
        self._entries: dict[str, _Entry] = {}
        self._lock = threading.Lock()

    def once(self, key: str, fingerprint: object, run: Callable[[], Answer]) -> Answer:
        """Run the request, or repeat the saved answer of the first request with this key.

        :raises ApiError: 400 if the key came with other parameters, 409 while its first request is running
        """
        entry, is_new = self._claim(key, fingerprint)
        if not is_new:
            return self._saved(key, entry, fingerprint)
        try:
            entry.answer = run()
        except ApiError as refused:
            if not refused.begun:
                raise
            entry.answer = refused.answer()
        finally:
            if entry.answer is None:
                self._release(key, entry)
        return entry.answer

    def clear(self) -> None:
        """Forget all keys."""
        with self._lock:
            self._entries.clear()

    def _claim(self, key: str, fingerprint: object) -> tuple[_Entry, bool]:
        if len(key) > LONGEST_KEY:
            raise invalid(f"Idempotency keys have at most {LONGEST_KEY} characters.")
        new = _Entry(fingerprint)
        with self._lock:
            entry = self._entries.setdefault(key, new)
        return entry, entry is new

    def _release(self, key: str, entry: _Entry) -> None:
        with self._lock:
            if self._entries.get(key) is entry:
                del self._entries[key]

    def _saved(self, key: str, entry: _Entry, fingerprint: object) -> Answer:
        if entry.fingerprint != fingerprint:
            message = f"Idempotency key {key} was first used with another endpoint or other parameters."
            raise ApiError(400, "idempotency_error", message)
        if entry.answer is None:
            message = f"Another request with the idempotency key {key} is still in progress."
            raise ApiError(409, "invalid_request_error", message, code="idempotency_key_in_use")
        return replace(entry.answer, replayed=True)
