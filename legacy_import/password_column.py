"""What a password column holds: the entry, and what is told by lengths alone. Pure.

A form that names its function says all we need (legacy_import/password_forms.py). The others are told by their lengths,
and PasswordRules, which a mapping file can set, may say otherwise:

| form | read as |
|---|---|
| hex of 32, 40, 56, 64, 96 or 128 digits, or base64 of such a digest | md5, sha1, sha224 … sha512 |
| a salt and such a digest, `:`, `$`, `.` or `|` between | the same with the salt in front; 128 digits: scrypt |
| a column for the salt and such a digest | the same; 128 digits: PBKDF2 with sha512, 10,000 times |
| salt and hex of 1,024 digits | PBKDF2 of passport-local: sha256, 25,000 |
| anything else that does not look like a hash | a plain password |

The salt of hex digits is taken as the text it is: that is what crypto.scrypt and crypto.pbkdf2 were given.
"""

import re

from legacy_import.password_forms import BASE64, DIGEST_SIZES, HEX, NAMED_FORMS, decoded, pbkdf2_key, scrypt_key
from legacy_import.passwords import (
    DEFAULT_RULES,
    LONGEST_STORED,
    OldPassword,
    PasswordKind,
    PasswordRules,
    WeakPassword,
    nothing,
)

LONGEST_PLAIN = 1024  # bytes; nobody can log in with more
PLACEHOLDERS = frozenset(
    {
        "null", "undefined", "none", "nan", "n/a", "na", "nil", "false", "true", "[object object]", "google",
        "facebook", "github", "apple", "twitter", "linkedin", "microsoft", "oauth", "oauth2", "social", "sso", "saml",
        "ldap", "external", "no password", "nopassword", "no-password", "no_password", "not set", "unset", "disabled",
        "invalid", "google-oauth", "google_oauth", "googleauth", "google-auth", "google_auth", "-", "--", "!", "!!",
        "*", "x",
    }
)  # fmt: skip
PASSPORT_KEY = 512  # bytes

_PAIR = re.compile(r"([^:$.|]*)[:$.|]([^:$.|]*)")
_MODULAR = re.compile(r"\$[A-Za-z0-9_-]{1,20}\$|\{[A-Za-z0-9-]+\}|[\[{]\s*\"", re.ASCII)
_AES_BEGINNING = "U2FsdGVkX1"  # "Salted__": CryptoJS and openssl
_LONGEST_WORDLIKE = 39  # more letters and digits without a space are a hash that we do not know


def read_password(text: str, salt: str = "", rules: PasswordRules = DEFAULT_RULES) -> OldPassword:
    """Say what a password column holds and what to store of it; `salt` is that of a column of its own."""
    stripped = text.strip("\0 \t\r\n")  # BINARY columns are padded with NUL
    if not stripped:
        return nothing(PasswordKind.EMPTY)
    if rules.scheme == "unusable":
        return nothing(PasswordKind.REFUSED)
    if rules.scheme == "plain":
        return _plain(text)
    return _named(stripped) or _by_length(stripped, salt.strip(), rules) or _leftover(text)


def read_raw_digest(raw: bytes) -> str:
    """Return bytes of a BINARY column as the hex digits that they mean, other bytes as text."""
    is_text = all(32 <= byte < 127 for byte in raw)
    return raw.hex() if len(raw) in DIGEST_SIZES and not is_text else raw.decode("utf-8", "replace")


def _named(text: str) -> OldPassword | None:
    for read in NAMED_FORMS:
        if (found := read(text)) is not None:
            return found
    if text.lower() in PLACEHOLDERS:
        return nothing(PasswordKind.PLACEHOLDER)
    return nothing(PasswordKind.ENCRYPTED) if text.startswith(_AES_BEGINNING) else None


