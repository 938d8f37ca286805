"""Seats are never given out twice, however many people want the last one at the same moment."""

import threading

import pytest
from django.conf import settings as django_settings

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, CourseQuerySet, Enrollment
from courses.services import enrolling
from courses.services.enrolling import enroll
from courses.services.grants import Kind, grant_access
from courses.services.seats import CourseFull, require_a_free_seat
from tests.conftest import RunTogether, make_user
from tests.courses.conftest import make_course
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

BUYERS = 16
NOBODY = Actor(ip_address="192.0.2.1")


def crowd(size: int) -> list[User]:
    """Make `size` people."""
    return [make_user(f"buyer-{number}@example.com") for number in range(size)]


@pytest.mark.parametrize("price", [0, 10])
def test_one_seat_goes_to_one_of_many_buyers(run_together: RunTogether, price: int) -> None:
    course, buyers = make_course(price=price, capacity=1), crowd(BUYERS)

    outcomes = run_together(BUYERS, lambda number: enroll(buyers[number], course, by=NOBODY))

    assert [type(outcome) for outcome in outcomes].count(CourseFull) == BUYERS - 1
    winner = Enrollment.objects.get()
    assert winner in outcomes
    assert winner.holds_a_seat


def test_one_person_who_asks_many_times_at_once_has_one_enrolment(run_together: RunTogether) -> None:
    course, (buyer,) = make_course(price=10, capacity=1), crowd(1)

    outcomes = run_together(BUYERS, lambda _: enroll(buyer, course, by=NOBODY))

    assert outcomes == [Enrollment.objects.get()] * BUYERS


def test_of_many_grants_at_once_one_opens_the_enrolment(run_together: RunTogether) -> None:
    (buyer,) = crowd(1)
    enrollment = enroll(buyer, make_course(price=10), by=NOBODY)

    run_together(BUYERS, lambda _: grant_access(enrollment, kind=Kind.PAYMENT, reference="1", by=NOBODY))

    assert Enrollment.objects.get().status == "active"
    assert AuditLog.objects.filter(details__event="courses.access.granted").count() == 1


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_without_the_lock_one_seat_is_sold_often(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        course, buyers = make_course(price=10, capacity=1), crowd(4)
        everyone_has_counted = threading.Barrier(len(buyers), timeout=30)

        def count_then_wait(course: Course) -> None:
            require_a_free_seat(course)
            everyone_has_counted.wait()

        monkeypatch.setattr(CourseQuerySet, "select_for_update", lambda courses, **_: courses)
        monkeypatch.setattr(enrolling, "require_a_free_seat", count_then_wait)
        run_together(len(buyers), lambda number: enroll(buyers[number], course, by=NOBODY))

        assert Enrollment.objects.count() == len(buyers)
