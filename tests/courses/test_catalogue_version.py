"""Whoever writes what the catalogue shows raises its version (contract 4.6), by whatever way."""

from collections.abc import Callable
from typing import Any

import pytest
from django.db import transaction
from django.test import Client
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Lesson
from courses.services.editing import publish_course, unpublish_course
from courses.services.lessons import order_lessons
from tests.conftest import PASSWORD
from tests.courses.conftest import make_course
from titanobova.site.demo import make_courses
from titanobova.versions import current_version
from users.models import User
from users.services.privacy import erase_account

pytestmark = pytest.mark.django_db(transaction=True)

NOBODY = Actor(ip_address="192.0.2.1")


@pytest.fixture
def course(instructor: User) -> Course:
    """A course with two lessons."""
    course = make_course(slug="shown", instructor=instructor)
    course.lessons.create(position=1, title="First")
    course.lessons.create(position=2, title="Second")
    return course


def raises(write: Callable[[], Any]) -> bool:
    """Carry out a write, and return whether it raised the version."""
    before = current_version("catalogue")
    write()
    after = current_version("catalogue")
    assert after is not None
    return before != after


WRITES: dict[str, Callable[[Course], Any]] = {
    "save": lambda course: course.save(),
    "save of a column": lambda course: course.save(update_fields=["title"]),
    "create": lambda _: make_course(),
    "get_or_create": lambda _: Course.objects.get_or_create(slug="new"),
    "update_or_create": lambda course: Course.objects.update_or_create(slug=course.slug, defaults={"title": "New"}),
    "bulk_create": lambda _: Course.objects.bulk_create([Course(slug="one"), Course(slug="two")]),
    "bulk_update": lambda course: Course.objects.bulk_update([course], ["title"]),
    "update": lambda _: Course.objects.update(is_published=False),
    "update through a relation": lambda _: User.objects.get().taught_courses.update(title="New"),
    "delete of one": lambda course: course.delete(),
    "delete of many": lambda _: Course.objects.all().delete(),
    "lesson save": lambda _: Lesson.objects.get(position=1).save(),
    "lesson create": lambda course: course.lessons.create(position=3, title="Third"),
    "lesson bulk_create": lambda course: Lesson.objects.bulk_create([Lesson(course=course, position=3)]),
    "lesson bulk_update": lambda course: Lesson.objects.bulk_update(list(course.lessons.all()), ["title"]),
    "lesson update": lambda course: course.lessons.update(text="New"),
    "lesson delete of one": lambda _: Lesson.objects.get(position=1).delete(),
    "lesson delete of many": lambda course: course.lessons.all().delete(),
    "unpublish": lambda course: unpublish_course(course, by=NOBODY),
    "order": lambda course: order_lessons(
        course, list(course.lessons.order_by("-position").values_list("pk", flat=True)), by=NOBODY
    ),
    "demo": lambda _: make_courses(),
    "erasure of the instructor": lambda _: erase_account(User.objects.get(), password=PASSWORD, by=NOBODY),
}


@pytest.mark.parametrize("way", WRITES)
def test_every_way_of_writing_raises_the_version(course: Course, way: str) -> None:
    assert raises(lambda: WRITES[way](course))


def test_an_edit_in_the_admin_raises_the_version(course: Course, staff: User) -> None:
    office = Client()
    office.force_login(staff)
    form = {"title": "Better", "slug": course.slug, "price": "12.5", "currency": "eur"}

    assert raises(lambda: office.post(f"/admin/courses/course/{course.pk}/change/", form))
    assert Course.objects.get().title == "Better"


def test_deleting_lessons_in_the_admin_raises_the_version(course: Course, staff: User) -> None:
    office = Client()
    office.force_login(staff)
    chosen = {"action": "delete_selected", "_selected_action": [str(Lesson.objects.get(position=1).pk)], "post": "yes"}

    assert raises(lambda: office.post("/admin/courses/lesson/", chosen))
    assert Lesson.objects.count() == 1


@pytest.mark.parametrize("way", WRITES)
def test_a_write_that_is_rolled_back_raises_nothing(course: Course, way: str) -> None:
    def write_and_regret() -> None:
        with transaction.atomic():
            WRITES[way](course)
            transaction.set_rollback(True)

    assert not raises(write_and_regret)


def test_reading_raises_nothing(course: Course, anonymous: APIClient) -> None:
    assert not raises(lambda: anonymous.get("/api/v1/courses/courses/"))
    assert not raises(lambda: anonymous.get("/api/v1/courses/courses/shown/"))


def test_a_step_that_changes_nothing_raises_nothing(course: Course) -> None:
    assert not raises(lambda: publish_course(course, by=NOBODY))
    assert not raises(lambda: Course.objects.filter(slug="no such").update(instructor=None))


def test_all_courses_cannot_be_deleted_by_a_slip() -> None:
    assert not hasattr(Course.objects, "delete")
    assert not hasattr(Lesson.objects, "delete")
