"""What old databases call the things that we know: the knowledge as data, and what applies it.

Names are compared without case and without anything that is not a letter or a digit, so that `createdAt`,
`created_at`, `CreatedAt` and `CREATED-AT` are one; the first synonym that a table has wins. Pure.
"""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict


class Kind(StrEnum):
    """What we can import, parents before children."""

    USERS = "users"
    CONTACTS = "contacts"
    ENROLLMENTS = "enrollments"
    REGISTRATIONS = "registrations"


@dataclass(frozen=True)
class KindNames:
    """Table names in the singular, and for each of our fields the columns' names; the best stands first."""

    tables: Sequence[str]
    fields: Mapping[str, str]


PERSON = {
    "name": "name full_name display_name real_name student_name sender_name",
    "first_name": "first_name given_name forename fname",
    "last_name": "last_name surname family_name lname",
    "email": "email email_address mail user_email sender_email",
}
PHONE = "phone phone_number telephone tel mobile mobile_number phone_no"
CREATED = "created_at created created_on created_date date_created creation_date inserted_at"

KNOWN: dict[Kind, KindNames] = {
    Kind.USERS: KindNames(
        tables=["user", "member", "account"],
        fields={
            "id": "id _id user_id uuid pk",
            **PERSON,
            "password": "password password_hash hashed_password encrypted_password passwd hash",
            "user_type": "user_type role user_role account_type type",
            "created_at": f"{CREATED} registered_at joined_at signup_date",
        },
    ),
    Kind.CONTACTS: KindNames(
        tables=[
            "contact",
            "contact message",
            "contact form",
            "contact submission",
            "contact request",
            "enquiry",
            "inquiry",
        ],
        fields={
            "id": "id _id contact_id uuid pk",
            **PERSON,
            "phone": PHONE,
            "subject": "subject topic title reason",
            "message": "message body content text comment comments enquiry inquiry description",
            "created_at": f"{CREATED} submitted_at sent_at timestamp date",
        },
    ),
    Kind.ENROLLMENTS: KindNames(
        tables=["enrollment", "enrolment", "course enrollment", "course enrolment", "user course"],
        fields={
            "id": "id _id enrollment_id enrolment_id uuid pk",
            "user_id": "user_id user student_id student member_id account_id",
            "course_id": "course_id",
            "course_title": "course_title course_name course title",
            "status": "status state enrollment_status enrolment_status",
            "created_at": f"{CREATED} enrolled_at enrolled_on enrollment_date enrolment_date timestamp date",
        },
    ),
    Kind.REGISTRATIONS: KindNames(
        tables=[
            "registration",
            "course registration",
            "enrollment request",
            "enrolment request",
            "application",
        ],
        fields={
            "id": "id _id registration_id uuid pk",
            **PERSON,
            "phone": PHONE,
            "course_title": "course course_title course_name program programme",
            "level": "level course_level",
            "price": "price amount fee fees total cost course_price course_fee",
            "currency": "currency currency_code",
            "notes": "notes note message comments remarks",
            "experience": "experience experience_level",
            "paid": "paid is_paid has_paid payment_status",
            "paid_at": "paid_at paid_on payment_date date_paid",
            "created_at": f"{CREATED} registered_at registration_date submitted_at timestamp date",
        },
    ),
}
NOT_A_PREFIX = frozenset({"old", "archived", "archive", "deleted", "backup", "bak", "tmp", "temp", "test"})
GLUED_PREFIXES = ("tbl", "tb")
NOT_A_NAME = "username"  # what a person logs in with; without the table's word in front it would read as a name


class TableOverride(TypedDict, total=False):
    """What a person knows better about one kind; all may be left out. A column "" means: not this field."""

    table: str
    key: str
    columns: dict[str, str]


@dataclass(frozen=True)
class TableLayout:
    """Where one kind lives: `columns` leads from our field to the source's, `key` orders and resumes."""

    table: str
    key: str | None
    columns: dict[str, str]
    unused: list[str]


@dataclass(frozen=True)
class Layout:
    """What was understood of a whole database, in the order of import, and what was not."""

    tables: dict[Kind, TableLayout]
    missing: list[Kind]
    unknown_tables: list[str]


class LayoutError(ValueError):
    """A mapping names something that does not exist."""


