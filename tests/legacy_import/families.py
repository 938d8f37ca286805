"""One small world, as the old databases of each family keep it.

Every family has names, ids, dates, money and words of its own; read and mapped, all of them must give the same world.
"""

import sqlite3
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

from legacy_import.synonyms import Kind
from tests.legacy_import.conftest import MariaDatabase, server_connection

Dialect = Literal["sqlite", "mysql"]
MOMENT = datetime(2023, 11, 14, 22, 13, 20, 123_000, tzinfo=UTC)
SECOND = MOMENT.replace(microsecond=0)
HASH = "$2b$10$24Kkkh.ZW4fCZcqsEfG5fOXBOXKAoWmVwjVWC.jheeakiDnK/JVLy"


@dataclass(frozen=True)
class Dates:
    """How a family writes an instant into a column of which type."""

    type: str
    write: Callable[[datetime], Any]
    keeps: datetime = MOMENT


def text_with(form: str) -> Callable[[datetime], str]:
    """Write the date and time, and milliseconds behind `%L`."""
    return lambda moment: moment.strftime(form).replace("%L", f"{moment.microsecond // 1000:03}")


def epoch(scale: int) -> Callable[[datetime], int]:
    """Write how many parts of a second have passed since 1970."""
    return lambda moment: (int(moment.timestamp() * 1000) * scale) // 1000


SEQUELIZE_TEXT = Dates("DATETIME", text_with("%Y-%m-%d %H:%M:%S.%%L +00:00"))
PLAIN_TEXT = Dates("TEXT", text_with("%Y-%m-%d %H:%M:%S"), SECOND)
ISO_TEXT = Dates("VARCHAR(40)", text_with("%Y-%m-%dT%H:%M:%S.%%LZ"))
JS_TEXT = Dates("VARCHAR(80)", text_with("%a %b %d %Y %H:%M:%S GMT+0000 (Coordinated Universal Time)"), SECOND)
DATETIME_3 = Dates("DATETIME(3)", text_with("%Y-%m-%d %H:%M:%S.%%L"))
DATETIME_6 = Dates("DATETIME(6)", text_with("%Y-%m-%d %H:%M:%S.%%L000"))
DATETIME_0 = Dates("DATETIME", text_with("%Y-%m-%d %H:%M:%S"), SECOND)
TIMESTAMP = Dates("TIMESTAMP NULL", text_with("%Y-%m-%d %H:%M:%S"), SECOND)
SECONDS = Dates("BIGINT", epoch(1), SECOND)
MILLISECONDS = Dates("BIGINT", epoch(1000))
MICROSECONDS = Dates("BIGINT", epoch(1_000_000))


def snake(name: str) -> str:
    """`created_at`."""
    return name


def camel(name: str) -> str:
    """`createdAt`."""
    first, *rest = name.split("_")
    return first + "".join(part.title() for part in rest)


def upper(name: str) -> str:
    """`CREATED_AT`."""
    return name.upper()


@dataclass(frozen=True)
class Family:
    """How one kind of Node site keeps things. `tables` are in the order of Kind."""

    tables: Sequence[str]
    dates: dict[Dialect, Dates]
    names: Callable[[str], str] = snake
    id_of: Callable[[int], Any] = lambda number: number
    id_type: str = "INTEGER"
    has_whole_name: bool = False
    money: Literal["decimal", "float", "cents"] = "decimal"
    roles: tuple[str, str] = ("admin", "student")
    statuses: tuple[str, str] = ("active", "succeeded")
    is_paranoid: bool = False
    views: dict[str, str] = field(default_factory=dict)
    """Names under which views show the tables; a table of that kind then has an unknown name."""


def uuid_of(number: int) -> str:
    """A UUID as text."""
    return f"9f1c2d3e-0000-4000-8000-{number:012}"


def uuid_bytes_of(number: int) -> bytes:
    """A UUID as BINARY(16)."""
    return bytes.fromhex(uuid_of(number).replace("-", ""))


def cuid_of(number: int) -> str:
    """What Prisma makes."""
    return f"cjld2cjxh0000qzrmn831i7r{number}"


