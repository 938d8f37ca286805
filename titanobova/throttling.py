"""Rate limits that are exact under parallel load: each request is one atomic operation on a shared counter.

DRF's own throttles read, then write (189 of 200 requests passed a limit of 20 when measured), and believe the client's
X-Forwarded-For. Here a window opens with the first request of a caller and closes after its period.
"""

import hashlib
import ipaddress
import itertools
import math
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from redis.exceptions import RedisError
from rest_framework.request import Request
from rest_framework.throttling import BaseThrottle

from titanobova.http import client_address
from titanobova.metrics import RATE_LIMIT_REFUSALS
from titanobova.models import RateLimitCounter
from titanobova.security_events import record_security_event
from titanobova.shared import redis

if TYPE_CHECKING:
    from rest_framework.views import APIView  # which itself loads the default throttle below

ORDINARY_SCOPES = frozenset({"anon", "user"})
MEMORY_KEYS = 50_000  # counters kept in process memory before the closed ones are swept
SWEEP_EVERY = 1000  # windows opened by this process in the database before the closed ones are deleted
_windows_opened = itertools.count(1)
COUNT_IN_DATABASE = """
{relaxed}INSERT INTO titanobova_ratelimitcounter (key, used, window_ends_ms) {values}
ON CONFLICT (key) DO UPDATE SET
    used = CASE WHEN titanobova_ratelimitcounter.window_ends_ms <= %s THEN 1
                ELSE titanobova_ratelimitcounter.used + 1 END,
    window_ends_ms = CASE WHEN titanobova_ratelimitcounter.window_ends_ms <= %s THEN excluded.window_ends_ms
                          ELSE titanobova_ratelimitcounter.window_ends_ms END
RETURNING used, window_ends_ms
"""
PLAIN = COUNT_IN_DATABASE.format(relaxed="", values="VALUES (%s, 1, %s)")
# PostgreSQL need not wait for the disk to count one: a count stands for everyone at once, and only who takes the power
# from the database's machine wins back the last half second of it. A request with a row to store waits once, not twice.
RELAXED = COUNT_IN_DATABASE.format(
    relaxed="WITH relaxed AS (SELECT set_config('synchronous_commit', 'off', true)) ",
    values="SELECT %s, 1, %s FROM relaxed",
)


class Window(NamedTuple):
    """How often a key was counted in its open window, and in how many seconds that window closes."""

    used: int
    closes_in: float
    versions: dict[str, int] | None = None  # what Redis told along with it (titanobova/versions.py)


class Verdict(NamedTuple):
    """What the RateLimit headers say: requests a window, requests left, seconds until the window closes."""

    limit: int
    remaining: int
    reset: int


@dataclass(frozen=True)
class Spent:
    """The outcome of counting one request."""

    verdict: Verdict
    is_allowed: bool
    is_first_refusal: bool
    versions: dict[str, int] | None


def spend(scope: str, identity: str) -> Spent:
    """Count one request of `identity` against RATE_LIMITS[scope].

    The scopes that guard accounts and money count in the database, always: an attacker who can crash or flush a cache
    must not open the login by it. The ordinary ones count in Redis, or without REDIS_HOST in the memory of the one
    process; while Redis is down they let the request through.
    """
    quota, seconds = settings.RATE_LIMITS[scope]
    window = _count(key_of(scope, identity), seconds, guards_security=scope not in ORDINARY_SCOPES)
    verdict = Verdict(quota, max(0, quota - window.used), min(seconds, max(1, math.ceil(window.closes_in))))
    if window.used > quota:
        RATE_LIMIT_REFUSALS.labels(scope).inc()
    return Spent(verdict, window.used <= quota, window.used == quota + 1, window.versions)


def forget(scope: str, identity: str) -> None:
    """Close the window of `identity`, once it has proved what the limit guards against guessing."""
    key = key_of(scope, identity)
    if scope not in ORDINARY_SCOPES:
        RateLimitCounter.objects.filter(pk=key).delete()
    elif not settings.REDIS_HOST:
        memory.forget(key)
    else:
        redis.forget(key)


def key_of(scope: str, identity: str) -> str:
    """Return the name of a window, which says nothing of whose it is."""
    return f"limit:{scope}:{hashlib.sha256(identity.encode()).hexdigest()[:32]}"


def _count(key: str, seconds: int, *, guards_security: bool) -> Window:
    if guards_security:
        return count_in_database(key, seconds)
    if not settings.REDIS_HOST:
        return memory.count(key, seconds)
    try:
        return count_in_redis(key, seconds)
    except RedisError:
        return Window(0, seconds)


