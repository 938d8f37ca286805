"""Checks passwords against hashes that came from the old system. They outlive legacy_import.

Whoever logs in with the old password gets an Argon2id hash in its place, so a row keeps one of these forms only until
its owner comes back. Each check is one call of one hash function, as for our own (contract 2.8). A malformed hash is no
password and no error; one that asks for absurd work is not computed (users/password_costs.py).

| stored | made by |
|---|---|
| `bcrypt_node$$2b$10$…` | bcryptjs, bcrypt; `2a` and `2y` too |
| `argon2_node$$argon2id$v=19$m=65536,t=3,p=4$…` | argon2, @node-rs/argon2; `argon2i` and `argon2d` too |
| `scrypt_node$N$r$p$salt$hash` | crypto.scrypt; salt and hash in base64 |
| `scrypt_node$kdf$…` | scrypt-kdf: its whole text in base64, which carries a MAC instead of the key |
| `pbkdf2_node$digest$iterations$salt$hash` | crypto.pbkdf2; salt and hash in base64 |
| `argon2_over$digest$order$iterations$salt$argon2id$…` | made at import of a fast digest: Argon2id of its hex text |

Of scrypt's and PBKDF2's keys the first bytes suffice: both are made in blocks that do not depend on each other.
"""

import hashlib
import hmac
import re
from abc import abstractmethod
from base64 import b64decode, b64encode
from typing import Any

import bcrypt
from argon2.exceptions import Argon2Error
from argon2.low_level import Type, verify_secret
from django.contrib.auth.hashers import BasePasswordHasher
from django.utils.crypto import constant_time_compare

from users.hashers import Argon2idHasher
from users.password_costs import (
    SCRYPT_BYTES,
    is_bearable_argon2,
    is_bearable_bcrypt,
    is_bearable_pbkdf2,
    is_bearable_scrypt,
)

DIGESTS = frozenset({"md5", "sha1", "sha224", "sha256", "sha384", "sha512"})
MOST_DIGEST_ROUNDS = 100_000
SHORTEST_KEY = 16  # bytes; anything shorter could be hit by chance

_ARGON2 = re.compile(r"\$argon2(id|i|d)\$(?:v=(?:16|19)\$)?m=(\d{1,9}),t=(\d{1,9}),p=(\d{1,9})\$[^$]+\$[^$]+", re.ASCII)
_ARGON2_TYPES = {"id": Type.ID, "i": Type.I, "d": Type.D}


class OldHasher(BasePasswordHasher):
    """What the old forms share."""

    @abstractmethod
    def fits(self, password: bytes, stored: str) -> bool:
        """Return whether `password` made the hash; `stored` is what stands behind the algorithm's name.

        It may raise for what is malformed, and must refuse absurd costs before it computes anything.
        """

    def verify(self, password: str, encoded: str) -> bool:
        """Return whether `password` made the hash; a malformed hash is no password, not an error."""
        try:
            return self.fits(password.encode(), encoded.partition("$")[2])
        except (ValueError, TypeError, OverflowError, MemoryError, Argon2Error):
            return False

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


class LegacyBcryptHasher(OldHasher):
    """bcrypt reads 72 bytes: Node's libraries cut silently, Python's raises, so we cut here."""

    algorithm = "bcrypt_node"

    def fits(self, password: bytes, stored: str) -> bool:
        """Compare; what is no bcrypt hash raises."""
        if not is_bearable_bcrypt(int(stored[4:6])):
            return False
        return constant_time_compare(bcrypt.hashpw(password[:72], stored.encode()), stored.encode())


class LegacyArgon2Hasher(OldHasher):
    """Argon2 in its own text form, with the parameters that the old site chose."""

    algorithm = "argon2_node"

    def fits(self, password: bytes, stored: str) -> bool:
        """Compare; a mismatch raises too."""
        found = _ARGON2.fullmatch(stored)
        if not found or not is_bearable_argon2(*map(int, found.groups()[1:])):
            return False
        return verify_secret(stored.encode(), password, _ARGON2_TYPES[found[1]])


