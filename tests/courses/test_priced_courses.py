"""Which courses can be paid for."""

import pytest

from courses.services.finding import CourseIsFree, UnknownCourse, get_priced_course
from tests.courses.conftest import make_course

pytestmark = pytest.mark.django_db


def test_a_priced_course_is_found_by_slug_and_id() -> None:
    course = make_course(slug="priced", price=10)

    assert get_priced_course("priced") == get_priced_course(str(course.pk)) == course


def test_nothing_is_paid_for_a_free_course_a_draft_or_none() -> None:
    make_course(slug="free")
    make_course(slug="draft", price=10, is_published=False)

    with pytest.raises(CourseIsFree):
        get_priced_course("free")
    for slug in ("draft", "none"):
        with pytest.raises(UnknownCourse):
            get_priced_course(slug)
