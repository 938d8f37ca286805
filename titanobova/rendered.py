"""Answers that are the same for everyone, kept as the bytes that go out.

An entry belongs to the version that its data had before it was read (titanobova/versions.py), so whoever asks after a
change never sees an older answer, on any process. Each process keeps the entries that it uses in its own memory, Redis
keeps them for all. A visitor can ask for endlessly many addresses: the number of entries here is bounded, and all of
them live a minute at most.
"""

import hashlib
import threading
import time
from collections import OrderedDict
from collections.abc import Callable
from contextlib import suppress
from typing import NamedTuple

from django.core.cache import cache
from django.http import HttpResponse
from django_redis.exceptions import ConnectionInterrupted
from rest_framework.request import Request

from titanobova.versions import current_version

LIFETIME = 60  # seconds
MOST_ENTRIES = 512  # a process; a catalogue page takes about 20 kB


class Entry(NamedTuple):
    """One answer: what it was made of, until when it counts, its bytes and their ETag."""

    version: int
    expires_at: float
    body: bytes
    etag: str


class RenderedAnswers:
    """The answers that depend on nothing but the address and on what `name` versions."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._entries: OrderedDict[str, Entry] = OrderedDict()
        self._lock = threading.Lock()

    def answer(self, request: Request, render: Callable[[], bytes]) -> HttpResponse:
        """Return the kept answer to `request`, or the one that `render` makes now; 304 to who has it already.

        What `render` raises is never kept.
        """
        entry = self._entry(request, render)
        if entry.etag in request.META.get("HTTP_IF_NONE_MATCH", ""):
            response = HttpResponse(status=304)
        else:
            response = HttpResponse(entry.body, content_type="application/json")
        response["ETag"] = entry.etag
        # Browsers keep it and ask again each time, so an edit is seen at once; the limits in it are the caller's own.
        response["Cache-Control"] = "private, no-cache"
        return response

    def clear(self) -> None:
        """Forget everything that this process keeps."""
        with self._lock:
            self._entries.clear()

    def _entry(self, request: Request, render: Callable[[], bytes]) -> Entry:
        address, version = request.build_absolute_uri(), current_version(self.name, request)
        if version is None:
            return _made(0, render)
        own = self._entries.get(address)
        if own is not None and own.version == version and own.expires_at > time.time():
            return own
        entry = self._shared(address, version) or self._make(address, version, render)
        with self._lock:
            self._entries[address] = entry
            self._entries.move_to_end(address)
            if len(self._entries) > MOST_ENTRIES:
                self._entries.popitem(last=False)
        return entry

    def _shared(self, address: str, version: int) -> Entry | None:
        with suppress(ConnectionInterrupted):
            shared: Entry | None = cache.get(self._key(address, version))
            return shared if shared is not None and shared.expires_at > time.time() else None
        return None

    def _make(self, address: str, version: int, render: Callable[[], bytes]) -> Entry:
        entry = _made(version, render)
        with suppress(ConnectionInterrupted):
            cache.set(self._key(address, version), entry, LIFETIME)
        return entry

    def _key(self, address: str, version: int) -> str:
        return f"rendered:{self.name}:{version}:{hashlib.sha256(address.encode()).hexdigest()}"


def _made(version: int, render: Callable[[], bytes]) -> Entry:
    body = render()
    return Entry(version, time.time() + LIFETIME, body, f'"{hashlib.sha256(body).hexdigest()[:32]}"')
