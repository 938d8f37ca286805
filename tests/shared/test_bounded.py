"""Long lists: counted up to a bound, and a page of them is what a plain slice would be."""

from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.db.models import QuerySet
from pytest_django import DjangoAssertNumQueries

from courses.models import Course
from titanobova.bounded import (
    MOST_COUNTED,
    MOST_VALUES,
    AtLeast,
    BoundedPages,
    FoundPages,
    KnownPages,
    count_up_to,
    found_first,
    found_first_if_few,
    values_in_use,
)
from titanobova.search import MatchesWords
from users.models import LoginAttempt, User

pytestmark = pytest.mark.django_db


def make_courses(number: int) -> None:
    """Make courses of two categories and three prices."""
    Course.objects.bulk_create(
        Course(title=f"Course {n}", slug=f"c-{n}", category="ab"[n % 2], price=n % 3, is_published=n % 5 > 0)
        for n in range(number)
    )


def make_tries(number: int) -> None:
    """Make failed logins."""
    tries = [LoginAttempt(email=f"{n}@example.com", outcome="wrong") for n in range(number)]
    LoginAttempt.objects.bulk_create(tries, batch_size=1000)


@pytest.mark.parametrize(
    "rows",
    [
        Course.objects.order_by("-id"),
        Course.objects.filter(category="a").order_by("price", "-id"),
        Course.objects.filter(MatchesWords("course")).order_by("-title", "-id"),
        Course.objects.filter(MatchesWords("course"), is_published=True).select_related("instructor").order_by("id"),
        Course.objects.filter(instructor__email="nobody@example.com").order_by("-id"),
    ],
)
def test_pages_hold_what_slices_hold(rows: "QuerySet[Any]") -> None:
    make_courses(23)
    expected = list(rows)

    for pages in (KnownPages(rows, 5), BoundedPages(rows, 5)):
        assert pages.count == len(expected)
        found = [row for number in pages.page_range for row in pages.page(number)]
        assert found == expected


def test_a_page_costs_two_queries_with_the_count(
    instructor: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    make_courses(12)
    Course.objects.update(instructor=instructor)
    rows = Course.objects.filter(MatchesWords("course")).select_related("instructor").order_by("-id")

    with django_assert_num_queries(2):
        assert [course.instructor.email for course in BoundedPages(rows, 5).page(2)] == [instructor.email] * 5


def test_counting_ends_at_the_bound_and_says_so() -> None:
    make_tries(MOST_COUNTED)
    exact = count_up_to(MOST_COUNTED, LoginAttempt.objects.all())
    make_tries(2)

    bounded = count_up_to(MOST_COUNTED, LoginAttempt.objects.all())

    assert (exact, str(exact), isinstance(exact, AtLeast)) == (MOST_COUNTED, "10000", False)
    assert (bounded, str(bounded), isinstance(bounded, AtLeast)) == (MOST_COUNTED, "10000+", True)
    rows = LoginAttempt.objects.order_by("id")
    last = BoundedPages(rows, 25).page(MOST_COUNTED // 25)
    assert list(last) == list(rows[MOST_COUNTED - 25 : MOST_COUNTED])
    assert found_first_if_few(rows) is rows
    assert str(FoundPages(rows, 25).count) == "500+"
    assert found_first(rows).count() == MOST_COUNTED


def test_few_rows_are_found_before_they_are_put_in_order() -> None:
    make_courses(3)
    rows = Course.objects.filter(MatchesWords("course")).order_by("-id")

    found = found_first_if_few(rows)

    assert list(found) == list(rows)
    if settings.DB_HOST:
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN {found.query.sql_with_params()[0]}", found.query.sql_with_params()[1])
            plan = "\n".join(line for (line,) in cursor.fetchall())
        assert "InitPlan" in plan  # a join with the words could walk through the table again
        assert "Join" not in plan


def test_the_values_of_a_column_are_told_each_once_in_order() -> None:
    assert values_in_use(Course, "category") == []
    make_courses(9)
    Course.objects.filter(title="Course 1").update(category="")

    assert values_in_use(Course, "category") == ["", "a", "b"]


def test_of_very_many_values_the_first_are_told() -> None:
    Course.objects.bulk_create(Course(title=f"{n}", slug=f"c-{n}", category=f"{n:03}") for n in range(MOST_VALUES + 5))

    assert values_in_use(Course, "category") == [f"{n:03}" for n in range(MOST_VALUES)]
