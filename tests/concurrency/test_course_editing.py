"""Courses and lessons stay whole, however many people edit them at the same moment."""

import threading
from itertools import islice, permutations

import pytest
from django.conf import settings as django_settings
from django.db import IntegrityError

from audit.actor import Actor
from courses.models import Course, CourseQuerySet, Enrollment, Lesson
from courses.services import editing, lessons
from courses.services.editing import CourseInUse, SeatsTaken, change_course, create_course, delete_course
from courses.services.enrolling import enroll
from courses.services.finding import UnknownCourse
from courses.services.lessons import add_lesson, order_lessons, remove_lesson
from courses.services.seats import CourseFull
from courses.slugs import free_slug
from tests.conftest import RunTogether, make_user
from tests.courses.conftest import make_course

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
NOBODY = Actor(ip_address="192.0.2.1")


def positions(course: Course) -> list[int]:
    """Return the positions of the course's lessons."""
    return list(course.lessons.order_by("position").values_list("position", flat=True))


def test_lessons_added_at_once_get_positions_of_their_own(run_together: RunTogether) -> None:
    course = make_course()

    outcomes = run_together(THREADS, lambda number: add_lesson(course, {"title": str(number)}, by=NOBODY).position)

    assert sorted(outcomes) == positions(course) == list(range(1, THREADS + 1))


def test_lessons_added_removed_and_ordered_at_once_leave_no_gap(run_together: RunTogether) -> None:
    course = make_course()
    made = [course.lessons.create(position=place, title=str(place)) for place in range(1, 9)]
    orders = [[lesson.pk for lesson in order] for order in islice(permutations(made), 4)]

    def edit(number: int) -> None:
        if number < 4:
            add_lesson(course, {"title": "new"}, by=NOBODY)
        elif number < 8:
            remove_lesson(made[number], by=NOBODY)
        else:
            order_lessons(course, orders[number - 8], by=NOBODY)

    run_together(12, edit)

    assert positions(course) == list(range(1, 9))


def test_courses_named_alike_at_once_get_slugs_of_their_own(run_together: RunTogether) -> None:
    teacher = make_user("teacher@example.com")

    outcomes = run_together(8, lambda _: create_course(teacher, {"title": "Same"}, by=NOBODY).slug)

    assert sorted(outcomes) == sorted(Course.objects.values_list("slug", flat=True))
    assert set(outcomes) == {"same", *(f"same-{number}" for number in range(2, 9))}


def test_a_capacity_and_its_seats_never_contradict_each_other(run_together: RunTogether) -> None:
    course = make_course(capacity=8)
    people = [make_user(f"{number}@example.com") for number in range(8)]

    def enrol_or_shrink(number: int) -> object:
        if number == 8:
            return change_course(course, {"capacity": 4}, by=NOBODY)
        return enroll(people[number], course, by=NOBODY)

    outcomes = run_together(9, enrol_or_shrink)

    course.refresh_from_db()
    assert {type(outcome) for outcome in outcomes} <= {Course, Enrollment, CourseFull, SeatsTaken}
    assert course.capacity in {4, 8}
    assert course.enrollments.taking_a_seat().count() <= course.capacity


def test_a_course_is_deleted_or_somebody_is_enrolled(run_together: RunTogether) -> None:
    courses = [make_course() for _ in range(5)]
    people = [make_user(f"{number}@example.com") for number in range(5)]

    def enrol_or_delete(number: int) -> object:
        turn, course = divmod(number, 5)
        if turn:
            return delete_course(courses[course], by=NOBODY)
        return enroll(people[course], courses[course], by=NOBODY)

    outcomes = run_together(10, enrol_or_delete)

    for course, enrolled, deleted in zip(courses, outcomes[:5], outcomes[5:], strict=True):
        assert (type(enrolled), type(deleted)) in {(Enrollment, CourseInUse), (UnknownCourse, type(None))}
        assert Course.objects.filter(pk=course.pk).exists() is isinstance(enrolled, Enrollment)


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_without_the_lock_lessons_meet_on_one_position(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        course = make_course()
        everyone_has_looked = threading.Barrier(4, timeout=30)

        def look_then_wait(course: Course) -> list[Lesson]:
            found = list(course.lessons.all())
            everyone_has_looked.wait()
            return found

        monkeypatch.setattr(CourseQuerySet, "select_for_update", lambda courses, **_: courses)
        monkeypatch.setattr(lessons, "_lessons_of", look_then_wait)
        outcomes = run_together(4, lambda number: add_lesson(course, {"title": str(number)}, by=NOBODY))

        assert [type(outcome) for outcome in outcomes].count(IntegrityError) == 3

    def test_control_without_the_lock_a_capacity_falls_below_its_seats(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        course, person = make_course(capacity=2), make_user("a@example.com")
        Enrollment.objects.create(user=make_user("b@example.com"), course=course, status="active")
        both_have_counted = threading.Barrier(2, timeout=30)
        really_count = editing.require_seats_for_all

        def count_then_wait(course: Course) -> None:
            really_count(course)
            both_have_counted.wait()
            both_have_counted.wait()

        def enrol_in_between() -> None:
            both_have_counted.wait()
            enroll(person, course, by=NOBODY)
            both_have_counted.wait()

        monkeypatch.setattr(CourseQuerySet, "select_for_update", lambda courses, **_: courses)
        monkeypatch.setattr(editing, "require_seats_for_all", count_then_wait)
        run_together(2, lambda turn: change_course(course, {"capacity": 1}, by=NOBODY) if turn else enrol_in_between())

        course.refresh_from_db()
        assert (course.capacity, course.enrollments.taking_a_seat().count()) == (1, 2)

    def test_control_without_a_second_try_only_one_of_the_courses_is_made(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        teacher = make_user("teacher@example.com")
        everyone_has_looked = threading.Barrier(4, timeout=30)

        def look_then_wait(stem: str, taken: set[str]) -> str:
            everyone_has_looked.wait()
            return free_slug(stem, taken)

        monkeypatch.setattr(editing, "TRIES", 1)
        monkeypatch.setattr(editing, "free_slug", look_then_wait)
        run_together(4, lambda _: create_course(teacher, {"title": "Same"}, by=NOBODY))

        assert Course.objects.count() == 1
