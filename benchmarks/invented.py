"""Invented rows in great numbers, the same in every run: people, courses, messages and enrolments of five years.

Each generator yields tuples in the order of its COLUMNS. Ids are time-ordered like real ones. RARE stands in twenty
rows of a table, COMMON in every fifth text, EVERYWHERE in each address, and nothing holds NONE.
"""

import random
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

RARE, COMMON, EVERYWHERE, NONE = "zeppelin", "python", "example", "xylotomy"
USERS, COURSES, CONTACTS, ENROLLMENTS = 300_000, 100_000, 1_000_000, 1_000_000
CATEGORIES, INSTRUCTORS = 30, 200
Row = tuple[object, ...]

START, SPAN = datetime(2021, 1, 1, tzinfo=UTC), timedelta(days=5 * 365)
FIRST_NAMES = re.findall(
    r"\w+",
    "Ada Ben Chloe David Elif Farid Grace Hugo Ines Jonas Kaya Liam Mia Noah Olga Pablo Quinn Rosa Sami Tara Uma "
    "Victor Wanda Xenia Yusuf Zoe Amara Boris Carmen Dmitri Emma Felix Greta Hana Ivan Julia Karim Lena Mateo Nadia",
)
LAST_NAMES = re.findall(
    r"\w+",
    "Adams Bauer Costa Dubois Eriksen Fischer Garcia Haas Ivanova Jensen Kim Lopez Meyer Nguyen Okafor Patel Quist "
    "Rossi Silva Tanaka Ulrich Vogel Weber Xu Yilmaz Zeller Andersen Brown Chen Diaz Evans Fontaine Gruber Hansen",
)
WORDS = re.findall(
    r"\w+",
    "python data design web cloud security team project test plan graph network model story money report table query "
    "lesson course teacher group start date price place invoice certificate company laptop question answer account "
    "address weekend evening beginner offer budget order travel week month year room video material exam software "
    "training partner customer service support change system database server page mobile language german english "
    "office manager student university school degree practice workshop schedule online remote platform payment refund",
)
SPAM = re.findall(
    r"\w+", "casino bonus crypto profit winner prize urgent loan cheap pills click visit guaranteed ranking"
)

USER_COLUMNS = (
    "id", "email", "email_canonical", "password", "first_name", "last_name", "phone_number", "user_type",
    "email_verified", "created_at", "updated_at",
)  # fmt: skip
COURSE_COLUMNS = (
    "id", "title", "slug", "description", "instructor_id", "category", "level", "price", "currency", "duration_hours",
    "capacity", "is_published", "is_featured", "created_at", "updated_at",
)  # fmt: skip
CONTACT_COLUMNS = (
    "id", "name", "email", "email_canonical", "phone", "subject", "message", "status", "user_id", "response_message",
    "responded_by_id", "is_spam", "spam_score", "ip_address", "user_agent", "created_at", "updated_at",
)  # fmt: skip
AUDIT_COLUMNS = (
    "id", "user_id", "action", "resource_type", "resource_id", "outcome", "request_id", "timestamp", "details",
    "ip_address", "user_agent", "personal", "origin_salt", "origin_digest", "personal_salt", "personal_digest", "stamp",
    "sequence", "seal",
)  # fmt: skip
AUDIT_ROWS = 10_000_000
AUDIT_KINDS = (
    ("login", "auth.login.succeeded", "users.user", "success"),
    ("login", "auth.login.failed", "users.user", "failure"),
    ("create", "contacts.submitted", "contacts.contact", "success"),
    ("update", "courses.lesson.completed", "courses.enrollment", "success"),
    ("update", "admin.changed", "courses.course", "success"),
    ("logout", "auth.session.ended", "users.session", "success"),
    ("delete", "courses.lesson.deleted", "courses.lesson", "success"),
)
WORD_AS_JSON, SALT, PROOF = '{"fields": {"title": {"from": "a", "to": "b"}}}', "5a" * 16, "9f" * 32
ENROLLMENT_COLUMNS = ("id", "user_id", "course_id", "status", "completed_at", "created_at", "updated_at")


def users() -> Iterator[Row]:
    """People; the first INSTRUCTORS of them teach."""
    choose = random.Random(1)  # noqa: S311 - texts, no secrets
    for number in range(USERS):
        first, last = choose.choice(FIRST_NAMES), _now_and_then(number, USERS, choose.choice(LAST_NAMES)).title()
        email, at = f"{first}.{last}.{number}@example.com".lower(), _at(number, USERS)
        kind = "instructor" if number < INSTRUCTORS else "student"
        phone = f"+4930{number:07}" if number % 3 else ""
        yield _user_id(number), email, email, "!", first, last, phone, kind, number % 5 > 0, at, at


