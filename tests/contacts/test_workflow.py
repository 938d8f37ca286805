"""The table of transitions."""

import re
from pathlib import Path

import pytest

from contacts.workflow import TRANSITIONS, Status, sources_of


def test_the_table_speaks_of_every_status() -> None:
    assert set(TRANSITIONS) == set(Status)


@pytest.mark.parametrize("target", Status)
def test_sources_and_targets_are_two_sides_of_one_table(target: Status) -> None:
    assert {source for source in Status if target in TRANSITIONS[source]} == set(sources_of(target))


def test_nothing_becomes_new_again_and_nothing_leaves_closed() -> None:
    assert sources_of(Status.NEW) == []
    assert not TRANSITIONS[Status.CLOSED]


def test_the_documentation_shows_the_same_table() -> None:
    document = (Path(__file__).parents[2] / "docs" / "contacts.md").read_text()
    rows = re.findall(r"^\| `(\w+)` \|(.*)\|$", document, flags=re.MULTILINE)
    shown = {source: set(re.findall(r"`(\w+)`", targets)) for source, targets in rows if source in set(Status)}

    assert shown == {source.value: {target.value for target in TRANSITIONS[source]} for source in Status}
