"""What an enrolment rests on."""

import pytest
from django.db import IntegrityError, transaction

from audit.actor import Actor
from courses.models import Enrollment
from courses.services.enrolling import enroll
from courses.services.grants import Kind, grant_access
from tests.courses.conftest import make_course
from users.models import User

pytestmark = pytest.mark.django_db


def test_a_payment_opens_a_pending_enrolment(student: User, actor: Actor) -> None:
    enrollment = enroll(student, make_course(price=10), by=actor)

    opened = grant_access(enrollment, kind=Kind.PAYMENT, reference="1", by=actor)

    assert (opened.pk, opened.status, opened.seat_held_until) == (enrollment.pk, "active", None)


@pytest.mark.parametrize("second", ["pending", "active", "completed"])
def test_the_database_keeps_one_live_enrolment_per_person_and_course(student: User, second: str) -> None:
    course = make_course()
    Enrollment.objects.create(user=student, course=course, status="active")

    with pytest.raises(IntegrityError), transaction.atomic():
        Enrollment.objects.create(user=student, course=course, status=second)
    Enrollment.objects.create(user=student, course=course, status="cancelled")
