"""Makes Argon2id hashes of old passwords that must not be stored as they came."""

import os
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.contrib.auth.hashers import check_password, make_password

from legacy_import.passwords import WeakPassword
from users.old_hashers import is_wrapped_digest, wrap_digest

PLACES = os.cpu_count() or 1


def hash_weak(passwords: Sequence[WeakPassword]) -> list[str]:
    """Return what is stored of each, in the same order; as many at once as there are cores.

    A plain password becomes a hash like any other of ours. Of a fast digest Argon2id hashes its hex text, and what the
    digest was made of stands beside it, so that the old password still opens the account.
    """
    with ThreadPoolExecutor(PLACES, thread_name_prefix="old-passwords") as pool:  # Argon2 lets go of the GIL
        return list(pool.map(_hash, passwords))


def is_hash_of(stored: str, weak: WeakPassword) -> bool:
    """Say whether a stored hash was made of this password; it takes as long as making it."""
    if not weak.algorithm:
        return check_password(weak.secret, stored)
    return is_wrapped_digest(stored, weak.secret)


def _hash(weak: WeakPassword) -> str:
    if not weak.algorithm:
        return make_password(weak.secret)
    return wrap_digest(weak.secret, weak.algorithm, order=weak.order, salt=weak.salt, iterations=weak.iterations)