SNAKE_PLURAL = ["users", "courses", "contacts", "enrollments", "registrations", "payments"]
FAMILIES: dict[str, Family] = {
    "sequelize": Family(
        ["Users", "Courses", "Contacts", "Enrollments", "Registrations", "Payments"],
        {"sqlite": SEQUELIZE_TEXT, "mysql": DATETIME_3},
        camel,
        uuid_of,
        "CHAR(36)",
        is_paranoid=True,
    ),
    "sequelize with integers and seconds": Family(
        ["Users", "Courses", "ContactMessages", "CourseEnrollments", "CourseRegistrations", "Transactions"],
        {"sqlite": SEQUELIZE_TEXT, "mysql": DATETIME_0},
        camel,
        roles=("Administrator", "User"),
        statuses=("enrolled", "paid"),
    ),
    "knex": Family(
        SNAKE_PLURAL,
        {"sqlite": MILLISECONDS, "mysql": TIMESTAMP},
        has_whole_name=True,
        money="cents",
        roles=("super_admin", "learner"),
        statuses=("in-progress", "completed"),
    ),
    "typeorm": Family(
        ["user", "course", "contact", "enrollment", "registration", "payment"],
        {"sqlite": PLAIN_TEXT, "mysql": DATETIME_6},
        camel,
        uuid_of,
        "VARCHAR(36)",
        is_paranoid=True,
    ),
    "prisma": Family(
        ["User", "Course", "ContactMessage", "Enrollment", "Registration", "Payment"],
        {"sqlite": MILLISECONDS, "mysql": DATETIME_3},
        camel,
        cuid_of,
        "VARCHAR(30)",
        money="cents",
        roles=("ADMIN", "STUDENT"),
        statuses=("ACTIVE", "SUCCEEDED"),
    ),
    "raw driver with text": Family(
        ["tbl_users", "tbl_courses", "tbl_contacts", "tbl_enrolments", "tbl_registrations", "tbl_payments"],
        {"sqlite": ISO_TEXT, "mysql": ISO_TEXT},
        has_whole_name=True,
        money="float",
    ),
    "raw driver in capitals": Family(
        ["APP_USERS", "APP_COURSES", "APP_CONTACTS", "APP_ENROLLMENTS", "APP_REGISTRATIONS", "APP_PAYMENTS"],
        {"sqlite": SECONDS, "mysql": SECONDS},
        upper,
        uuid_bytes_of,
        "BINARY(16)",
        money="float",
    ),
    "raw driver with microseconds": Family(SNAKE_PLURAL, {"sqlite": MICROSECONDS, "mysql": MICROSECONDS}),
    "raw driver with JavaScript's text": Family(SNAKE_PLURAL, {"sqlite": JS_TEXT, "mysql": JS_TEXT}),
    "views": Family(
        ["t1", "t2", "t3", "t4", "t5", "t6"],
        {"sqlite": ISO_TEXT, "mysql": DATETIME_3},
        views=dict(zip(SNAKE_PLURAL, ["t1", "t2", "t3", "t4", "t5", "t6"], strict=True)),
    ),
}


def world(family: Family, dialect: Dialect) -> dict[Kind, dict[str, object]]:
    """Return what mapping must give of the first row of each kind, whatever the family."""
    moment = family.dates[dialect].keeps
    one = _legacy_id(family.id_of(1))
    return {
        Kind.USERS: {
            "email": "ada@example.com", "password": f"bcrypt_node${HASH}", "first_name": "Ada",
            "last_name": "Lovelace", "user_type": "admin", "is_active": True, "email_verified": True,
            "phone_number": "+91 98765 43210", "created_at": moment,
        },
        Kind.COURSES: {
            "title": "UI/UX", "description": "About & more", "legacy_instructor_id": one, "level": "beginner",
            "price": Decimal("49.90"), "is_published": True, "capacity": 12, "created_at": moment,
        },
        Kind.CONTACTS: {
            "name": "Ada Lovelace", "email": "ada@example.com", "subject": "5 < 6", "message": "Zoë says 'hello' 😀",
            "status": "new", "created_at": moment,
        },
        Kind.ENROLLMENTS: {
            "legacy_user_id": one, "legacy_course_id": one, "status": "active", "progress": 40,
            "completed_at": None, "created_at": moment,
        },
        Kind.REGISTRATIONS: {
            "first_name": "Ada", "last_name": "Lovelace", "email": "ada@example.com", "course_title": "UI/UX",
            "price": Decimal("49.90"), "is_paid": True, "paid_at": moment, "created_at": moment,
        },
        Kind.PAYMENTS: {
            "legacy_user_id": one, "legacy_course_id": one, "amount": Decimal("49.90"), "currency": "eur",
            "status": "succeeded", "intent_id": "pi_3NabcDEF", "created_at": moment,
        },
    }  # fmt: skip


def _legacy_id(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)