def count_in_redis(key: str, seconds: int) -> Window:
    """Count one in Redis, and return the key's window.

    :raises RedisError: when Redis does not answer, or did not a moment ago.
    """
    counted = redis.count(key, seconds)
    return Window(counted.used, max(counted.milliseconds, 1) / 1000, counted.versions)


class MemoryCounters:
    """Counters of the embedded mode: one process, so one lock makes counting atomic."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[str, tuple[int, float]] = {}
        self._sweep_above = MEMORY_KEYS

    def count(self, key: str, seconds: int) -> Window:
        """Count one and return the key's window."""
        now = time.monotonic()
        with self._lock:
            if len(self._windows) > self._sweep_above:
                self._windows = {k: window for k, window in self._windows.items() if window[1] > now}
                # Where most are open still, the next sweep waits, or every request would pay for one.
                self._sweep_above = max(MEMORY_KEYS, 2 * len(self._windows))
            used, closes_at = self._windows.get(key, (0, 0.0))
            if closes_at <= now:
                used, closes_at = 0, now + seconds
            self._windows[key] = (used + 1, closes_at)
        return Window(used + 1, closes_at - now)

    def forget(self, key: str) -> None:
        """Close the window of one key."""
        with self._lock:
            self._windows.pop(key, None)

    def clear(self) -> None:
        """Forget everything, as a restart would."""
        with self._lock:
            self._windows.clear()


def count_in_database(key: str, seconds: int) -> Window:
    """Count one in the table RateLimitCounter by a single statement, and return the key's window."""
    now = int(time.time() * 1000)
    # In a transaction of the caller's the relaxation would hold for all of it.
    is_alone = connection.vendor == "postgresql" and not connection.in_atomic_block
    with connection.cursor() as cursor:
        cursor.execute(RELAXED if is_alone else PLAIN, [key, now + seconds * 1000, now, now])
        used, ends_at = cursor.fetchone()
    if used == 1 and next(_windows_opened) % SWEEP_EVERY == 0:
        closed_windows().delete()
    return Window(used, (ends_at - now) / 1000)


def closed_windows() -> QuerySet[RateLimitCounter]:
    """Return the windows in the database that are over."""
    return RateLimitCounter.objects.filter(window_ends_ms__lte=int(time.time() * 1000))


memory = MemoryCounters()


class OrdinaryLimit(BaseThrottle):
    """The guide's figures: 100 an hour for an address, 1,000 for a person, none for staff."""

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request; False refuses it."""
        user = request.user
        if user.is_authenticated:
            return (user.is_active and user.is_staff) or self.count("user", str(user.pk), request)
        return self.count("anon", network_of(client_address(request)), request)

    def count(self, scope: str, identity: str, request: Request) -> bool:
        """Count one request, leave the tightest verdict for the headers, record the first refusal of a window."""
        spent = spend(scope, identity)
        self.reset = spent.verdict.reset
        if spent.versions is not None:
            request.META["titanobova.versions"] = spent.versions
        tightest = request.META.get("titanobova.rate_limit")
        if tightest is None or spent.verdict.remaining <= tightest.remaining:
            request.META["titanobova.rate_limit"] = spent.verdict
        if spent.is_first_refusal:
            record_security_event(request, "rate_limit.exceeded", {"scope": scope})
        return spent.is_allowed

    def wait(self) -> float:
        """Return the seconds for Retry-After."""
        return float(self.reset)


class SecurityLimit(OrdinaryLimit):
    """A tighter scope of its own for what an attacker would repeat; staff are limited here too."""

    scope = "login"

    def allow_request(self, request: Request, view: "APIView") -> bool:
        """Count the request against the address; False refuses it."""
        return self.count(self.scope, network_of(client_address(request)), request)


class LoginLimit(SecurityLimit):
    """Tries to log in."""


class RegisterLimit(SecurityLimit):
    """New accounts."""

    scope = "register"


class ResetLimit(SecurityLimit):
    """Links asked for by mail."""

    scope = "reset"


class ContactLimit(SecurityLimit):
    """Messages of the contact form."""

    scope = "contact"


class PaymentLimit(SecurityLimit):
    """Payment intents: whoever tests stolen cards needs many."""

    scope = "payment"


def network_of(address: str) -> str:
    """Return what one subscriber holds: an IPv4 address, or the /64 of an IPv6 one (RFC 6177 hands out no less)."""
    if ":" in address:
        return str(ipaddress.ip_network(f"{address}/64", strict=False).network_address)
    return address
