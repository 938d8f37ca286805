"""Requests for a place become enrolments when their address is proved (contract 4.5)."""

from typing import Any

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment, EnrollmentGrant, EnrollmentRequest
from courses.services.ending import cancel_enrollment
from courses.services.enrolling import enroll
from courses.services.redeeming import redeem_requests
from payments.models import Payment
from tests.conftest import client_of, make_user
from tests.courses.conftest import make_course
from tests.users.mailbox import token_for
from users.models import User

pytestmark = pytest.mark.django_db


def ask(**fields: Any) -> EnrollmentRequest:
    """Make a request under the student's address."""
    known = {"first_name": "Ada", "email": "Student@Example.com", "course_title": "Painting"}
    return EnrollmentRequest.objects.create(**known | fields)


def state() -> list[tuple[str, str, list[str]]]:
    """Return title, status and standing grounds of each enrolment, oldest first."""
    return [
        (one.course.title, one.status, list(one.grants.standing().values_list("kind", flat=True)))
        for one in Enrollment.objects.order_by("id")
    ]


def test_who_registers_and_proves_the_address_has_what_they_asked_for(anonymous: APIClient) -> None:
    course = make_course(title="Ponds")
    form = {"first_name": "Ada", "email": "new@example.com", "course": course.slug}
    anonymous.post("/api/v1/courses/enrollment-requests/", form)
    anonymous.post("/api/v1/users/register/", {"email": "New@Example.com", "password": "quiet-lantern-42"})
    assert not Enrollment.objects.exists()

    anonymous.post("/api/v1/users/verify_email/", {"token": token_for("New@Example.com")})

    assert state() == [("Ponds", "active", ["free"])]
    request = EnrollmentRequest.objects.get()
    assert request.enrollment == Enrollment.objects.get()
    log = AuditLog.objects.get(details__event="courses.request.redeemed")
    assert (log.resource_id, log.details["enrollment"]) == (str(request.pk), str(request.enrollment_id))


@pytest.mark.parametrize("published", [True, False])
def test_what_was_paid_for_is_open_and_no_payment_of_ours(student: User, actor: Actor, published: bool) -> None:
    course = make_course(title="Ponds", price=10, is_published=published)
    request = ask(course=course, is_paid=True)

    redeem_requests(student, actor)

    assert state() == [("Ponds", "active", ["import"])]
    assert EnrollmentGrant.objects.get().reference == str(request.pk)
    assert not Payment.objects.exists()


def test_what_was_paid_for_is_open_though_every_seat_is_taken(student: User, other_student: User, actor: Actor) -> None:
    course = make_course(title="Ponds", price=10, capacity=1)
    enroll(other_student, course, by=actor)
    ask(course=course, is_paid=True)

    redeem_requests(student, actor)

    assert Enrollment.objects.get(user=student).status == "active"


def test_what_is_to_be_paid_waits_for_it_and_holds_no_seat(
    student: User, other_student: User, actor: Actor, priced: Course
) -> None:
    ask(course=priced)

    redeem_requests(student, actor)

    waiting = Enrollment.objects.get()
    assert (waiting.status, waiting.holds_a_seat) == ("pending", False)
    (shown,) = client_of(student).get("/api/v1/courses/enrollments/").json()["results"]
    assert shown["payment_required"] == {"amount": "49.90", "currency": "usd"}
    assert enroll(other_student, priced, by=actor).holds_a_seat


def test_a_full_course_stays_a_request_until_there_is_a_seat(student: User, other_student: User, actor: Actor) -> None:
    course = make_course(title="Ponds", capacity=1)
    taken = enroll(other_student, course, by=actor)
    ask(course=course)

    redeem_requests(student, actor)
    assert not Enrollment.objects.filter(user=student).exists()
    assert EnrollmentRequest.objects.unanswered().count() == 1

    Enrollment.objects.filter(pk=taken.pk).update(status="cancelled")
    redeem_requests(student, actor)
    assert Enrollment.objects.get(user=student).status == "active"


@pytest.mark.parametrize("fields", [{"is_published": False}, {"is_published": False, "price": 10}])
def test_an_unpublished_course_stays_a_request(student: User, actor: Actor, fields: dict[str, Any]) -> None:
    ask(course=make_course(**fields))

    redeem_requests(student, actor)

    assert state() == []


@pytest.mark.parametrize(
    ("asked", "found"),
    [("Ponds", True), ("  pONDS  ", True), ("Pönds", False), ("Lakes", False), ("", False), ("Rivers", False)],
)
@pytest.mark.parametrize("is_paid", [True, False])
def test_a_title_finds_its_published_course(
    student: User, actor: Actor, asked: str, found: bool, is_paid: bool
) -> None:
    course = make_course(title="Ponds")
    make_course(title="Lakes", is_published=False)
    for _ in range(2):
        make_course(title="Rivers")
    request = ask(course_title=asked, is_paid=is_paid)

    redeem_requests(student, actor)

    request.refresh_from_db()
    assert (request.course, request.enrollment) == ((course, Enrollment.objects.get()) if found else (None, None))


