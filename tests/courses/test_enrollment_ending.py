"""Giving a place up, and places that the staff give and take back."""

from typing import Any
from uuid import uuid4

import pytest
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course, Enrollment
from courses.services.enrolling import enroll
from courses.services.grants import grant_access
from tests.conftest import client_of
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/enrollments/"
NOBODYS = "0190b5a0-0000-7000-8000-000000000000"
pytestmark = pytest.mark.django_db


def place(user: User, *kinds: str, price: int = 0) -> Enrollment:
    """Make a place that rests on grounds of these kinds; without one it waits for its payment."""
    enrollment = Enrollment.objects.create(user=user, course=make_course(price=price))
    for kind in kinds:
        enrollment = grant_access(enrollment, kind=kind, by=Actor())
    return enrollment


def post(client: APIClient, enrollment: Enrollment, verb: str) -> Any:
    return client.post(f"{URL}{enrollment.pk}/{verb}/")


def last_event() -> str:
    return str(AuditLog.objects.order_by("id").last().details["event"])  # type: ignore[union-attr]


# --- Cancelling -------------------------------------------------------------------------------------------------
def test_a_place_that_waits_for_its_payment_is_given_up_and_free_for_others(
    student: User, other_student: User, actor: Actor, priced: Course
) -> None:
    held = enroll(student, priced, by=actor)

    answer = post(client_of(student), held, "cancel")

    assert (answer.status_code, answer.json()["status"], answer.json()["seat_held_until"]) == (200, "cancelled", None)
    assert last_event() == "courses.enrollment.cancelled"
    assert enroll(other_student, priced, by=actor).holds_a_seat


def test_a_free_place_is_given_up_and_may_be_taken_again(student: User) -> None:
    mine = place(student, "free")

    assert post(client_of(student), mine, "cancel").json()["status"] == "cancelled"
    assert last_event() == "courses.access.withdrawn"
    again = client_of(student).post(f"/api/v1/courses/courses/{mine.course.slug}/enroll/")
    assert (again.status_code, again.json()["status"]) == (201, "active")


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        (["payment"], "paid_enrollment"),
        (["payment", "free"], "paid_enrollment"),
        (["manual"], "given_enrollment"),
        (["import"], "given_enrollment"),
        (["manual", "free"], "given_enrollment"),
    ],
)
def test_what_was_paid_or_given_is_not_given_up_by_oneself(student: User, kinds: list[str], code: str) -> None:
    mine = place(student, *kinds, price=10)

    answer = post(client_of(student), mine, "cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, code)
    assert Enrollment.objects.get().status == "active"


@pytest.mark.parametrize("status", ["completed", "cancelled", "refunded"])
def test_what_is_completed_or_has_ended_is_not_cancelled(student: User, status: str) -> None:
    mine = place(student, "free")
    Enrollment.objects.update(status=status)

    answer = post(client_of(student), mine, "cancel")

    assert (answer.status_code, answer.json()["code"]) == (409, "nothing_to_cancel")
    assert Enrollment.objects.get().status == status


def test_a_payment_that_arrives_after_the_cancellation_opens_the_place(student: User) -> None:
    mine = place(student, price=10)
    post(client_of(student), mine, "cancel")

    assert grant_access(mine, kind="payment", reference="1", by=Actor()).status == "active"


def test_nobody_cancels_for_somebody_else(student: User, other_student: User, staff: User) -> None:
    mine = place(student, "free")

    for person in (other_student, staff):
        assert post(client_of(person), mine, "cancel").status_code == 404
    assert Enrollment.objects.get().status == "active"


def test_cancelling_costs_few_queries(student: User, django_assert_max_num_queries: DjangoAssertNumQueries) -> None:
    mine, client = place(student, "free"), client_of(student)

    with django_assert_max_num_queries(19):
        assert post(client, mine, "cancel").status_code == 200


# --- By hand ----------------------------------------------------------------------------------------------------
def give(client: APIClient, user: object, course: object) -> Any:
    return client.post(f"{URL}grant/", {"user": str(user), "course": str(course)})


@pytest.mark.parametrize("by_email", [True, False])
@pytest.mark.parametrize("fields", [{"price": 10}, {"is_published": False}, {}])
def test_staff_give_a_place_by_email_or_id_in_any_course(
    staff: User, student: User, by_email: bool, fields: dict[str, Any]
) -> None:
    course = make_course(**fields)

    answer = give(
        client_of(staff), "Student@Example.COM" if by_email else student.pk, course.slug if by_email else course.pk
    )

    assert answer.status_code == 201
    told = answer.json()
    assert (told["user"], told["status"], told["course"]["id"]) == (str(student.pk), "active", str(course.pk))
    assert [grant["kind"] for grant in told["grants"]] == ["manual"]
    log = AuditLog.objects.get(details__event="courses.access.granted")
    assert (log.user, log.details["kind"]) == (staff, "manual")


def test_giving_once_more_changes_nothing(staff: User, student: User) -> None:
    client, course = client_of(staff), make_course(capacity=1)
    first, second = (give(client, student.email, course.slug) for _ in range(2))

    assert (second.status_code, second.json()) == (201, first.json())
    assert Enrollment.objects.get().grants.count() == 1


def test_a_place_given_opens_the_one_that_waits_for_its_payment(
    staff: User, student: User, actor: Actor, priced: Course
) -> None:
    held = enroll(student, priced, by=actor)

    assert give(client_of(staff), student.email, "priced").json()["id"] == str(held.pk)
    assert Enrollment.objects.get().status == "active"


def test_staff_give_no_seat_that_there_is_not(
    staff: User, student: User, other_student: User, actor: Actor, priced: Course
) -> None:
    enroll(student, priced, by=actor)

    answer = give(client_of(staff), other_student.email, "priced")

    assert (answer.status_code, answer.json()["code"]) == (409, "course_full")
    assert not Enrollment.objects.filter(user=other_student).exists()


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"user": "nobody@example.com"}, "user"),
        ({"user": NOBODYS}, "user"),
        ({"user": "off@example.com"}, "user"),
        ({"user": ""}, "user"),
        ({"user": None}, "user"),
        ({"user": ["student@example.com"]}, "user"),
        ({"user": "x" * 255}, "user"),
        ({"course": "never-was"}, "course"),
        ({"course": NOBODYS}, "course"),
        ({"course": "é/ü"}, "course"),
        ({"kind": "payment"}, "kind"),
    ],
)
def test_a_bad_field_is_a_400_that_names_it(
    staff: User, student: User, priced: Course, change: dict[str, Any], field: str
) -> None:
    User.objects.create(email="off@example.com", is_active=False)
    body = {"user": student.email, "course": "priced", **change}

    answer = client_of(staff).post(f"{URL}grant/", body)

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {field})
    assert not Enrollment.objects.exists()


