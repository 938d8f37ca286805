"""What all processes share through Redis, asked in a way that an outage costs a moment and never an error.

One script call a request counts it and reads the versions of what is cached: a question to Redis costs a process more
than rendering half a page, so there is one of them, not two.
"""

import logging
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, NamedTuple

from django_redis import get_redis_connection
from redis.exceptions import RedisError

logger = logging.getLogger("titanobova.shared")

PAUSE = 0.5  # seconds between two looks for a Redis that failed
VERSIONS = "versions"  # a hash: name -> number
COUNT = """
local used = redis.call('INCR', KEYS[1])
if used == 1 then redis.call('PEXPIRE', KEYS[1], ARGV[1]) end
return {used, redis.call('PTTL', KEYS[1]), redis.call('HGETALL', KEYS[2])}
"""


class Counted(NamedTuple):
    """How often a key was counted, how long its window is open, and the versions at that moment."""

    used: int
    milliseconds: int
    versions: dict[str, int]


class SharedRedis:
    """Redis behind a breaker: after a failure no request asks it until a thread of its own has found it again.

    So an outage costs one time-out, not one a request, nor one in every few seconds; and its end is noticed soon.
    """

    def __init__(self) -> None:
        self._outage: object | None = None
        self._lock = threading.Lock()

    @property
    def failed_a_moment_ago(self) -> bool:
        """Whether asking again would most likely cost another time-out."""
        return self._outage is not None

    def retry(self) -> None:
        """Ask Redis again at once, though it failed a moment ago."""
        self._outage = None

    def count(self, key: str, seconds: int) -> Counted:
        """Count one for `key`, whose window closes `seconds` after the first.

        :raises RedisError: when Redis does not answer, or did not a moment ago.
        """
        used, milliseconds, versions = self._ask(lambda redis: redis.eval(COUNT, 2, key, VERSIONS, seconds * 1000))
        return Counted(used, milliseconds, _numbers(versions))

    def forget(self, key: str) -> None:
        """Forget a key; without an answer it stays."""
        with suppress(RedisError):
            self._ask(lambda redis: redis.delete(key))

    def set_version(self, name: str, number: int) -> None:
        """Store a version; without an answer the old one stays."""
        with suppress(RedisError):
            self._ask(lambda redis: redis.hset(VERSIONS, name, number))

    def version(self, name: str) -> int | None:
        """Return a version, which is made now if Redis has none (it may have lost it); None without an answer."""
        try:
            self._ask(lambda redis: redis.hsetnx(VERSIONS, name, time.time_ns()))
            return int(self._ask(lambda redis: redis.hget(VERSIONS, name)))
        except RedisError:
            return None

    def _ask(self, question: Callable[[Any], Any]) -> Any:
        if self.failed_a_moment_ago:
            raise RedisError("Redis failed a moment ago")
        try:
            return question(get_redis_connection("default"))
        except RedisError:
            self._give_up()
            raise

    def _give_up(self) -> None:
        with self._lock:
            if self._outage is not None:
                return
            outage = self._outage = object()
        logger.warning("Redis does not answer: ordinary limits are open until it does.")
        try:
            threading.Thread(target=self._look_for_it, args=(outage,), name="redis", daemon=True).start()
        except RuntimeError:  # this process may have no further thread: the next request asks Redis itself
            self._outage = None
            logger.exception("Nobody can look for Redis.")

    def _look_for_it(self, outage: object) -> None:
        """Ask Redis every now and then until it answers; whatever goes wrong, go on, or nobody would ever find it."""
        is_told = False
        while self._outage is outage:
            time.sleep(PAUSE)
            try:
                if self._outage is outage and get_redis_connection("default").ping():
                    self._outage = None
                    logger.warning("Redis answers again.")
            except RedisError:
                pass
            except Exception:
                if not is_told:  # not twice a second
                    logger.exception("Redis cannot even be asked; this process goes on trying.")
                is_told = True


def _numbers(pairs: list[bytes] | dict[bytes, bytes]) -> dict[str, int]:
    """Return a hash as Redis answers it: a list of names and numbers in turn (RESP2), or a map (RESP3)."""
    items = pairs.items() if isinstance(pairs, dict) else zip(pairs[::2], pairs[1::2], strict=True)
    return {name.decode(): int(number) for name, number in items}


redis = SharedRedis()
