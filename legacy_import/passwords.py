"""What an old password column holds, and what of it we keep. Pure: nothing is hashed here but fingerprints.

| in the old database | here |
|---|---|
| bcrypt (`$2a$`, `$2b$`, `$2y$`, Adonis' `$bcrypt$v=98$…`), Argon2 in its text form | kept as it is |
| scrypt and PBKDF2, see legacy_import/password_forms.py | kept, as salt and the first 32 bytes of the key |
| md5, sha1, sha2, with a salt or without, in hex or base64; plain text | hashed with Argon2id at import |
| NULL, empty, `google`, `null` and the like, encrypted, malformed, unknown, absurdly costly | unusable |
"""

import re
from base64 import b64encode
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from typing import Literal, NamedTuple

from users.password_costs import is_bearable_argon2, is_bearable_bcrypt

Order = Literal["salt_password", "password_salt", "hmac"]
Scheme = Literal["auto", "scrypt", "pbkdf2", "digest", "plain", "unusable"]
LONGEST_STORED = 512  # characters of our column
KEPT_KEY = 32  # bytes of a key that are kept: nobody hits 256 bits by chance


class PasswordKind(StrEnum):
    """What a stored password looks like."""

    BCRYPT = "bcrypt"
    ARGON2 = "argon2"
    SCRYPT = "scrypt"
    PBKDF2 = "pbkdf2"
    DIGEST = "digest"
    PLAIN = "plain"
    EMPTY = "empty"
    PLACEHOLDER = "placeholder"
    ENCRYPTED = "encrypted"
    MALFORMED = "malformed"
    TOO_COSTLY = "too_costly"
    TOO_LONG = "too_long"
    UNKNOWN = "unknown"
    REFUSED = "refused_by_the_mapping"


@dataclass(frozen=True)
class PasswordRules:
    """What a hash does not say of itself; a person may know it and say it in the mapping file.

    They count where a value is only a hash, or only a salt and a hash. `scheme` "auto" means: told by the lengths.
    """

    scheme: Scheme = "auto"
    algorithm: str = ""
    iterations: int = 0
    order: Order = "salt_password"
    salt_encoding: Literal["text", "hex", "base64"] = "text"
    n: int = 16_384
    r: int = 8
    p: int = 1


DEFAULT_RULES = PasswordRules()


@dataclass(frozen=True, slots=True, repr=False)
class WeakPassword:
    """A password that must not be stored as it came; legacy_import/hashing.py makes an Argon2id hash of it.

    `secret` is the digest in hex, or the plain password where `algorithm` is "".
    """

    secret: str
    algorithm: str = ""
    order: Order = "salt_password"
    salt: bytes = b""
    iterations: int = 1

    def __repr__(self) -> str:
        return "<weak password>"

    def fingerprint(self, key: bytes) -> str:
        """Return what changes when the password does; without `key` (at most 64 bytes) it tells nothing."""
        parts = (self.secret, self.algorithm, self.order, self.salt.hex(), str(self.iterations))
        return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), key=key, digest_size=16).hexdigest()


class OldPassword(NamedTuple):
    """What a value was, and what to store: text for our column, something to be hashed first, or nothing."""

    kind: PasswordKind
    stored: "str | WeakPassword | None" = None


def nothing(kind: PasswordKind) -> OldPassword:
    """Say that a password is unusable, and why."""
    return OldPassword(kind)


def kept(kind: PasswordKind, stored: str) -> OldPassword:
    """Say that a hash is stored in this form, if the column holds it."""
    return OldPassword(kind, stored) if len(stored) <= LONGEST_STORED else nothing(PasswordKind.TOO_LONG)


def in_base64(raw: bytes) -> str:
    """Write bytes as users/old_hashers.py reads them."""
    return b64encode(raw).decode()


# 22 characters of salt carry 128 bits, so the last one has only two meaningful bits; a real bcrypt writes one
# of these four there, and the bcrypt library refuses all others.
_BCRYPT = re.compile(r"\$2[aby]\$(\d{2})\$[./A-Za-z0-9]{21}[.Oeu][./A-Za-z0-9]{31}", re.ASCII)
_PHC_BCRYPT = re.compile(r"\$bcrypt\$v=98\$r=(\d{1,2})\$([A-Za-z0-9+/]{22})\$([A-Za-z0-9+/]{31})", re.ASCII)
_BCRYPT_LETTERS = str.maketrans(
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/",
    "./ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789",
)
_B64 = r"[A-Za-z0-9+/]+"
_ARGON2 = re.compile(
    rf"\$(argon2(?:id|i|d))\$(v=(?:16|19)\$)?((?:[mtp]=\d{{1,9}},?){{3}})\$({_B64})={{0,2}}\$({_B64})={{0,2}}", re.ASCII
)


def read_bcrypt(text: str) -> OldPassword:
    """Read what begins like a bcrypt hash."""
    if found := _PHC_BCRYPT.fullmatch(text):
        salt, key = (part.translate(_BCRYPT_LETTERS) for part in found.groups()[1:])
        text = f"$2b${int(found[1]):02}${salt}{key}"
    found = _BCRYPT.fullmatch(text)
    if not found or not 4 <= int(found[1]) <= 31:
        return nothing(PasswordKind.MALFORMED)
    if not is_bearable_bcrypt(int(found[1])):
        return nothing(PasswordKind.TOO_COSTLY)
    return OldPassword(PasswordKind.BCRYPT, f"bcrypt_node${text}")


def read_argon2(text: str) -> OldPassword:
    """Read what begins like an Argon2 hash; the parameters may stand in any order, as Adonis writes them."""
    found = _ARGON2.fullmatch(text)
    parameters = dict(part.split("=") for part in found[3].split(",") if part) if found else {}
    if not found or parameters.keys() != {"m", "t", "p"}:
        return nothing(PasswordKind.MALFORMED)
    memory, passes, lanes = (int(parameters[name]) for name in "mtp")
    if not is_bearable_argon2(memory, passes, lanes):
        return nothing(PasswordKind.TOO_COSTLY)
    form = f"${found[1]}${found[2] or ''}m={memory},t={passes},p={lanes}${found[4]}${found[5]}"
    return kept(PasswordKind.ARGON2, f"argon2_node${form}")
