"""Digests that say whether a row is still what was written, under keys that the database does not know.

Each row carries a stamp, computed when it is written: who puts a row into the table by other ways than this program
cannot make one. The stamp does not cover what a person may want to be forgotten; it covers salted digests of that. With
the salt gone nobody can try likely addresses against a digest, and the stamp is as good as before.
"""

import hashlib
import hmac
import ipaddress
import json
import secrets
from collections.abc import Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from django.conf import settings

from titanobova.crypto import derive_key

# What a stamp covers, in this order: every column but those that are erased and those of the seal.
FACTS = (
    "id",
    "user_id",
    "action",
    "resource_type",
    "resource_id",
    "outcome",
    "request_id",
    "timestamp",
    "details",
    "origin_digest",
    "personal_digest",
)


def current_keys() -> tuple[bytes, ...]:
    """Return the keys of the log, the one that signs first.

    An earlier SECRET_KEY stays in AUDIT_OLD_SECRET_KEYS for as long as rows of its time are kept.
    """
    return _derived(settings.SECRET_KEY, *settings.AUDIT_OLD_SECRET_KEYS)


@lru_cache(maxsize=8)
def _derived(*secret_keys: str) -> tuple[bytes, ...]:
    return tuple(derive_key(secret, "audit") for secret in secret_keys)


def mac(kind: str, facts: Sequence[Any], key: bytes | None = None) -> str:
    """Return the HMAC-SHA256 of facts in hexadecimal; `kind` keeps what one thing says from being taken for another."""
    return hmac.digest(key or current_keys()[0], canonical([kind, *facts]), "sha256").hex()


def salted(values: Sequence[Any]) -> tuple[str | None, str]:
    """Return a fresh salt and the digest of personal values under it; None and "" where there is nothing personal."""
    if not any(values):
        return None, ""
    salt = secrets.token_hex(16)
    return salt, digest(salt, values)


def digest(salt: str, values: Sequence[Any]) -> str:
    """Return the SHA-256 of values behind a salt, in hexadecimal."""
    return hashlib.sha256(salt.encode() + canonical(values)).hexdigest()


def origin_of(ip_address: str | None, user_agent: str | None) -> tuple[str, str]:
    """Return where somebody acted from, spelt alike whichever database it comes back from."""
    try:
        return str(ipaddress.ip_address(ip_address or "")), user_agent or ""
    except ValueError:
        return ip_address or "", user_agent or ""


def canonical(values: Sequence[Any]) -> bytes:
    """Return the one spelling of values in JSON."""
    return json.dumps(values, default=_text, sort_keys=True, separators=(",", ":")).encode()


def _text(value: Any) -> str:
    return value.astimezone(UTC).isoformat() if isinstance(value, datetime) else str(value)
