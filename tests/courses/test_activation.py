"""What a payment does to an enrolment, and which courses can be paid for."""

import pytest
from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Enrollment
from courses.services import CourseIsFree, UnknownCourse, activate_enrollment, enroll, get_priced_course
from tests.courses.conftest import make_course
from users.models import User

pytestmark = pytest.mark.django_db


def test_a_pending_enrolment_is_activated_once(student: User, actor: Actor) -> None:
    enrollment = enroll(student, make_course(price=10), by=actor)

    assert activate_enrollment(enrollment, by=Actor.from_system("webhook")) is True
    assert activate_enrollment(enrollment, by=Actor.from_system("webhook")) is False

    assert (enrollment.status, enrollment.seat_held_until) == ("active", None)
    log = AuditLog.objects.get(details__event="courses.enrollment.activated")
    assert (log.resource_id, log.details["system"]) == (str(enrollment.pk), "webhook")


@pytest.mark.parametrize("status", ["active", "completed", "cancelled", "refunded"])
def test_only_a_pending_enrolment_is_activated(student: User, actor: Actor, status: str) -> None:
    enrollment = Enrollment.objects.create(user=student, course=make_course(), status=status)

    assert activate_enrollment(enrollment, by=actor) is False

    enrollment.refresh_from_db()
    assert enrollment.status == status
    assert not AuditLog.objects.filter(details__event="courses.enrollment.activated").exists()


def test_an_activation_is_undone_with_the_transaction_around_it(student: User, actor: Actor) -> None:
    enrollment = enroll(student, make_course(price=10), by=actor)

    with transaction.atomic():
        activate_enrollment(enrollment, by=actor)
        transaction.set_rollback(True)

    assert Enrollment.objects.get().status == "pending"


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


@pytest.mark.parametrize("second", ["pending", "active", "completed"])
def test_the_database_keeps_one_live_enrolment_per_person_and_course(student: User, second: str) -> None:
    course = make_course()
    Enrollment.objects.create(user=student, course=course, status="active")

    with pytest.raises(IntegrityError), transaction.atomic():
        Enrollment.objects.create(user=student, course=course, status=second)
    Enrollment.objects.create(user=student, course=course, status="cancelled")
