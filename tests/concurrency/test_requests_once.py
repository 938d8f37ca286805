"""A request for a place is stored once and leads to one enrolment, however often it is sent or redeemed at once."""

import threading
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.db.models import QuerySet
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Enrollment, EnrollmentGrant, EnrollmentRequest
from courses.services import requests
from courses.services.redeeming import redeem_requests
from tests.conftest import RunTogether, make_user
from tests.courses.conftest import make_course
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
NOBODY = Actor(ip_address="192.0.2.1")
URL = "/api/v1/courses/enrollment-requests/"
FORM = {"first_name": "Ada", "email": "ada@example.com", "course_title": "Painting"}


@pytest.fixture(autouse=True)
def _wide_limits(settings: Settings) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1_000_000, 3600))


def send(name: str | None) -> Any:
    """Send the form under a name; return the status and the id."""
    answer = APIClient().post(URL, FORM, headers={"Idempotency-Key": name} if name else {})
    return answer.status_code, answer.json().get("id")


def someone_who_asked() -> User:
    """Make a person who asked for a paid place and for a free one."""
    person = make_user("ada@example.com", email_verified=True)
    for price, is_paid in ((10, True), (0, False)):
        EnrollmentRequest.objects.create(
            first_name="Ada", email=person.email, course=make_course(price=price, capacity=1), is_paid=is_paid
        )
    return person


@pytest.mark.parametrize("names", [1, 4, 0])
def test_the_same_request_sent_at_once_is_stored_once(run_together: RunTogether, names: int) -> None:
    outcomes = run_together(THREADS, lambda number: send(f"form-{number % names}" if names else None))

    stored = EnrollmentRequest.objects.get()
    assert outcomes == [(201, str(stored.pk))] * THREADS
    assert AuditLog.objects.filter(details__event="courses.place_requested").count() == 1


def test_requests_redeemed_at_once_lead_to_one_enrolment_each(run_together: RunTogether) -> None:
    person = someone_who_asked()

    outcomes = run_together(8, lambda _: redeem_requests(person, NOBODY))

    assert outcomes == [None] * 8
    assert sorted(EnrollmentGrant.objects.values_list("kind", flat=True)) == ["free", "import"]
    assert Enrollment.objects.seated().count() == Enrollment.objects.count() == 2
    assert AuditLog.objects.filter(details__event="courses.request.redeemed").count() == 2


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    def test_control_without_the_claim_every_request_is_stored(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(requests, "claim", lambda *_, **__: None)

        run_together(4, lambda _: send("form"))

        assert EnrollmentRequest.objects.count() == 4

    def test_control_without_the_locks_a_request_is_redeemed_often(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        person = someone_who_asked()
        EnrollmentRequest.objects.filter(is_paid=False).delete()
        Enrollment.objects.create(user=person, course=EnrollmentRequest.objects.get().course)  # type: ignore[misc]
        everyone_has_read = threading.Barrier(4, timeout=30)

        def read_then_wait(courses: list[EnrollmentRequest]) -> None:
            everyone_has_read.wait()

        monkeypatch.setattr(QuerySet, "select_for_update", lambda rows, **_: rows)
        monkeypatch.setattr("courses.services.redeeming._name_courses", read_then_wait)
        run_together(4, lambda _: redeem_requests(person, NOBODY))

        assert AuditLog.objects.filter(details__event="courses.request.redeemed").count() > 1
