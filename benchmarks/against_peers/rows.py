"""The rows that all servers read: 1,000 courses of ten lessons, fifty people with a session each.

Run by manage.py shell on a migrated database. Ids and texts are the same in every run, so that a page that Redis still
holds from the run before is the same page.
"""

import json
import random
import re
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.utils import timezone

from courses.models import Course, Lesson
from users.models import Session, User
from users.tokens import AccessToken

COURSES, LESSONS, TEACHERS, PEOPLE = 1000, 10, 20, 50
WORDS = re.findall(
    r"\w+",
    "learn build data design web security team cloud test plan python graph money time people story model simple "
    "practice example project week question answer code system idea value tool network",
)
START = datetime(2024, 1, 1, tzinfo=UTC)


def fill() -> None:
    """Store the rows; print as JSON what the load has to know of them: slugs, tokens, and the key of the tokens."""
    choose = random.Random(7)  # noqa: S311 - texts, no secrets
    people = _people(choose)
    slugs = _courses(choose, people[PEOPLE:])
    tokens = _tokens(people[:PEOPLE])
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE")
    print(json.dumps({"slugs": slugs[:100], "tokens": tokens, "jwt_key": settings.SIMPLE_JWT["SIGNING_KEY"]}))


def _people(choose: random.Random) -> list[User]:
    return User.objects.bulk_create(
        User(
            id=_id(1, number),
            email=f"person{number}@example.com",
            email_canonical=f"person{number}@example.com",
            first_name=choose.choice(WORDS).title(),
            last_name=choose.choice(WORDS).title(),
            phone_number=f"+49301234{number:03}",
            bio=_sentence(choose, 20),
            date_of_birth=date(1980, 1, 1) + timedelta(days=number),
            email_verified=True,
            password="!",  # noqa: S106 - nobody's
            created_at=START,
        )
        for number in range(PEOPLE + TEACHERS)
    )


def _courses(choose: random.Random, teachers: list[User]) -> list[str]:
    courses = Course.objects.bulk_create(
        Course(
            id=_id(2, number),
            title=_sentence(choose, 5),
            slug=f"course-{number}",
            description=_sentence(choose, 60),
            instructor=choose.choice(teachers),
            category=choose.choice(WORDS),
            level=choose.choice(Course.Level.values),
            price=choose.randrange(0, 300),
            duration_hours=choose.randrange(4, 80),
            capacity=choose.choice([None, 20, 50]),
            is_published=True,
            created_at=START + timedelta(hours=number),
        )
        for number in range(COURSES)
    )
    Lesson.objects.bulk_create(
        Lesson(course=course, position=position, title=_sentence(choose, 4), text=_sentence(choose, 150))
        for course in courses
        for position in range(1, LESSONS + 1)
    )
    return [course.slug for course in courses]


def _tokens(people: list[User]) -> list[str]:
    """Return a token for each of the people that outlives any benchmark.

    One token serves all servers: ours reads the session in it, simplejwt out of the box the user.
    """
    in_a_day = timezone.now() + timedelta(days=1)
    sessions = Session.objects.bulk_create(Session(user=person, expires_at=in_a_day) for person in people)
    tokens = [AccessToken.of(session) for session in sessions]
    for token, session in zip(tokens, sessions, strict=True):
        token["user_id"] = str(session.user_id)
        token.set_exp(lifetime=timedelta(days=1))
    return [str(token) for token in tokens]


def _id(kind: int, number: int) -> UUID:
    """Return a UUIDv7 of START, in the order of `number`."""
    milliseconds = int(START.timestamp() * 1000)
    return UUID(int=milliseconds << 80 | 7 << 76 | 2 << 62 | kind << 32 | number)


def _sentence(choose: random.Random, length: int) -> str:
    return " ".join(choose.choices(WORDS, k=length)).capitalize()
