"""Seats: who takes one, and for how long (contract 4.3)."""

from collections.abc import Callable
from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Course, Enrollment
from courses.services.enrolling import enroll
from courses.services.seats import CourseFull
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/courses/{}/enroll/"
pytestmark = pytest.mark.django_db


def let_the_hold_lapse() -> None:
    Enrollment.objects.update(seat_held_until=timezone.now() - timedelta(seconds=1))


def test_a_held_seat_is_taken_for_everyone_else(
    api: Callable[[User], APIClient], student: User, other_student: User, priced: Course
) -> None:
    api(student).post(URL.format("priced"))

    answer = api(other_student).post(URL.format("priced"))

    assert (answer.status_code, answer.json()["code"]) == (409, "course_full")
    assert not Enrollment.objects.filter(user=other_student).exists()


def test_a_lapsed_hold_frees_the_seat(
    api: Callable[[User], APIClient], student: User, other_student: User, priced: Course
) -> None:
    api(student).post(URL.format("priced"))
    let_the_hold_lapse()

    assert api(other_student).post(URL.format("priced")).status_code == 201
    late = api(student).post(URL.format("priced"))
    assert (late.status_code, late.json()["code"]) == (409, "course_full")


def test_a_lapsed_hold_is_taken_up_again_while_the_seat_is_free(
    api: Callable[[User], APIClient], student: User, priced: Course
) -> None:
    first = api(student).post(URL.format("priced")).json()
    let_the_hold_lapse()

    assert api(student).post(URL.format("priced")).json()["id"] == first["id"]
    assert Enrollment.objects.get().holds_a_seat


@pytest.mark.parametrize("status", ["active", "completed"])
def test_who_has_the_course_takes_a_seat(
    student: User, other_student: User, actor: Actor, priced: Course, status: str
) -> None:
    taken = Enrollment.objects.create(user=student, course=priced, status=status)

    assert taken.holds_a_seat
    with pytest.raises(CourseFull):
        enroll(other_student, priced, by=actor)


@pytest.mark.parametrize("status", ["cancelled", "refunded", "pending"])
def test_who_left_the_course_or_holds_nothing_takes_no_seat(
    student: User, other_student: User, actor: Actor, priced: Course, status: str
) -> None:
    left = Enrollment.objects.create(user=student, course=priced, status=status)

    assert not left.holds_a_seat
    assert enroll(other_student, priced, by=actor).holds_a_seat


def test_a_course_without_a_capacity_is_never_full(student: User, other_student: User, actor: Actor) -> None:
    course = make_course(capacity=None)

    assert {enroll(user, course, by=actor).status for user in (student, other_student)} == {"active"}