def test_what_the_person_has_already_is_what_the_request_led_to(student: User, actor: Actor, priced: Course) -> None:
    mine = enroll(student, priced, by=actor)
    request = ask(course=priced)

    redeem_requests(student, actor)

    request.refresh_from_db()
    assert (request.enrollment, mine.holds_a_seat) == (mine, True)
    assert Enrollment.objects.count() == 1


def test_a_request_that_is_paid_since_opens_what_waits(student: User, actor: Actor, priced: Course) -> None:
    request = ask(course=priced)
    redeem_requests(student, actor)
    EnrollmentRequest.objects.update(is_paid=True)

    redeem_requests(student, actor)

    assert [(status, kinds) for _, status, kinds in state()] == [("active", ["import"])]
    assert EnrollmentGrant.objects.get().reference == str(request.pk)


def test_what_is_paid_after_its_place_was_given_up_opens_a_new_one(student: User, actor: Actor, priced: Course) -> None:
    ask(course=priced)
    redeem_requests(student, actor)
    cancel_enrollment(Enrollment.objects.get(), by=actor)
    EnrollmentRequest.objects.update(is_paid=True)

    redeem_requests(student, actor)

    assert [(status, kinds) for _, status, kinds in state()] == [("cancelled", []), ("active", ["import"])]


def test_what_is_paid_later_is_the_first_owners_whoever_has_the_address_by_then(
    student: User, other_student: User, actor: Actor, priced: Course
) -> None:
    ask(course=priced)
    redeem_requests(student, actor)
    address, student.email = student.email, "moved@example.com"
    student.save()
    other_student.email = address
    other_student.save()
    EnrollmentRequest.objects.update(is_paid=True)

    redeem_requests(other_student, actor)
    assert [status for _, status, _ in state()] == ["pending"]
    redeem_requests(student, actor)

    assert [(status, kinds) for _, status, kinds in state()] == [("active", ["import"])]
    assert Enrollment.objects.get().user == student


def test_repetitions_find_what_is_left_and_change_nothing_else(student: User, actor: Actor) -> None:
    ask(course=make_course(title="Free"))
    ask(course=make_course(title="Paid", price=10), is_paid=True)
    ask(course=make_course(title="Priced", price=10))
    ask(course_title="Unknown")
    redeem_requests(student, actor)
    before, logged = state(), AuditLog.objects.count()

    redeem_requests(student, actor)

    assert (state(), AuditLog.objects.count()) == (before, logged)
    assert before == [("Paid", "active", ["import"]), ("Free", "active", ["free"]), ("Priced", "pending", [])]


def test_a_place_given_up_is_not_brought_back_by_the_request(student: User, actor: Actor) -> None:
    ask(course=make_course(title="Free"))
    redeem_requests(student, actor)
    client_of(student).post(f"/api/v1/courses/enrollments/{Enrollment.objects.get().pk}/cancel/")

    redeem_requests(student, actor)

    assert state() == [("Free", "cancelled", [])]


@pytest.mark.parametrize("fields", [{"price": 10}, {"is_published": False}, {}])
def test_two_requests_for_one_course_are_one_enrolment(student: User, actor: Actor, fields: dict[str, Any]) -> None:
    course = make_course(title="Ponds", **fields)
    for is_paid in (False, True):
        ask(course=course, is_paid=is_paid)

    redeem_requests(student, actor)

    assert state() == [("Ponds", "active", ["import"])]
    assert not EnrollmentRequest.objects.unanswered().exists()


def test_nobody_gets_what_somebody_else_asked_for(student: User, other_student: User, actor: Actor) -> None:
    ask(course=make_course())

    redeem_requests(other_student, actor)

    assert state() == []


def test_who_changes_the_address_gets_what_was_asked_for_under_the_new_one(student: User, actor: Actor) -> None:
    ask(course=make_course(title="Ponds"), email="moved@example.com")
    client = client_of(student)
    client.post("/api/v1/users/change_email/", {"email": "moved@example.com", "password": "correct-horse-9"})

    client.post("/api/v1/users/confirm_email/", {"token": token_for("moved@example.com")})

    assert state() == [("Ponds", "active", ["free"])]


def test_the_number_of_queries_does_not_grow_with_unknown_titles(
    actor: Actor, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    person = make_user("student@example.com")
    for number in range(30):
        ask(course_title=f"Unknown {number}")

    with django_assert_max_num_queries(7):
        redeem_requests(person, actor)