Columns = dict[str, tuple[str, Any]]


def columns_of(family: Family, kind: Kind, dialect: Dialect) -> Columns:
    """Return each column of a table with its type and its value in the first row."""
    dates = family.dates[dialect]
    moment, one = (dates.type, dates.write(MOMENT)), (family.id_type, family.id_of(1))
    text = ("VARCHAR(255)", "")
    name: Columns = {"first_name": (text[0], "Ada"), "last_name": (text[0], "Lovelace")}
    if family.has_whole_name:
        name = {"name": (text[0], "Ada Lovelace")}
    email = ("VARCHAR(255)", "ada@example.com")
    money: Callable[[str], Columns] = lambda what: _money(family, what)  # noqa: E731 - read at four places below
    deleted: Columns = {"deleted_at": (dates.type, None)} if family.is_paranoid else {}
    tables: dict[Kind, Columns] = {
        Kind.USERS: {
            **name, "email": email, "password": (text[0], HASH), "role": ("VARCHAR(20)", family.roles[0]),
            "phone": (text[0], "+91 98765 43210"), "is_active": ("TINYINT(1)", 1), "email_verified": ("TINYINT(1)", 1),
        },
        Kind.COURSES: {
            "title": (text[0], "UI&#x2F;UX"), "description": ("TEXT", "About &amp; more"), "instructor_id": one,
            "level": (text[0], "Beginner"), **money("price"), "is_published": ("TINYINT(1)", 1),
            "max_students": ("INTEGER", 12),
        },
        Kind.CONTACTS: {
            **name, "email": email, "subject": (text[0], "5 &lt; 6"),
            "message": ("TEXT", "Zoë says &#x27;hello&#x27; 😀"), "is_read": ("TINYINT(1)", 0),
        },
        Kind.ENROLLMENTS: {
            "user_id": one, "course_id": one, "status": ("VARCHAR(20)", family.statuses[0]),
            "progress": ("INTEGER", 40), "completed_at": (dates.type, None),
        },
        Kind.REGISTRATIONS: {
            **name, "email": email, "course_name": (text[0], "UI&#x2F;UX"), **money("price"),
            "is_paid": ("TINYINT(1)", 1), "paid_at": moment,
        },
        Kind.PAYMENTS: {
            "user_id": one, "course_id": one, **money("amount"), "currency": ("CHAR(3)", "EUR"),
            "status": ("VARCHAR(20)", family.statuses[1]), "stripe_payment_intent_id": (text[0], "pi_3NabcDEF"),
        },
    }  # fmt: skip
    return {"id": one, **tables[kind], "created_at": moment, **deleted}


def _money(family: Family, what: str) -> Columns:
    if family.money == "cents":
        return {f"{what}_cents": ("INTEGER", 4990)}
    return {what: ("DOUBLE", 49.9) if family.money == "float" else ("DECIMAL(10, 2)", "49.90")}


def statements(family: Family, dialect: Dialect) -> list[tuple[str, list[Any]]]:
    """Return the SQL that makes the family's database, each with its arguments."""
    made: list[tuple[str, list[Any]]] = []
    for kind, table in zip(Kind, family.tables, strict=True):
        columns = columns_of(family, kind, dialect)
        listed = ", ".join(f"`{family.names(name)}` {kind_of}" for name, (kind_of, _) in columns.items())
        marks = ", ".join("?" if dialect == "sqlite" else "%s" for _ in columns)
        made.append((f"CREATE TABLE `{table}` ({listed})", []))
        made.append((f"INSERT INTO `{table}` VALUES ({marks})", [value for _, value in columns.values()]))
    made += [(f"CREATE VIEW `{view}` AS SELECT * FROM `{table}`", []) for view, table in family.views.items()]
    return made


def make_sqlite_family(name: str, folder: Path) -> str:
    """Make the database as a SQLite file and return its address."""
    path = folder / "family.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        for sql, arguments in statements(FAMILIES[name], "sqlite"):
            database.execute(sql, arguments)
        database.commit()
    return str(path)


def make_mysql_family(name: str, mariadb: MariaDatabase) -> str:
    """Make the database on MariaDB, from a session in another time zone for what has none, and return its address."""
    with closing(server_connection(mariadb.name)) as server, server.cursor() as cursor:
        cursor.execute("SET time_zone = '+00:00'")
        for sql, arguments in statements(FAMILIES[name], "mysql"):
            cursor.execute(sql, arguments or None)
        server.commit()
    return mariadb.connection