def test_what_staff_gave_they_take_back(staff: User, student: User) -> None:
    mine = place(student, "manual")

    answer = post(client_of(staff), mine, "withdraw")

    assert (answer.status_code, answer.json()["status"]) == (200, "cancelled")
    assert answer.json()["grants"][0]["withdrawn_at"] is not None
    again = post(client_of(staff), mine, "withdraw")
    assert (again.status_code, again.json()["code"]) == (409, "not_given_by_hand")


@pytest.mark.parametrize("kind", ["free", "payment", "import"])
def test_staff_take_back_only_what_they_gave(staff: User, student: User, kind: str) -> None:
    mine = place(student, kind)

    answer = post(client_of(staff), mine, "withdraw")

    assert (answer.status_code, answer.json()["code"]) == (409, "not_given_by_hand")
    assert Enrollment.objects.get().status == "active"


def test_another_ground_keeps_open_what_staff_take_back(staff: User, student: User) -> None:
    mine = place(student, "manual", "payment")

    assert post(client_of(staff), mine, "withdraw").json()["status"] == "active"


def test_a_place_given_again_goes_on_where_it_ended(staff: User, student: User) -> None:
    mine, office = place(student, "manual"), client_of(staff)
    post(office, mine, "complete")
    post(office, mine, "withdraw")

    again = give(office, student.email, mine.course.slug).json()

    assert (again["id"], again["status"], again["certificate"]["valid"]) == (str(mine.pk), "completed", True)


@pytest.mark.parametrize("verb", ["withdraw", "complete"])
def test_only_staff_may(student: User, instructor: User, verb: str) -> None:
    mine = place(student, "manual")

    for person in (student, instructor):
        assert post(client_of(person), mine, verb).status_code == 403
        assert give(client_of(person), student.email, mine.course.slug).status_code == 403
    assert Enrollment.objects.get().status == "active"


@pytest.mark.parametrize("verb", ["cancel", "withdraw", "complete"])
def test_an_enrolment_that_never_was_is_not_there(staff: User, verb: str) -> None:
    assert client_of(staff).post(f"{URL}{uuid4()}/{verb}/").status_code == 404


def test_giving_and_taking_back_cost_few_queries(
    staff: User, student: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    client, course = client_of(staff), make_course(capacity=5)

    with django_assert_max_num_queries(24):
        given = give(client, student.email, course.slug)
    with django_assert_max_num_queries(18):
        assert client.post(f"{URL}{given.json()['id']}/withdraw/").status_code == 200
