"""What an old password column holds, and what of it we keep. Pure: nothing is hashed here.

Only bcrypt is kept for now. Every other kind becomes an unusable password and its owner takes the reset path:
a plain text or a fast hash must never be at rest here.
"""

import re
from enum import StrEnum

BCRYPT_PREFIX = "bcrypt_node$"
MAXIMUM_COST = 15

# 22 characters of salt carry 128 bits, so the last one has only two meaningful bits; a real bcrypt writes one
# of these four there, and the bcrypt library refuses all others.
_BCRYPT = re.compile(r"\$2[aby]\$(\d{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
_LIKE_BCRYPT = re.compile(r"\$2[a-z]?\$", re.ASCII)
_HEX_LENGTHS = {32: "md5", 40: "sha1", 64: "sha256", 128: "sha512"}
_HEX = re.compile(r"[0-9a-fA-F]+", re.ASCII)


class PasswordKind(StrEnum):
    """What a stored password looks like."""

    BCRYPT = "bcrypt"
    BCRYPT_TOO_COSTLY = "bcrypt_too_costly"
    BCRYPT_MALFORMED = "bcrypt_malformed"
    ARGON2 = "argon2"
    SCRYPT = "scrypt"
    PBKDF2 = "pbkdf2"
    MD5 = "md5"
    SHA1 = "sha1"
    SHA256 = "sha256"
    SHA512 = "sha512"
    OTHER = "plain_or_unknown"
    EMPTY = "empty"

    @property
    def is_usable(self) -> bool:
        """True if the owner can log in with the old password."""
        return self is PasswordKind.BCRYPT


_MARKS = (
    ("$argon2", PasswordKind.ARGON2),
    ("$scrypt$", PasswordKind.SCRYPT),
    ("scrypt:", PasswordKind.SCRYPT),
    ("$s0$", PasswordKind.SCRYPT),
    ("$pbkdf2", PasswordKind.PBKDF2),
    ("pbkdf2", PasswordKind.PBKDF2),
)


def classify(stored: str | None) -> PasswordKind:
    """Say what kind of password a column holds.

    A hash decides how long its own check takes: one of cost 31 keeps a processor busy for days, so whoever
    can write one row of the old database could stop our logins with it. Costs over 15 (about two seconds)
    are therefore refused, as is everything that only looks like bcrypt.
    """
    if not stored:
        return PasswordKind.EMPTY
    if _LIKE_BCRYPT.match(stored):
        return _bcrypt_kind(stored)
    for mark, kind in _MARKS:
        if stored.lower().startswith(mark):
            return kind
    if _HEX.fullmatch(stored) and len(stored) in _HEX_LENGTHS:
        return PasswordKind(_HEX_LENGTHS[len(stored)])
    return PasswordKind.OTHER


def _bcrypt_kind(stored: str) -> PasswordKind:
    found = _BCRYPT.fullmatch(stored)
    if not found or not 4 <= int(found[1]) <= 31:
        return PasswordKind.BCRYPT_MALFORMED
    return PasswordKind.BCRYPT if int(found[1]) <= MAXIMUM_COST else PasswordKind.BCRYPT_TOO_COSTLY


def encode_for_storage(stored: str | None) -> str | None:
    """Return the text for our password column, or None where only an unusable one will do.

    The prefix names the hasher that knows bcrypt as Node wrote it.
    """
    return f"{BCRYPT_PREFIX}{stored}" if classify(stored).is_usable else None
