"""What a newcomer finds after `make run`: the guide's admin, twelve courses and the old site's sample."""

from decimal import Decimal
from typing import NamedTuple

from django.conf import settings
from django.db import transaction
from django.utils.text import slugify

from audit.actor import Actor
from audit.services import record
from courses.models import Course, Lesson
from titanobova.env import BASE_DIR
from titanobova.site.demo_lessons import DEMO_LESSONS
from users.models import User

ADMIN_EMAIL, ADMIN_PASSWORD = "admin@titanobova.com", "ChangeMe123!"  # the migration guide's, known to everyone
SAMPLE = BASE_DIR / "examples" / "legacy" / "titanobova.sqlite3"


class DemoCourse(NamedTuple):
    """A course in one line; a price of 0 is free. Its lessons are in titanobova/site/demo_lessons.py."""

    title: str
    category: str
    level: Course.Level
    price: str
    hours: int
    capacity: int | None
    description: str


BEGINNER, INTERMEDIATE, ADVANCED = Course.Level.BEGINNER, Course.Level.INTERMEDIATE, Course.Level.ADVANCED

# The first five carry the titles of the old site's sample, so that its enrolments find them.
COURSES = (
    DemoCourse(
        "UI/UX Design", "design", BEGINNER, "99.99", 24, 40, "From a first sketch to a prototype that people try.",
    ),
    DemoCourse(
        "Full Stack Web Development", "web", BEGINNER, "149.99", 60, 60, "A web site, from the database to the page.",
    ),
    DemoCourse(
        "Data Science with Python", "data", INTERMEDIATE, "199.99", 48, 30, "Questions, data, and answers that hold.",
    ),
    DemoCourse(
        "Cloud & DevOps", "operations", ADVANCED, "249.99", 36, 25, "Ship many times a day and sleep at night.",
    ),
    DemoCourse(
        "Backend & APIs", "web", INTERMEDIATE, "129.99", 40, None, "Interfaces that other people like to use.",
    ),
    DemoCourse(
        "Git for Everyone", "tools", BEGINNER, "0", 4, None, "History that helps: commit, branch, merge, undo.",
    ),
    DemoCourse(
        "PostgreSQL in Depth", "data", ADVANCED, "179.00", 20, 20, "Plans, indexes and locks, on real tables.",
    ),
    DemoCourse(
        "Accessible Interfaces", "design", INTERMEDIATE, "79.00", 12, None, "Pages that work for everyone.",
    ),
    DemoCourse(
        "Django from the Ground Up", "web", BEGINNER, "119.00", 32, 50, "Models, views, tests, deployment.",
    ),
    DemoCourse(
        "Security for Developers", "operations", INTERMEDIATE, "159.00", 18, 30, "Attack it, then build it.",
    ),
    DemoCourse(
        "Writing for Engineers", "tools", BEGINNER, "0", 6, None, "Documents that are read to the end.",
    ),
    DemoCourse(
        "Machine Learning in Production", "data", ADVANCED, "299.00", 40, 15, "A model that serves and is watched.",
    ),
)  # fmt: skip


def make_admin() -> User:
    """Make the guide's admin, unless the account exists; its password is only good where DEBUG is on."""
    existing = User.objects.filter(email_canonical=ADMIN_EMAIL).first()
    if existing is not None:
        return existing
    return User.objects.create_superuser(ADMIN_EMAIL, ADMIN_PASSWORD, first_name="Demo", last_name="Admin")


@transaction.atomic
def make_courses() -> int:
    """Make the demo courses that do not exist yet, with their lessons; return how many are new."""
    known = set(Course.objects.values_list("slug", flat=True))
    new = [course for course in COURSES if slugify(course.title) not in known]
    for demo in new:
        course = Course.objects.create(
            title=demo.title,
            slug=slugify(demo.title),
            description=demo.description,
            category=demo.category,
            level=demo.level,
            price=Decimal(demo.price),
            currency=settings.DEFAULT_CURRENCY,
            duration_hours=demo.hours,
            capacity=demo.capacity,
            is_published=True,
            is_featured=demo.level == BEGINNER,
        )
        Lesson.objects.bulk_create(
            Lesson(course=course, position=position, title=title, text=text)
            for position, (title, text) in enumerate(DEMO_LESSONS[demo.title], start=1)
        )
        record("create", "demo.course.created", by=Actor.from_system("seed_demo"), on=course)
    return len(new)
