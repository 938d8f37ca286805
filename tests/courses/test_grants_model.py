"""Enrolments against a simple model of them: whatever people, staff, payments and time do, in whatever order."""

from contextlib import suppress
from dataclasses import dataclass, field
from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule, run_state_machine_as_test

from audit.actor import Actor
from courses.models import Enrollment, EnrollmentGrant
from courses.services.completing import NotOpen, complete_by_hand
from courses.services.ending import GivenEnrollment, NothingToCancel, PaidEnrollment, cancel_enrollment
from courses.services.enrolling import AlreadyEnrolled, enroll
from courses.services.grants import grant_access, withdraw_access
from courses.services.seats import CourseFull
from courses.states import Status
from tests.conftest import make_user
from tests.courses.conftest import make_course

CAPACITY = 1
NOBODY = Actor(ip_address="192.0.2.1")
GROUNDS = [("free", ""), ("payment", "1"), ("manual", ""), ("import", "7")]
OPEN, REFUSALS = {"active", "completed"}, (AlreadyEnrolled, CourseFull, NotOpen)
NO_CANCEL = (GivenEnrollment, NothingToCancel, PaidEnrollment)
people = st.integers(0, 1)
grounds = st.sampled_from(GROUNDS)


@dataclass
class Place:
    """An enrolment as the model knows it."""

    status: str = "pending"
    is_held: bool = False
    was_completed: bool = False
    grounds: set[tuple[str, str]] = field(default_factory=set)

    @property
    def takes_a_seat(self) -> bool:
        return self.status in OPEN or (self.status == "pending" and self.is_held)


class Enrollments(RuleBasedStateMachine):
    """Two people and one seat of a course."""

    def __init__(self) -> None:
        super().__init__()
        self.block = transaction.atomic()
        self.block.__enter__()
        self.users = [make_user(f"p{number}@example.com") for number in range(2)]
        self.course = make_course(price=10, capacity=CAPACITY)
        self.model: list[list[Place]] = [[], []]

    def teardown(self) -> None:
        transaction.set_rollback(True)
        self.block.__exit__(None, None, None)

    def live(self, who: int) -> Place | None:
        return next((place for place in self.model[who] if place.status in {"pending", *OPEN}), None)

    def is_full(self) -> bool:
        return sum(place.takes_a_seat for places in self.model for place in places) >= CAPACITY

    def place(self, who: int, number: int) -> Enrollment:
        mine = Enrollment.objects.filter(user=self.users[who]).order_by("created_at")
        return mine[number % len(self.model[who])]

    def latest(self, who: int) -> Enrollment:
        return Enrollment.objects.filter(user=self.users[who]).latest("created_at")

    @rule(who=people)
    def enrol(self, who: int) -> None:
        with suppress(*REFUSALS):
            enroll(self.users[who], self.course, by=NOBODY)
        mine = self.live(who)
        if (mine is None or not mine.takes_a_seat) and self.is_full():
            return
        if mine is None:
            self.model[who].append(Place(is_held=True))
        elif mine.status == "pending":
            mine.is_held = True

    @rule(who=people, ground=grounds, which=st.integers(0, 9))
    def grant(self, who: int, ground: tuple[str, str], which: int) -> None:
        if not self.model[who]:  # as after a request: waiting, without a seat
            Enrollment.objects.create(user=self.users[who], course=self.course)
            self.model[who].append(Place())
        kind, number = ground
        with suppress(*REFUSALS):
            grant_access(self.place(who, which), kind=kind, reference=number and f"{who}-{number}", by=NOBODY)
        place = self.live(who) or self.model[who][which % len(self.model[who])]
        if kind != "import" and not place.takes_a_seat and self.is_full():
            return
        place.grounds.add(ground)
        if place.status not in OPEN:
            place.status, place.is_held = ("completed" if place.was_completed else "active"), False

    @precondition(lambda self: any(self.standing()))
    @rule(data=st.data(), ended_as=st.sampled_from([Status.CANCELLED, Status.REFUNDED]))
    def withdraw(self, data: st.DataObject, ended_as: Status) -> None:
        who, place, ground = data.draw(st.sampled_from(self.standing()))
        assert self.take_away(who, ground, ended_as)
        place.grounds.remove(ground)
        place.status = place.status if place.grounds else str(ended_as)

    @precondition(lambda self: any(self.model))
    @rule(who=people, ground=grounds)
    def withdraw_what_does_not_stand(self, who: int, ground: tuple[str, str]) -> None:
        if self.model[who] and not any(ground in place.grounds for place in self.model[who]):
            assert not self.take_away(who, ground, Status.CANCELLED)

    def standing(self) -> list[tuple[int, Place, tuple[str, str]]]:
        places = [(who, place) for who in range(2) for place in self.model[who]]
        return [(who, place, ground) for who, place in places for ground in sorted(place.grounds)]

    def take_away(self, who: int, ground: tuple[str, str], ended_as: Status) -> bool:
        """Withdraw a ground by any enrolment of the person, whichever it stands on."""
        kind, number = ground
        first = Enrollment.objects.filter(user=self.users[who]).earliest("created_at")
        reference = number and f"{who}-{number}"
        return withdraw_access(first, kind=kind, reference=reference, ended_as=ended_as, by=NOBODY)

    @precondition(lambda self: any(self.model))
    @rule(who=people)
    def cancel(self, who: int) -> None:
        if not self.model[who]:
            return
        with suppress(*NO_CANCEL):
            cancel_enrollment(self.latest(who), by=NOBODY)
        place = self.model[who][-1]
        if place.status == "pending" or (place.status == "active" and place.grounds == {("free", "")}):
            place.status, place.is_held = "cancelled", False
            place.grounds.clear()

    @precondition(lambda self: any(self.model))
    @rule(who=people)
    def complete(self, who: int) -> None:
        if not self.model[who]:
            return
        with suppress(NotOpen):
            complete_by_hand(self.latest(who), by=NOBODY)
        place = self.model[who][-1]
        if place.status in OPEN:
            place.status, place.was_completed = "completed", True

    @rule()
    def let_holds_lapse(self) -> None:
        Enrollment.objects.filter(status="pending").update(seat_held_until=timezone.now() - timedelta(seconds=1))
        for places in self.model:
            for place in places:
                place.is_held = False

    @invariant()
    def the_database_says_what_the_model_says(self) -> None:
        for user, places in zip(self.users, self.model, strict=True):
            rows = Enrollment.objects.filter(user=user).order_by("created_at")
            assert [(row.status, row.holds_a_seat) for row in rows] == [(p.status, p.takes_a_seat) for p in places]

    @invariant()
    def it_is_open_exactly_as_long_as_a_ground_stands(self) -> None:
        standing = set(EnrollmentGrant.objects.standing().values_list("enrollment", flat=True))
        assert standing == set(Enrollment.objects.seated().values_list("pk", flat=True))

    @invariant()
    def certificates_count_while_their_enrolment_is_open(self) -> None:
        for row in Enrollment.objects.filter(certificate__isnull=False).select_related("certificate"):
            assert row.certificate.is_valid == (row.status in OPEN)

    @invariant()
    def only_the_import_overbooks(self) -> None:
        brought = EnrollmentGrant.objects.filter(kind="import").count()
        assert self.course.enrollments.taking_a_seat().count() <= CAPACITY + brought


@pytest.mark.django_db
def test_any_history_ends_as_the_model_says() -> None:
    ours = settings(
        max_examples=50,
        stateful_step_count=25,
        deadline=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
    )
    run_state_machine_as_test(Enrollments, settings=ours)
