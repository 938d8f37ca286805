"""Seats are never given out twice, however many people want the last one at the same moment."""

import threading
from collections.abc import Callable
from contextlib import suppress

import pytest
from django.conf import settings as django_settings

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, CourseQuerySet, Enrollment, EnrollmentGrant, EnrollmentRequest
from courses.services import enrolling
from courses.services.ending import cancel_enrollment
from courses.services.enrolling import enroll
from courses.services.grants import Kind, grant_access, withdraw_access
from courses.services.progress import note_progress
from courses.services.redeeming import redeem_requests
from courses.services.seats import CourseFull, require_a_free_seat
from courses.states import Status
from tests.conftest import RunTogether, client_of, make_user
from tests.courses.conftest import make_course
from titanobova.errors import DomainError
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


@pytest.mark.parametrize("price", [0, 10])
def test_five_seats_go_to_five_of_thirty_two_buyers(run_together: RunTogether, price: int) -> None:
    course, buyers = make_course(price=price, capacity=5), crowd(32)

    outcomes = run_together(32, lambda number: enroll(buyers[number], course, by=NOBODY))

    assert [type(outcome) for outcome in outcomes].count(CourseFull) == 27
    assert sum(isinstance(outcome, Enrollment) and outcome.holds_a_seat for outcome in outcomes) == 5
    assert course.enrollments.taking_a_seat().count() == Enrollment.objects.count() == 5


def test_fifty_requests_at_once_get_the_seats_that_there_are(run_together: RunTogether) -> None:
    course = make_course(price=10, capacity=7)
    clients = [client_of(buyer) for buyer in crowd(50)]
    address = f"/api/v1/courses/courses/{course.slug}/enroll/"

    answers = run_together(50, lambda number: clients[number].post(address).status_code)

    assert answers.count(201) == course.enrollments.taking_a_seat().count() == 7
    assert set(answers) <= {201, 409, 503}  # on a slow machine somebody waits for a connection in vain


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


def test_two_hundred_rounds_of_everything_never_wait_in_a_ring(run_together: RunTogether) -> None:
    people = [make_user(f"p{number}@example.com", email_verified=True) for number in range(3)]
    courses = [make_course(price=price, capacity=2) for price in (0, 10)]
    lessons = [course.lessons.create(position=1, title="Only") for course in courses]

    def step(number: int) -> None:
        """Do one of seven things to one of six places; what the rules refuse is part of it."""
        person, place = people[number % 3], number % 2
        mine = Enrollment.objects.filter(user=person, course=courses[place]).first()
        steps: list[Callable[[], object]] = [
            lambda: enroll(person, courses[place], by=NOBODY),
            lambda: note_progress(person, lessons[place].pk, completed=True, by=NOBODY),
            lambda: redeem_requests(person, NOBODY),
        ]
        if mine is not None:
            steps += [
                lambda: grant_access(mine, kind=Kind.PAYMENT, reference=str(mine.pk), by=NOBODY),
                lambda: withdraw_access(
                    mine, kind=Kind.PAYMENT, reference=str(mine.pk), ended_as=Status.REFUNDED, by=NOBODY
                ),
                lambda: cancel_enrollment(mine, by=NOBODY),
                lambda: grant_access(mine, kind=Kind.MANUAL, by=NOBODY),
            ]
        with suppress(DomainError):
            steps[number // 6 % len(steps)]()

    def rounds(thread: int) -> str:
        for number in range(200):
            if number % 10 == 0:
                asked = {"course": courses[number // 10 % 2], "course_title": "x", "is_paid": True}
                EnrollmentRequest.objects.create(first_name="A", email=people[thread % 3].email, **asked)
            step(number * 5 + thread)
        return "done"

    assert run_together(4, rounds) == ["done"] * 4
    standing = EnrollmentGrant.objects.standing().values_list("enrollment", flat=True)
    assert set(standing) == set(Enrollment.objects.seated().values_list("pk", flat=True))


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
