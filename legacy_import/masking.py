"""Shows values of an old database to whoever looks at it: never a secret, and of people only the shape. Pure."""

from collections import Counter
from collections.abc import Sequence

from legacy_import.clean import as_text
from legacy_import.password_column import read_password, read_raw_digest
from legacy_import.passwords import PasswordRules
from legacy_import.rows import Row, Value, sample
from legacy_import.secret_names import is_secret_name

HIDDEN = "(hidden)"
SHOWN = 32  # characters
# Fields that say nothing about a person: an id, a date, a state, what a course is called and costs.
HARMLESS = frozenset(
    {
        "id", "user_id", "course_id", "enrollment_id", "instructor_id", "user_type", "is_admin", "email_verified",
        "active", "blocked", "created_at", "updated_at", "last_login", "deleted", "completed_at", "paid_at", "paid",
        "status", "answered", "read", "progress", "course_title", "title", "slug", "category", "level", "price",
        "price_minor", "amount", "amount_minor", "refunded_amount", "refunded_minor", "currency", "duration_hours",
        "duration_minutes", "capacity", "published",
    }
)  # fmt: skip


def shown(field: str, value: Value) -> str:
    """Show a value of a field that we know."""
    if value is None:
        return "NULL"
    return sample(value)[:SHOWN] if field in HARMLESS else shape(value)


def shape(value: Value) -> str:
    """Show only what a value looks like: `a…@e….com`, `A… (12)`; numbers and dates whole."""
    if value is None:
        return "NULL"
    if not isinstance(value, str | bytes):
        return sample(value)[:SHOWN]
    text = as_text(value)
    name, at, domain = text.partition("@")
    if at and name and "." in domain:
        return f"{_printable(name[0])}…@{_printable(domain[:1])}….{_printable(domain.rpartition('.')[2][:6])}"
    return f"{_printable(text[:1])}… ({len(text)})" if text else "''"


def shown_unknown(column: str, value: Value) -> str:
    """Show a value of a column that we do not know."""
    return HIDDEN if is_secret_name(column) else shape(value)


def password_kinds(rows: Sequence[Row], column: str, salt: str, rules: PasswordRules) -> str:
    """Count what kinds of passwords the rows hold, the most frequent first; no value is shown."""
    counted = Counter(str(read_password(_text(row[column]), _text(row[salt]), rules).kind) for row in rows)
    return ", ".join(f"{kind} {number}" for kind, number in counted.most_common())


def _text(value: Value) -> str:
    return read_raw_digest(value) if isinstance(value, bytes) else as_text(value)


def _printable(text: str) -> str:
    return "".join(letter if letter.isprintable() else "·" for letter in text)
