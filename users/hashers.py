"""Password hashes of our own; those that came from the old system are in users/old_hashers.py."""

import os
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import TypeVar

from django.contrib.auth.hashers import Argon2PasswordHasher, make_password, verify_password

from titanobova.metrics import HASH_WAIT, HASHES_WAITING

T = TypeVar("T")


def _give_way() -> None:
    """Let all other requests have the processor first: on Linux each thread has a nice value of its own."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


# More hashes at once than cores make each slower, and every thread that hashes keeps its memory afterwards: 16 logins
# of Django's default took 1.6 GiB. So as few threads as there are cores hash for all others.
_pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="hashing", initializer=_give_way)


def hash_password(password: str) -> str:
    """Return what is stored of a new password; waits for one of as many places as there are cores."""
    return _in_a_place(lambda: make_password(password))


def verify(password: str, encoded: str) -> tuple[bool, bool]:
    """Return whether the password fits, and whether its hash is to be made anew; waits as hash_password does.

    Exactly one hasher is called once, also where `encoded` is no hash at all.
    """
    return _in_a_place(lambda: verify_password(password, encoded))


def _in_a_place(work: Callable[[], T]) -> T:
    """Wait for a place, do `work` there and return what it returns; the queue shows in the metrics."""
    asked = time.perf_counter()
    HASHES_WAITING.inc()

    def begin() -> T:
        HASHES_WAITING.dec()
        HASH_WAIT.observe(time.perf_counter() - asked)
        return work()

    return _pool.submit(begin).result()


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane: the floor that OWASP's ASVS 5.0 names in appendix C.

    Django's own parameters (100 MiB, 8 lanes) served 2.9 logins a second on two cores, these about 20.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1