def understand(tables: Mapping[str, Sequence[str]], override: Mapping[str, TableOverride] | None = None) -> Layout:
    """Recognise our kinds in a database, given as table names with their columns.

    :raises LayoutError: if `override` names a kind, table, field or column that does not exist
    """
    overrides = {_kind(name): known for name, known in (override or {}).items()}
    free = [table for table in tables if table not in {known.get("table") for known in overrides.values()}]
    found: dict[Kind, TableLayout] = {}
    for kind in Kind:
        known = overrides.get(kind, TableOverride())
        table = known.get("table") or _best_table(kind, free, tables)
        if table:
            found[kind] = _table_layout(kind, table, tables, known)
            free = [other for other in free if other != table]
    return Layout(found, [kind for kind in Kind if kind not in found], free)


def _best_table(kind: Kind, free: Sequence[str], tables: Mapping[str, Sequence[str]]) -> str | None:
    """The best name wins; of two equally good ones the table in which more of our fields are recognised."""
    ranked = [
        (rank, -len(_recognised(kind, tables[table])), position, table)
        for position, table in enumerate(free)
        if tables[table] and (rank := _rank(kind, table)) is not None
    ]
    return min(ranked)[3] if ranked else None


def _rank(kind: Kind, table: str) -> tuple[int, bool] | None:
    words = _words(table)
    for position, alias in enumerate(KNOWN[kind].tables):
        for name in _singular_and_plural(alias):
            if (prefixed := _prefixed(words, name.split())) is not None:
                return position, prefixed
    return None


def _prefixed(words: Sequence[str], name: Sequence[str]) -> bool | None:
    """False if a table is called exactly so, True if with a prefix, None if it is called otherwise."""
    glued, wanted = "".join(words), "".join(name)
    if glued == wanted:
        return False
    if glued in {prefix + wanted for prefix in GLUED_PREFIXES}:
        return True
    prefix = words[: -len(name)]
    fits = list(words[-len(name) :]) == list(name) and 1 <= len(prefix) <= 2
    return True if fits and not NOT_A_PREFIX.intersection(prefix) else None


def _singular_and_plural(alias: str) -> Iterator[str]:
    yield alias
    yield alias[:-1] + "ies" if alias.endswith("y") else alias + "s"


def _words(name: str) -> list[str]:
    return re.findall(r"[^\W_]+", re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).lower())


def _plain(name: str) -> str:
    return "".join(_words(name))


def _recognised(kind: Kind, columns: Sequence[str]) -> dict[str, str]:
    """First every column under a name that we know, then `contact_email` and the like for what is left."""
    owners = "|".join(_plain(table) for table in KNOWN[kind].tables)
    plain = {_plain(column): column for column in reversed(columns)}
    shortened = {re.sub(f"^(?:{owners})", "", name): plain[name] for name in plain if name != NOT_A_NAME}
    found: dict[str, str] = {}
    for names in (plain, shortened):
        for field, synonyms in KNOWN[kind].fields.items():
            column = _first(names, synonyms.split(), taken=found.values())
            if column and field not in found:
                found[field] = column
    return {field: found[field] for field in KNOWN[kind].fields if field in found}


def _first(names: Mapping[str, str], synonyms: Sequence[str], *, taken: Iterable[str]) -> str | None:
    candidates = [names[_plain(synonym)] for synonym in synonyms if _plain(synonym) in names]
    return next((column for column in candidates if column not in taken), None)


def _kind(name: str) -> Kind:
    try:
        return Kind(name)
    except ValueError:
        raise LayoutError(f"the mapping names {name!r}, which is none of {', '.join(Kind)}") from None


def _table_layout(kind: Kind, table: str, tables: Mapping[str, Sequence[str]], known: TableOverride) -> TableLayout:
    chosen = known.get("columns", {})
    _check(kind, table, tables, known)
    left = [column for column in tables[table] if column not in chosen.values()]
    columns = {field: column for field, column in _recognised(kind, left).items() if field not in chosen}
    columns |= {field: column for field, column in chosen.items() if column}
    key = known.get("key") or columns.get("id")
    if key:
        columns.setdefault("id", key)
    return TableLayout(table, key, columns, [name for name in tables[table] if name not in columns.values()])


def _check(kind: Kind, table: str, tables: Mapping[str, Sequence[str]], known: TableOverride) -> None:
    if table not in tables:
        raise LayoutError(f"the mapping names the table {table!r}, which the database does not have")
    chosen = known.get("columns", {})
    if strange := [field for field in chosen if field not in KNOWN[kind].fields]:
        raise LayoutError(f"the mapping names {strange[0]!r}, which is no field of {kind}")
    named = [column for column in (*chosen.values(), known.get("key")) if column]
    if absent := [column for column in named if column not in tables[table]]:
        raise LayoutError(f"the mapping names the column {absent[0]!r}, which {table} does not have")