class LegacyScryptHasher(OldHasher):
    """scrypt, as a key beside its salt or in the form of scrypt-kdf."""

    algorithm = "scrypt_node"

    def fits(self, password: bytes, stored: str) -> bool:
        """Compare; wrong numbers of parts and wrong base64 raise."""
        if stored.startswith("kdf$"):
            return self._fits_kdf(password, b64decode(stored[4:], validate=True))
        n, r, p, salt, key = stored.split("$")
        return _same(_scrypt(password, _bytes(salt), int(n), int(r), int(p), size=len(_bytes(key))), _bytes(key))

    def _fits_kdf(self, password: bytes, stored: bytes) -> bool:
        """Magic 6, zero 1, log2(n) 1, r 4, p 4, salt 32, checksum 16, HMAC 32 (tarsnap's scrypt, "format")."""
        r, p = int.from_bytes(stored[8:12], "big"), int.from_bytes(stored[12:16], "big")
        if len(stored) != 96 or stored[7] > 30:
            return False
        key = _scrypt(password, stored[16:48], 1 << stored[7], r, p, size=64)
        return _same(hmac.digest(key[32:], stored[:64], "sha256"), stored[64:])


class LegacyPbkdf2Hasher(OldHasher):
    """PBKDF2 with HMAC of any usual digest."""

    algorithm = "pbkdf2_node"

    def fits(self, password: bytes, stored: str) -> bool:
        """Compare; wrong numbers of parts and wrong base64 raise."""
        digest, iterations, salt, key = stored.split("$")
        if digest not in DIGESTS or not is_bearable_pbkdf2(int(iterations)):
            return False
        made = hashlib.pbkdf2_hmac(digest, password, _bytes(salt), int(iterations), len(_bytes(key)))
        return _same(made, _bytes(key))


class DigestHasher(OldHasher):
    """Argon2id over a digest that was fast: whoever steals the table has to break Argon2id first.

    The digest is made anew of the password that is tried, and that is what Argon2id is asked about.
    """

    algorithm = "argon2_over"

    def fits(self, password: bytes, stored: str) -> bool:
        """Compare; wrong numbers of parts raise."""
        digest, order, iterations, salt, argon2 = stored.split("$", 4)
        made = fast_digest(password, digest, order=order, salt=_bytes(salt), iterations=int(iterations))
        return Argon2idHasher().verify(made, f"argon2${argon2}")


def wrap_digest(hexadecimal: str, digest: str, *, order: str, salt: bytes, iterations: int) -> str:
    """Return what is stored of a fast digest: it takes as long as a hash of ours."""
    hasher = Argon2idHasher()
    made = hasher.encode(hexadecimal, hasher.salt()).partition("$")[2]
    parts = (DigestHasher.algorithm, digest, order, str(iterations), b64encode(salt).decode(), made)
    return "$".join(parts)


def is_wrapped_digest(stored: str, hexadecimal: str) -> bool:
    """Return whether `wrap_digest` made what is stored of this digest."""
    parts = stored.split("$", 5)
    is_one = parts[0] == DigestHasher.algorithm and len(parts) == 6
    return is_one and Argon2idHasher().verify(hexadecimal, f"argon2${parts[5]}")


def fast_digest(password: bytes, digest: str, *, order: str, salt: bytes, iterations: int) -> str:
    """Return the digest as the old site made it, in hex; `order` says where the salt stands.

    :raises ValueError: if there is no such digest or order, or if it would take too long
    """
    if digest not in DIGESTS or not 0 < iterations <= MOST_DIGEST_ROUNDS:
        raise ValueError("no such digest")
    if order == "hmac":
        for _ in range(iterations):
            password = hmac.digest(salt, password, digest).hex().encode()
        return password.decode()
    if order not in ("salt_password", "password_salt"):
        raise ValueError("no such order")
    return hashlib.new(digest, salt + password if order == "salt_password" else password + salt).hexdigest()


def _scrypt(password: bytes, salt: bytes, n: int, r: int, p: int, *, size: int) -> bytes:
    if not is_bearable_scrypt(n, r, p):
        raise ValueError("absurd parameters")
    return hashlib.scrypt(password, salt=salt, n=n, r=r, p=p, maxmem=2 * SCRYPT_BYTES, dklen=size)


def _bytes(text: str) -> bytes:
    return b64decode(text, validate=True)


def _same(made: bytes, stored: bytes) -> bool:
    return len(stored) >= SHORTEST_KEY and hmac.compare_digest(made, stored)