def _leftover(text: str) -> OldPassword:
    """A plain password, unless it looks like a hash: that would let anyone in who read the old database."""
    stripped = text.strip()
    is_long = len(stripped) > _LONGEST_WORDLIKE and BASE64.fullmatch(stripped.replace(":", "."))
    is_hex = len(stripped) >= 32 and HEX.fullmatch(stripped)
    if is_long or is_hex or _MODULAR.match(stripped):
        return nothing(PasswordKind.UNKNOWN)
    return _plain(text)


def _plain(text: str) -> OldPassword:
    if len(text.encode("utf-8", "replace")) > LONGEST_PLAIN:
        return nothing(PasswordKind.TOO_LONG)
    if not text.isprintable() or "\N{REPLACEMENT CHARACTER}" in text:
        return nothing(PasswordKind.UNKNOWN)
    return OldPassword(PasswordKind.PLAIN, WeakPassword(text))


def _by_length(text: str, salt: str, rules: PasswordRules) -> OldPassword | None:
    """Read what is only a hash, or a salt and a hash."""
    has_own_salt = bool(salt)
    key = _digest_of(text)
    if key is None and not salt and (pair := _PAIR.fullmatch(text)):
        salt, key = _salt_and_key(*pair.groups())
    if key is None:
        return None
    scheme = rules.scheme if rules.scheme != "auto" else _scheme_of(key, salt, has_own_salt=has_own_salt)
    try:
        salt_bytes = _salt_bytes(salt, rules)
    except ValueError:
        return nothing(PasswordKind.MALFORMED)
    if scheme == "scrypt":
        return scrypt_key(rules.n, rules.r, rules.p, salt_bytes, key)
    if scheme == "pbkdf2":
        is_passport = len(key) == PASSPORT_KEY
        digest = rules.algorithm or ("sha256" if is_passport else DIGEST_SIZES.get(len(key), "sha512"))
        return pbkdf2_key(digest, rules.iterations or (25_000 if is_passport else 10_000), salt_bytes, key)
    return _digest(key, salt_bytes, rules)


def _salt_and_key(first: str, second: str) -> tuple[str, bytes | None]:
    """Which of the two is the hash: the longer one that can be one; of equals the second, as most write it."""
    one, other = _digest_of(first), _digest_of(second)
    if one is not None and (other is None or len(one) > len(other)):
        return second, one
    return first, other


def _scheme_of(key: bytes, salt: str, *, has_own_salt: bool) -> str:
    if len(key) == PASSPORT_KEY:
        return "pbkdf2"
    if salt and len(key) == 64:
        return "pbkdf2" if has_own_salt else "scrypt"
    return "digest"


def _digest_of(text: str) -> bytes | None:
    """Return the hash that a text is, if it has the length of one."""
    raw = bytes.fromhex(text) if HEX.fullmatch(text) else None
    if raw is None and text.endswith("="):  # a digest's base64 always is padded, and few passwords end so
        raw = decoded(text)
    return raw if raw is not None and (len(raw) in DIGEST_SIZES or len(raw) == PASSPORT_KEY) else None


def _salt_bytes(salt: str, rules: PasswordRules) -> bytes:
    """:raises ValueError: if the salt is not in the encoding that the mapping file says"""
    if rules.salt_encoding == "text":
        return salt.encode("utf-8", "replace")
    if rules.salt_encoding == "hex":
        return bytes.fromhex(salt)
    raw = decoded(salt, prefers_hex=False)
    if raw is None:
        raise ValueError("the salt is not base64")
    return raw


def _digest(key: bytes, salt: bytes, rules: PasswordRules) -> OldPassword:
    algorithm = DIGEST_SIZES.get(len(key), "")
    if not algorithm or rules.algorithm not in ("", algorithm) or len(salt) > LONGEST_STORED // 4:
        return nothing(PasswordKind.UNKNOWN)
    weak = WeakPassword(key.hex(), algorithm, rules.order, salt, max(1, rules.iterations if salt else 1))
    return OldPassword(PasswordKind.DIGEST, weak)
