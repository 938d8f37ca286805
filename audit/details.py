"""The details of a row: made storable, bounded, and told apart into what stays and what can be erased."""

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from titanobova.http import UNSTORABLE
from titanobova.logging import redact

DETAILS_BYTES = 4096
NOT_TOLD = "[hidden]"
ADDRESS = re.compile(r"[^\s/@]+@[^\s/@]+")

# Members whose values are words and figures of ours; all others may hold what people typed.
IMPERSONAL = frozenset(
    {
        "access_ended",
        "amount",
        "before",
        "bytes",
        "closed",
        "command",
        "contacts",
        "count",
        "course",
        "currency",
        "enrollment",
        "event",
        "facts",
        "file",
        "format",
        "keys",
        "kind",
        "left_out",
        "lesson",
        "made_at",
        "mailed",
        "method",
        "of",
        "reason",
        "reasons",
        "rows",
        "scope",
        "sessions",
        "sessions_ended",
        "sha256",
        "spam",
        "status",
        "stripe_event",
        "system",
        "through",
        "until",
    }
)

Details = dict[str, Any]


def tell_apart(event: str, system: str, details: dict[str, object]) -> tuple[Details, Details | None]:
    """Return what the log keeps for ever of some details, and what is erased with the person it speaks of.

    Of changed fields the names stay, not what stood there.
    """
    whole = _bounded({"event": event, **({"system": system} if system else {}), **_safe(details)})
    kept = {name: value for name, value in whole.items() if name in IMPERSONAL}
    personal = {name: value for name, value in whole.items() if name not in IMPERSONAL}
    fields = personal.get("fields")
    if isinstance(fields, list):
        kept["fields"] = personal.pop("fields")
    elif fields:
        kept["fields"] = sorted(fields)
    return kept, personal or None


def told_filters(filters: Mapping[str, object], *, typed: Collection[str]) -> Details:
    """Return by what somebody chose rows, as the log keeps it; of the filters in `typed` only that they were used.

    Whoever is looked for is seldom the one who looks: no erasure would find their name or address among the details of
    somebody else's deed. So a value that looks like an e-mail address is kept in no filter.
    """
    return {name: NOT_TOLD if name in typed or ADDRESS.search(str(value)) else value for name, value in filters.items()}


def without_addresses(text: str) -> str:
    """Return a text, such as a path, without what looks like an e-mail address in it."""
    return ADDRESS.sub(NOT_TOLD, text)


def _safe(details: dict[str, object]) -> Details:
    safe: Details = redact(_storable(json.loads(json.dumps(details, default=str))))
    return safe


def _bounded(whole: Details) -> Details:
    if len(json.dumps(whole)) <= DETAILS_BYTES:
        return whole
    ours: Details = {name: whole[name] for name in ("event", "system") if name in whole}
    keys = sorted(set(whole) - set(ours))[:50]
    return {**ours, "left_out": "details over 4 KiB", "keys": keys}


def _storable(value: Any) -> Any:
    """Return `value` without what a database refuses or changes: what happened is recorded anyway.

    PostgreSQL takes neither NUL nor lone surrogates, and gives 1e22 back as a whole number, which no digest fits.
    """
    if isinstance(value, dict):
        return {_storable(key): _storable(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_storable(item) for item in value]
    if isinstance(value, float):
        return str(value)
    return UNSTORABLE.sub("\ufffd", value) if isinstance(value, str) else value
