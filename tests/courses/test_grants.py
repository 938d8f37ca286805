"""What an enrolment rests on: access ends when the last ground goes, and only then."""

from itertools import combinations, permutations

import pytest
from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Certificate, Enrollment, EnrollmentGrant
from courses.services.completing import complete_by_hand
from courses.services.enrolling import enroll
from courses.services.grants import Kind, grant_access, withdraw_access
from courses.services.seats import CourseFull
from courses.states import Status
from tests.courses.conftest import make_course
from users.models import User

pytestmark = pytest.mark.django_db

KINDS = sorted(Kind.values)
ENDINGS = [
    order for size in range(1, len(KINDS) + 1) for some in combinations(KINDS, size) for order in permutations(some)
]


@pytest.fixture
def waiting(student: User, actor: Actor) -> Enrollment:
    """A place that waits for its payment."""
    return enroll(student, make_course(price=10, capacity=1), by=actor)


def events(enrollment: Enrollment) -> list[str]:
    """Return what the audit log says of an enrolment, oldest first."""
    rows = AuditLog.objects.filter(resource_id=str(enrollment.pk)).order_by("id")
    return [row.details["event"] for row in rows]


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_ground_opens_a_pending_enrolment(waiting: Enrollment, actor: Actor, kind: str) -> None:
    opened = grant_access(waiting, kind=kind, reference="1", by=actor)

    assert (opened.pk, opened.status, opened.seat_held_until) == (waiting.pk, "active", None)
    assert events(opened)[-1] == "courses.access.granted"


@pytest.mark.parametrize("order", ENDINGS, ids="-".join)
def test_access_ends_with_the_last_ground_in_whatever_order_they_go(
    waiting: Enrollment, actor: Actor, order: tuple[str, ...]
) -> None:
    for kind in order:
        grant_access(waiting, kind=kind, reference="1", by=actor)

    for number, kind in enumerate(order, start=1):
        assert withdraw_access(waiting, kind=kind, reference="1", ended_as=Status.REFUNDED, by=actor)
        is_last = number == len(order)
        assert Enrollment.objects.get().status == ("refunded" if is_last else "active")
        assert AuditLog.objects.order_by("id").last().details["access_ended"] is is_last  # type: ignore[union-attr]
    assert not EnrollmentGrant.objects.standing().exists()


@pytest.mark.parametrize("ended_as", [Status.CANCELLED, Status.REFUNDED])
def test_who_takes_the_last_ground_away_says_how_it_ended(waiting: Enrollment, actor: Actor, ended_as: Status) -> None:
    grant_access(waiting, kind=Kind.MANUAL, by=actor)

    withdraw_access(waiting, kind=Kind.MANUAL, ended_as=ended_as, by=actor)

    assert waiting.status == ended_as


@pytest.mark.parametrize("ended_as", [Status.PENDING, Status.ACTIVE, Status.COMPLETED])
def test_an_enrolment_ends_as_nothing_else(waiting: Enrollment, actor: Actor, ended_as: Status) -> None:
    with pytest.raises(ValueError, match=ended_as):
        withdraw_access(waiting, kind=Kind.FREE, ended_as=ended_as, by=actor)


def test_two_payments_are_two_grounds(waiting: Enrollment, actor: Actor) -> None:
    for payment in ("1", "2"):
        grant_access(waiting, kind=Kind.PAYMENT, reference=payment, by=actor)

    withdraw_access(waiting, kind=Kind.PAYMENT, reference="1", ended_as=Status.REFUNDED, by=actor)

    assert Enrollment.objects.get().status == "active"


def test_repetitions_change_nothing(waiting: Enrollment, actor: Actor) -> None:
    for _ in range(2):
        grant_access(waiting, kind=Kind.PAYMENT, reference="1", by=actor)
    took = [
        withdraw_access(waiting, kind=Kind.PAYMENT, reference="1", ended_as=Status.REFUNDED, by=actor) for _ in range(2)
    ]

    assert took == [True, False]
    assert events(waiting) == ["courses.enrolled", "courses.access.granted", "courses.access.withdrawn"]
    assert EnrollmentGrant.objects.count() == 1


