"""Taking a seat in a course (contract 4.3 and 4.4)."""

from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from courses.services.enrolling import SEAT_HOLD, enroll
from courses.services.finding import UnknownCourse
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/courses/{}/enroll/"
pytestmark = pytest.mark.django_db


def events() -> list[str]:
    """Return the finer facts of the audit log about enrolments, oldest first."""
    rows = AuditLog.objects.filter(resource_type="courses.enrollment").order_by("id")
    return [row.details["event"] for row in rows]


def test_a_free_course_is_open_at_once(api: Callable[[User], APIClient], student: User) -> None:
    course = make_course(slug="free")

    answer = api(student).post(URL.format("free"))

    assert answer.status_code == 201
    assert answer.json()["status"] == "active"
    assert answer.json()["payment_required"] is None
    assert answer.json()["seat_held_until"] is None
    assert answer.json()["course"] == {"id": str(course.pk), "slug": "free", "title": course.title}
    assert events() == ["courses.enrolled", "courses.access.granted"]


def test_a_priced_course_holds_a_seat_for_fifteen_minutes_while_paying(
    api: Callable[[User], APIClient], student: User, priced: Course
) -> None:
    answer = api(student).post(URL.format(priced.pk))

    assert answer.status_code == 201
    assert answer.json()["status"] == "pending"
    assert answer.json()["payment_required"] == {"amount": "49.90", "currency": "usd"}
    assert answer.json()["id"] == str(Enrollment.objects.get(user=student).pk)
    left = datetime.fromisoformat(answer.json()["seat_held_until"]) - timezone.now()
    assert timedelta(minutes=14) < left <= SEAT_HOLD == timedelta(minutes=15)


def test_asking_again_while_paying_keeps_the_seat_no_longer(
    api: Callable[[User], APIClient], student: User, priced: Course
) -> None:
    first = api(student).post(URL.format("priced")).json()
    Enrollment.objects.update(seat_held_until=timezone.now() + timedelta(minutes=1))

    again = api(student).post(URL.format("priced"))

    assert again.status_code == 201
    assert (again.json()["id"], again.json()["payment_required"]) == (first["id"], first["payment_required"])
    assert datetime.fromisoformat(again.json()["seat_held_until"]) <= timezone.now() + timedelta(minutes=1)
    assert events() == ["courses.enrolled"]


def test_giving_the_seat_up_and_asking_again_keeps_it_no_longer(
    api: Callable[[User], APIClient], student: User, priced: Course
) -> None:
    """Else whoever does so every fourteen minutes would keep the last seat from all buyers."""
    fourteen_ago = timezone.now() - timedelta(minutes=14)
    first = api(student).post(URL.format("priced")).json()
    Enrollment.objects.update(seat_held_until=fourteen_ago + SEAT_HOLD)
    cancel = f"/api/v1/courses/enrollments/{first['id']}/cancel/"
    cancelled = api(student).post(cancel)
    assert (cancelled.status_code, cancelled.json()["seat_held_until"]) == (200, None)

    again = api(student).post(URL.format("priced"))

    assert (again.status_code, again.json()["id"] == first["id"]) == (201, False)
    assert datetime.fromisoformat(again.json()["seat_held_until"]) == fourteen_ago + SEAT_HOLD


def test_asking_after_the_hold_lapsed_holds_a_free_seat_anew(
    api: Callable[[User], APIClient], student: User, priced: Course
) -> None:
    first = api(student).post(URL.format("priced")).json()
    Enrollment.objects.update(seat_held_until=timezone.now())

    again = api(student).post(URL.format("priced"))

    assert (again.status_code, again.json()["id"]) == (201, first["id"])
    assert datetime.fromisoformat(again.json()["seat_held_until"]) > timezone.now() + timedelta(minutes=14)
    assert events() == ["courses.enrolled", "courses.enrollment.resumed"]


@pytest.mark.parametrize("status", ["active", "completed"])
def test_who_has_the_course_is_told_so(
    api: Callable[[User], APIClient], student: User, priced: Course, status: str
) -> None:
    Enrollment.objects.create(user=student, course=priced, status=status)

    answer = api(student).post(URL.format("priced"))

    assert (answer.status_code, answer.json()["code"]) == (409, "already_enrolled")


@pytest.mark.parametrize("status", ["cancelled", "refunded"])
def test_who_left_the_course_may_come_back(
    api: Callable[[User], APIClient], student: User, priced: Course, status: str
) -> None:
    Enrollment.objects.create(user=student, course=priced, status=status)

    assert api(student).post(URL.format("priced")).status_code == 201
    assert Enrollment.objects.filter(user=student).count() == 2


def test_a_pending_enrolment_opens_when_the_course_has_become_free(student: User, actor: Actor, priced: Course) -> None:
    enroll(student, priced, by=actor)
    Course.objects.update(price=0)

    assert enroll(student, priced, by=actor).status == "active"


def test_the_price_is_the_one_in_the_database_not_the_one_the_caller_holds(
    student: User, actor: Actor, priced: Course
) -> None:
    priced.price = Decimal(0)

    assert enroll(student, priced, by=actor).status == "pending"


def test_a_visitor_has_to_log_in(anonymous: APIClient, priced: Course) -> None:
    answer = anonymous.post(URL.format("priced"))

    assert (answer.status_code, answer.json()["code"]) == (401, "not_authenticated")
    assert answer["WWW-Authenticate"].startswith("Bearer")


def test_staff_enrol_like_anyone_else(api: Callable[[User], APIClient], staff: User, priced: Course) -> None:
    assert api(staff).post(URL.format("priced")).json()["status"] == "pending"


def test_nobody_enrols_in_a_draft(
    api: Callable[[User], APIClient], student: User, staff: User, actor: Actor, priced: Course
) -> None:
    Course.objects.update(is_published=False)

    for client in (api(student), api(staff)):
        for key in ("priced", priced.pk, "never-was", uuid4()):
            assert client.post(URL.format(key)).status_code == 404
    with pytest.raises(UnknownCourse):
        enroll(student, priced, by=actor)


@pytest.mark.parametrize("body", ["{", "[]", "null", '{"status": "active", "user": 1}', "\x00"])
def test_a_body_changes_nothing(api: Callable[[User], APIClient], student: User, priced: Course, body: str) -> None:
    answer = api(student).post(URL.format("priced"), body, content_type="application/json")

    assert (answer.status_code, answer.json()["status"]) == (201, "pending")


def test_enrolling_costs_few_queries(
    api: Callable[[User], APIClient],
    student: User,
    priced: Course,
    django_assert_max_num_queries: DjangoAssertNumQueries,
) -> None:
    client = api(student)

    with django_assert_max_num_queries(10):
        assert client.post(URL.format("priced")).status_code == 201
