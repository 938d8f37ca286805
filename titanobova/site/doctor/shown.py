"""The effective settings, as they may be shown to anyone who looks over a shoulder."""

import re
from collections.abc import Mapping

from titanobova.settings import env

SECRET = re.compile(r"SECRET|PASSWORD|KEY|TOKEN|DSN|NODE_DB_URL")
LENGTHS = ((50, "50 characters or more"), (20, "20 to 49 characters"), (1, "under 20 characters"))


def shown_settings() -> list[tuple[str, str]]:
    """Return every variable that was read and its effective value; of a secret only whether it is set, and its length.

    Not even the beginning of a key is told: it names the account at Stripe, and what is short can be guessed.
    """
    read: Mapping[str, object] = env.dump()
    return [(name, masked(name, value)) for name, value in sorted(read.items())]


def masked(name: str, value: object) -> str:
    """Return `value` as text, or what may be told of a secret."""
    if not SECRET.search(name):
        return as_text(value) or "(empty)"
    items = value if isinstance(value, list) else [value] if value else []
    if not items:
        return "not set"
    return "set, " + ", ".join(length_class(str(item)) for item in items)


def as_text(value: object) -> str:
    """Return a value as a person would write it."""
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def length_class(secret: str) -> str:
    """Return about how long a secret is."""
    return next(words for least, words in LENGTHS if len(secret) >= least)