def test_what_was_never_given_cannot_be_taken_away(waiting: Enrollment, actor: Actor) -> None:
    assert not withdraw_access(waiting, kind=Kind.FREE, ended_as=Status.CANCELLED, by=actor)
    assert Enrollment.objects.get().status == "pending"


def test_a_ground_that_comes_back_opens_the_enrolment_with_its_progress_and_certificate(
    waiting: Enrollment, actor: Actor
) -> None:
    grant_access(waiting, kind=Kind.PAYMENT, reference="1", by=actor)
    complete_by_hand(waiting, by=actor)
    withdraw_access(waiting, kind=Kind.PAYMENT, reference="1", ended_as=Status.REFUNDED, by=actor)
    assert not Certificate.objects.get().is_valid

    again = grant_access(waiting, kind=Kind.PAYMENT, reference="1", by=actor)

    assert (again.pk, again.status) == (waiting.pk, "completed")
    assert Certificate.objects.get().is_valid
    assert EnrollmentGrant.objects.count() == 1


def test_a_certificate_counts_while_another_ground_stands(waiting: Enrollment, actor: Actor) -> None:
    for kind in (Kind.PAYMENT, Kind.MANUAL):
        grant_access(waiting, kind=kind, by=actor)
    complete_by_hand(waiting, by=actor)

    withdraw_access(waiting, kind=Kind.PAYMENT, ended_as=Status.REFUNDED, by=actor)

    assert Certificate.objects.get().is_valid


def test_a_ground_goes_to_the_live_enrolment_and_is_found_there(
    waiting: Enrollment, student: User, actor: Actor
) -> None:
    grant_access(waiting, kind=Kind.PAYMENT, reference="1", by=actor)
    withdraw_access(waiting, kind=Kind.PAYMENT, reference="1", ended_as=Status.REFUNDED, by=actor)
    newer = enroll(student, waiting.course, by=actor)

    won = grant_access(waiting, kind=Kind.PAYMENT, reference="1", by=actor)  # a dispute about the first payment

    assert (won.pk, won.status) == (newer.pk, "active")
    assert withdraw_access(waiting, kind=Kind.PAYMENT, reference="1", ended_as=Status.REFUNDED, by=actor)
    assert set(Enrollment.objects.values_list("status", flat=True)) == {"refunded"}


@pytest.mark.parametrize("kind", sorted({*KINDS} - {Kind.IMPORT}))
def test_no_ground_but_the_imports_opens_a_full_course(
    waiting: Enrollment, other_student: User, actor: Actor, kind: str
) -> None:
    late = Enrollment.objects.create(user=other_student, course=waiting.course)

    with pytest.raises(CourseFull):
        grant_access(late, kind=kind, by=actor)

    late.refresh_from_db()
    assert (late.status, late.grants.count()) == ("pending", 0)
    assert grant_access(late, kind=Kind.IMPORT, by=actor).status == "active"


def test_a_second_ground_needs_no_second_seat(waiting: Enrollment, actor: Actor) -> None:
    for kind in KINDS:
        assert grant_access(waiting, kind=kind, by=actor).status == "active"


@pytest.mark.parametrize("second", ["pending", "active", "completed"])
def test_the_database_keeps_one_live_enrolment_per_person_and_course(student: User, second: str) -> None:
    course = make_course()
    Enrollment.objects.create(user=student, course=course, status="active")

    with pytest.raises(IntegrityError), transaction.atomic():
        Enrollment.objects.create(user=student, course=course, status=second)
    Enrollment.objects.create(user=student, course=course, status="cancelled")


def test_the_database_keeps_a_payment_from_opening_two_enrolments(
    waiting: Enrollment, other_student: User, actor: Actor
) -> None:
    grant_access(waiting, kind=Kind.PAYMENT, reference="1", by=actor)
    other = enroll(other_student, make_course(price=10), by=actor)

    with pytest.raises(IntegrityError), transaction.atomic():
        grant_access(other, kind=Kind.PAYMENT, reference="1", by=actor)
