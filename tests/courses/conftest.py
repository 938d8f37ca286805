"""What the tests of the courses need."""

from itertools import count
from typing import Any

import pytest
from django.conf import settings

from courses.models import Course

_numbers = count(1)
VERSION = 0 if settings.REDIS_HOST else 1  # query for its version; Redis tells it with the limit


def make_course(**fields: Any) -> Course:
    """Make a published, free course."""
    number = next(_numbers)
    defaults = {"title": f"Course {number}", "slug": f"course-{number}", "is_published": True, "currency": "usd"}
    return Course.objects.create(**defaults | fields)


@pytest.fixture
def priced(db: None) -> Course:
    """A course that costs something and has one seat."""
    return make_course(slug="priced", price="49.90", capacity=1)
