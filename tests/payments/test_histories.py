"""Histories of money, generated: whatever happens in whatever order, in the end we know what Stripe knows.

HISTORIES says how many (500 on SQLite and 60 on PostgreSQL by default; `make test-long` plays 10,000). They are played
in parts, so that the workers of one run share them.
"""

import copy
import os
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from django.conf import settings as django_settings
from django.db import transaction
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st
from pytest_django import Settings

from courses.models import Course
from examples.stripe_sandbox import StripeSandbox
from examples.stripe_sandbox.world import StripeWorld
from payments import gateway
from payments.services.events import apply_event
from payments.webhook_events import event_of
from tests.conftest import make_user
from tests.payments.conftest import SECRET, Json, deliver
from tests.payments.stage import SYSTEM, Stage, Step
from tests.payments.wire import Wire
from users.models import User

pytestmark = pytest.mark.django_db

HISTORIES = int(os.environ.get("HISTORIES", "60" if django_settings.DB_HOST else "500"))
OVER_HTTP = max(10, HISTORIES // 50)
PARTS = 5
BUYERS = 2

which = st.integers(0, 1)
minor = st.one_of(st.none(), st.integers(1, 9999))
cards = st.sampled_from(
    ["pm_card_visa"] * 3
    + ["pm_card_chargeDeclined", "pm_card_authenticationRequired", "pm_card_pendingRefund", "pm_card_createDispute"]
)
hows = st.sampled_from(["cut", "429", "500", "silent"])
steps = st.one_of(
    st.tuples(st.just("start"), which),
    st.tuples(st.just("pay"), which, cards),
    st.tuples(st.just("pay"), which, cards),
    st.tuples(st.just("authenticate"), which, st.booleans()),
    st.tuples(st.just("process"), which),
    st.tuples(st.just("give_up"), which),
    st.tuples(st.just("refund"), which, minor),
    st.tuples(st.just("refund_in_trouble"), which, minor, hows),
    st.tuples(st.just("start_in_trouble"), which, hows),
    st.tuples(st.just("refund_at_stripe"), which, minor, st.sampled_from(["pending", "succeeded"])),
    st.tuples(st.just("settle_refund"), which, st.sampled_from(["succeeded", "failed"])),
    st.tuples(st.just("dispute"), which, minor, st.booleans()),
    st.tuples(st.just("close_dispute"), which, st.booleans()),
    st.tuples(st.just("close_dispute"), which, st.booleans()),
    st.tuples(st.just("deliver"), st.integers(0, 40)),
    st.tuples(st.just("deliver"), st.integers(0, 40)),
    st.tuples(st.just("deliver"), st.integers(0, 40)),
    st.tuples(st.just("deliver"), st.integers(0, 40)),
    st.tuples(st.just("trouble"), hows, st.just("*")),
    st.sampled_from([("sweep",), ("reconcile",)]),
)
beginning: list[Step] = [("start", 0), ("pay", 0, "pm_card_visa")]
histories = st.lists(steps, min_size=6, max_size=14).map(lambda told: [*beginning, *told])


@pytest.fixture
def _stripe_is_near(settings: Settings) -> None:
    settings.STRIPE_SECRET_KEY, settings.STRIPE_WEBHOOK_SECRETS = "sk_test_sandbox", [SECRET]


def apply(told: Json) -> None:
    """Apply an event without the way through HTTP, which the other histories take."""
    apply_event(event_of(copy.deepcopy(told)), by=SYSTEM)


@contextmanager
def undone() -> Iterator[None]:
    """Undo all that the block writes."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.timeout(14_400)
@pytest.mark.usefixtures("_stripe_is_near")
@pytest.mark.parametrize("_part", range(PARTS))
def test_every_history_ends_with_what_stripe_knows(
    course: Course, staff: User, monkeypatch: pytest.MonkeyPatch, _part: int
) -> None:
    buyers = [make_user(f"buyer-{number}@example.com") for number in range(BUYERS)]

    @examples(max_examples=HISTORIES // PARTS, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(histories)
    def play(history: list[Step]) -> None:
        world = StripeWorld("sk_test_sandbox", SECRET)
        monkeypatch.setattr(gateway, "_connect", lambda: Wire(world))
        with undone():
            stage = Stage(world, buyers, staff, course, tell=apply)
            stage.play(history)
            stage.end()

    play()


@pytest.mark.timeout(7200)
def test_some_histories_end_so_over_http_too(course: Course, staff: User, sandbox: StripeSandbox) -> None:
    buyers = [make_user(f"buyer-{number}@example.com") for number in range(BUYERS)]

    @examples(max_examples=OVER_HTTP, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(histories.filter(lambda told: not any("silent" in step for step in told)))
    def play(history: list[Step]) -> None:
        sandbox.reset()
        with undone():
            stage = Stage(sandbox, buyers, staff, course, tell=deliver)
            stage.play(history)
            stage.end()

    play()
