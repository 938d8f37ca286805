"""The table of transitions, in the code and in the documentation."""

import re
from itertools import product
from pathlib import Path

import pytest

from courses.models import Enrollment
from courses.states import LIVE, SEATED, TRANSITIONS, Status, sources_of
from tests.courses.conftest import make_course
from users.models import User

DOCUMENT = Path(__file__).parents[2] / "docs" / "courses.md"
PAIRS = list(product(Status, Status))


def test_the_table_speaks_of_every_status() -> None:
    assert set(TRANSITIONS) == set(Status)


@pytest.mark.parametrize("target", Status)
def test_sources_and_targets_are_two_sides_of_one_table(target: Status) -> None:
    assert {source for source in Status if target in TRANSITIONS[source]} == set(sources_of(target))


def test_nothing_becomes_pending_again_and_whoever_has_a_seat_is_live() -> None:
    assert sources_of(Status.PENDING) == []
    assert set(SEATED) < set(LIVE)


@pytest.mark.django_db
@pytest.mark.parametrize(("source", "target"), PAIRS, ids=str)
def test_an_enrolment_moves_where_the_table_leads_and_nowhere_else(
    student: User, source: Status, target: Status
) -> None:
    enrollment = Enrollment.objects.create(user=student, course=make_course(), status=source)

    moved = Enrollment.objects.filter(pk=enrollment.pk).move(target)

    enrollment.refresh_from_db()
    assert moved == (target in TRANSITIONS[source])
    assert enrollment.status == (target if moved else source)


def test_the_documentation_shows_the_same_table() -> None:
    rows = re.findall(r"^\| `(\w+)` \| ([^|]+) \|", DOCUMENT.read_text(), flags=re.MULTILINE)

    told = {source: set(re.findall(r"`(\w+)`", targets)) for source, targets in rows if source in set(Status)}
    assert told == {str(source): {str(target) for target in targets} for source, targets in TRANSITIONS.items()}
