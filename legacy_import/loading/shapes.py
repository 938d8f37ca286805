"""Mapped rows as columns of texts that only need storing: what is usual, and nothing else. Pure.

A kind's shape leaves out the rows that need a closer look; they go the long way (batches.py), with the same end.
"""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from legacy_import.aliases import Kind
from legacy_import.instants import Instants
from legacy_import.loading.checksums import checksums_of_columns
from legacy_import.record import Columns
from legacy_import.rows import ImportOptions


class Shaped(NamedTuple):
    """Usual rows: where they stand in their chunk, and their columns, each as long as `positions`.

    `keys` is what the database is asked about; `texts` and `plain` are what is stored, `written` their checksums. Where
    values are still to be looked up there are no checksums yet, and `open` holds what they are looked up by.
    """

    positions: Sequence[int]
    made_at: Sequence[int]  # milliseconds since 1970
    keys: Sequence[str]
    texts: Sequence[Sequence[str]]
    plain: Sequence[Sequence[str | None]]
    written: list[int]
    open: Sequence[tuple[str, str]] = ()


ToShape = Callable[[Columns, Sequence[int], ImportOptions], Shaped]
USER_COLUMNS = (
    "email", "email_canonical", "password", "first_name", "last_name", "user_type", "phone_number", "bio",
    "email_verified", "is_active", "is_staff", "created_at", "date_of_birth",
)  # fmt: skip
CONTACT_COLUMNS = (
    "name", "email", "email_canonical", "phone", "subject", "message", "status", "response_message", "internal_notes",
    "user_agent", "created_at", "ip_address",
)  # fmt: skip
YES_OR_NO = {True: "1", False: "0"}


def shape_users(fields: Columns, positions: Sequence[int], options: ImportOptions) -> Shaped:
    """Shape accounts: the address is plain ASCII, the password a hash that may be kept, the date known.

    Who is to become staff needs a closer look.
    """
    made_at = Instants.of(fields["created_at"])
    dates, passwords, emails, types = made_at.texts, *(fields[name] for name in ("password", "email", "user_type"))
    fit = [
        position
        for position in positions
        if dates[position] is not None
        and type(passwords[position]) is str
        and _is_plain(emails[position])
        and not (options.trust_roles and types[position] == "admin")
    ]
    pick = _picking(fit, fields)
    email, born = pick("email"), pick("date_of_birth")
    canonical = list(map(str.lower, email))
    texts = [
        email, canonical, *map(pick, ("password", "first_name", "last_name", "user_type", "phone_number", "bio")),
        _flags(pick("email_verified")), _flags(pick("is_active")), ["0"] * len(fit), _picked(fit, dates),
    ]  # fmt: skip
    plain = [[None if day is None else str(day) for day in born]]
    return Shaped(fit, made_at.milliseconds(fit), canonical, texts, plain, checksums_of_columns([*texts, *plain]))


def shape_contacts(fields: Columns, positions: Sequence[int], _options: ImportOptions) -> Shaped:
    """Shape messages: the sender's address is plain ASCII, the date known, and no old account is named."""
    made_at = Instants.of(fields["created_at"])
    dates, accounts, emails = made_at.texts, fields["legacy_user_id"], fields["email"]
    fit = [
        position
        for position in positions
        if dates[position] is not None and accounts[position] is None and _is_plain(emails[position])
    ]
    pick = _picking(fit, fields)
    email = pick("email")
    canonical = list(map(str.lower, email))
    texts = [
        pick("name"), email, canonical,
        *map(pick, ("phone", "subject", "message", "status", "response", "internal_notes", "user_agent")),
        _picked(fit, dates),
    ]  # fmt: skip
    plain = [[address or None for address in pick("ip_address")]]
    return Shaped(fit, made_at.milliseconds(fit), canonical, texts, plain, checksums_of_columns([*texts, *plain]))


def shape_enrollments(fields: Columns, positions: Sequence[int], _options: ImportOptions) -> Shaped:
    """Shape enrolments: whose, in which course, how far; account and course are looked up later."""
    made_at, done_at = Instants.of(fields["created_at"]), Instants.of(fields["completed_at"])
    dates, people, progress = made_at.texts, fields["legacy_user_id"], fields["progress"]
    fit = [
        position
        for position in positions
        if dates[position] is not None and people[position] is not None and not progress[position]
    ]
    pick = _picking(fit, fields)
    status, made = pick("status"), _picked(fit, dates)
    courses = list(zip([one or "" for one in pick("legacy_course_id")], pick("course_title"), strict=True))
    done = [
        (at or begun) if state == "completed" else None
        for state, at, begun in zip(status, _picked(fit, done_at.texts), made, strict=True)
    ]
    return Shaped(fit, made_at.milliseconds(fit), pick("legacy_user_id"), [status], [done, made], [], courses)


SHAPES: dict[Kind, ToShape] = {
    Kind.USERS: shape_users,
    Kind.CONTACTS: shape_contacts,
    Kind.ENROLLMENTS: shape_enrollments,
}


def _picking(fit: Sequence[int], fields: Columns) -> Callable[[str], list[Any]]:
    """Return what takes the fit rows' values of a field."""
    return lambda name: _picked(fit, fields[name])


def _picked(fit: Sequence[int], column: list[Any]) -> list[Any]:
    return column if len(fit) == len(column) else [column[position] for position in fit]


def _is_plain(email: str) -> bool:
    """True where small letters are all that the canonical form takes."""
    return email.isascii() and email.isprintable()


def _flags(values: Sequence[bool]) -> list[str]:
    return [YES_OR_NO[value] for value in values]
