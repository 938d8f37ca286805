"""Password hashes: our own, and those that came from the old system. They outlive legacy_import."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import bcrypt
from django.contrib.auth.hashers import Argon2PasswordHasher, BasePasswordHasher, make_password, verify_password
from django.utils.crypto import constant_time_compare


def _give_way() -> None:
    """Let all other requests have the processor first: on Linux each thread has a nice value of its own."""
    with suppress(OSError, AttributeError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 10)


# More hashes at once than cores make each slower, and every thread that hashes keeps its memory afterwards: 16 logins
# of Django's default took 1.6 GiB. So as few threads as there are cores hash for all others.
_pool = ThreadPoolExecutor(os.cpu_count() or 1, thread_name_prefix="hashing", initializer=_give_way)


def hash_password(password: str) -> str:
    """Return what is stored of a new password; waits for one of as many places as there are cores."""
    return _pool.submit(make_password, password).result()


def verify(password: str, encoded: str) -> tuple[bool, bool]:
    """Return whether the password fits, and whether its hash is to be made anew; waits as hash_password does.

    Exactly one hasher is called once, also where `encoded` is no hash at all.
    """
    return _pool.submit(verify_password, password, encoded).result()


class Argon2idHasher(Argon2PasswordHasher):
    """Argon2id with 19 MiB, two passes and one lane: the floor that OWASP's ASVS 5.0 names in appendix C.

    Django's own parameters (100 MiB, 8 lanes) served 2.9 logins a second on two cores, these about 20.
    """

    time_cost = 2
    memory_cost = 19_456  # KiB
    parallelism = 1


class LegacyBcryptHasher(BasePasswordHasher):
    """Verify hashes that bcryptjs or bcrypt made in the old system, stored as `bcrypt_node$<the hash>`.

    A right password is re-hashed with Argon2id by the login that proves it, so a row keeps this form only until its
    owner comes back.
    """

    algorithm = "bcrypt_node"

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether `password` made the hash.

        bcrypt reads 72 bytes: Node's libraries cut silently, Python's raises, so we cut here. A malformed hash is no
        password, not an error.
        """
        stored = encoded.partition("$")[2].encode()
        try:
            made = bcrypt.hashpw(password.encode()[:72], stored)
        except ValueError:
            return False
        return constant_time_compare(made, stored)

    def encode(self, password: str, salt: str) -> str:
        """Refuse: new hashes are Argon2id.

        :raises NotImplementedError: always.
        """
        raise NotImplementedError("New passwords are hashed with Argon2id.")

    def decode(self, encoded: str) -> dict[str, str]:
        """Return the parts of the stored hash."""
        algorithm, _, original = encoded.partition("$")
        return {"algorithm": algorithm, "hash": original}

    def safe_summary(self, encoded: str) -> dict[Any, Any]:
        """Return what the admin may show."""
        return {"algorithm": self.algorithm, "hash": "[hidden]"}

    def must_update(self, encoded: str) -> bool:
        """Return that it must: at the next login."""
        return True

    def harden_runtime(self, password: str, encoded: str) -> None:
        """Do nothing: the refusal's fixed time hides the difference (see users/services/login.py)."""