def courses() -> Iterator[Row]:
    """Courses; every tenth is a draft."""
    choose = random.Random(2)  # noqa: S311 - as above
    levels, capacities = ("beginner", "intermediate", "advanced"), (None, 12, 20, 40)
    for number in range(COURSES):
        at, (first, second, third) = _at(number, COURSES), choose.choices(WORDS, k=3)
        title = f"{first} and {second} for {_now_and_then(number, COURSES, third)}".title()
        yield (
            _course_id(number), title, f"{first}-{number}", _text(choose, 3), _user_id(choose.randrange(INSTRUCTORS)),
            WORDS[choose.randrange(CATEGORIES)], choose.choice(levels), choose.randrange(30) * 10, "usd",
            choose.randrange(2, 80), choose.choice(capacities), _is_published(number), number % 97 == 0, at, at,
        )  # fmt: skip


def contacts() -> Iterator[Row]:
    """Messages of the contact form; one in fifty is spam, a third come from people with an account."""
    choose = random.Random(3)  # noqa: S311 - as above
    statuses = choose.choices(["new", "read", "responded", "closed"], [8, 12, 50, 30], k=1000)
    for number in range(CONTACTS):
        at, status, is_spam = _at(number, CONTACTS), statuses[number % 1000], number % 50 == 7
        first, last, words = choose.choice(FIRST_NAMES), choose.choice(LAST_NAMES), SPAM if is_spam else WORDS
        email = f"{first}.{last}.{number % 400_000}@example.com".lower()
        subject = " ".join(choose.choices(words, k=3)).capitalize()
        author = _user_id(choose.randrange(USERS)) if number % 3 == 0 else None
        answer, staff = (_text(choose, 1), _user_id(number % INSTRUCTORS)) if status == "responded" else ("", None)
        yield (
            _id(3, number, CONTACTS), f"{first} {last}", email, email, "", _now_and_then(number, CONTACTS, subject),
            _text(choose, 2, words), status, author, answer, staff, is_spam, 90 if is_spam else number % 40,
            f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}", "Mozilla/5.0", at, at,
        )  # fmt: skip


def enrollments() -> Iterator[Row]:
    """Who takes part: three or four courses a person, some courses far more than others."""
    choose = random.Random(4)  # noqa: S311 - as above
    statuses = choose.choices(["pending", "active", "completed", "cancelled", "refunded"], [3, 45, 35, 12, 5], k=1000)
    for number in range(ENROLLMENTS):
        person, turn = number * USERS // ENROLLMENTS, number % 4
        course = (int(COURSES / 4 * choose.random() ** 3) * 4 + turn) % COURSES  # another turn, another course
        at, status = _at(number, ENROLLMENTS), statuses[number % 1000]
        completed_at = at if status == "completed" else None
        yield _id(4, number, ENROLLMENTS), _user_id(person), _course_id(course), status, completed_at, at, at


def audit_rows() -> Iterator[Row]:
    """What was recorded in five years: a few people did very much, one address tried very often to log in.

    The proofs are of the right length and prove nothing.
    """
    choose = random.Random(6)  # noqa: S311 - as above
    kinds = choose.choices(AUDIT_KINDS, [40, 10, 20, 20, 6, 3, 1], k=1000)
    for number in range(AUDIT_ROWS):
        action, event, resource, outcome = kinds[number % 1000]
        user = _user_id(int(USERS * choose.random() ** 3))
        about = user if resource == "users.user" else _id(7, number % 400_000, 400_000)
        address = "10.0.0.1" if number % 9 == 0 else f"10.{number >> 16 & 255}.{number >> 8 & 255}.{number & 255}"
        details, personal = (
            (f'{{"event": "{event}"}}', None) if number % 3 else (f'{{"event": "{event}"}}', WORD_AS_JSON)
        )
        yield (
            _id(6, number, AUDIT_ROWS), None if outcome == "failure" else user, action, resource, about, outcome,
            f"{number:032x}", _at(number, AUDIT_ROWS), details, address, "Mozilla/5.0 (X11; Linux x86_64)", personal,
            SALT, PROOF, SALT if personal else None, PROOF if personal else "", PROOF, number + 1, PROOF,
        )  # fmt: skip


def _at(number: int, total: int) -> str:
    return (START + SPAN * (number / total)).isoformat()


def _id(kind: int, number: int, total: int) -> str:
    """Return the hexadecimal digits of the UUIDv7 of row `number`."""
    milliseconds = int((START + SPAN * (number / total)).timestamp() * 1000)
    return f"{milliseconds:012x}7{kind:03x}8{number:015x}"


def _user_id(number: int) -> str:
    return _id(1, number, USERS)


def _course_id(number: int) -> str:
    return _id(2, number, COURSES)


def _is_published(number: int) -> bool:
    return number % 10 != 9


def _now_and_then(number: int, total: int, otherwise: str) -> str:
    """Return RARE for twenty rows of `total`."""
    return RARE if number % (total // 20) == 11 else otherwise


def _text(choose: random.Random, sentences: int, words: list[str] = WORDS) -> str:
    return " ".join(choose.choices(_sentences(tuple(words)), k=sentences))


@cache
def _sentences(words: tuple[str, ...]) -> list[str]:
    choose = random.Random(5)  # noqa: S311 - as above
    return [" ".join(choose.choices(words, k=choose.randrange(6, 16))).capitalize() + "." for _ in range(5000)]
