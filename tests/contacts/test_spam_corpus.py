"""How well the model tells spam from honest messages (contract 3.4); `pytest -s` prints the figures.

Its points were tuned on half 0, but its phrases come from whoever wrote the corpus too, and its words are learned from
both halves. So there are three measures, each stricter than the one before: the model as it is on each half; the same
with words learned from half 0 alone, on half 1; and messages that were written when it was finished.
"""

import json
from pathlib import Path
from typing import NamedTuple

import pytest

from contacts import spam_words
from contacts.spam import History, Submission, score
from tests.contacts.corpus import Label, messages, unseen
from tests.contacts.learning import learn

STRANGER = History()
DOCUMENT = Path(__file__).parents[2] / "docs" / "contacts.md"


class Figures(NamedTuple):
    """How many honest messages and how much spam there were, and how many of each were called spam."""

    honest: int
    marked: int
    spam: int
    caught: int

    def __str__(self) -> str:
        precision = self.caught / max(1, self.caught + self.marked)
        return (
            f"precision {precision:.1%}, recall {self.caught / self.spam:.1%} "
            f"({self.caught} of {self.spam} caught, {self.marked} of {self.honest} honest messages marked)"
        )

    @property
    def documented(self) -> str:
        """Return the line's end in the table of docs/contacts.md."""
        return f"| {self.caught} of {self.spam} | {self.marked} of {self.honest} |"


def figures(half: int | None = None) -> Figures:
    """Return how the model does on one half of the corpus, or on the whole."""
    return judged(messages("honest", half=half), messages("spam", half=half))


def judged(honest: list[Submission], spam: list[Submission]) -> Figures:
    """Return how the model does on some messages."""
    marked, caught = ([score(one, STRANGER).is_spam for one in some] for some in (honest, spam))
    return Figures(len(honest), sum(marked), len(spam), sum(caught))


@pytest.mark.parametrize("label", ["honest", "spam"])
def test_the_corpus_is_large_and_no_message_is_in_it_twice(label: Label) -> None:
    written = [one.message for one in (*messages(label), *unseen(label))]

    assert len(written) >= 200
    assert len(set(written)) == len(written)
    assert min(len(messages(label, half=half)) for half in (0, 1)) >= 100


@pytest.mark.parametrize("half", [0, 1, None])
def test_of_the_corpus_95_percent_of_spam_is_caught_and_1_percent_of_honest_messages_marked(half: int | None) -> None:
    found = figures(half)
    print(f"\n{'the whole' if half is None else f'half {half}'}: {found}")

    assert found.caught >= 0.95 * found.spam
    assert found.marked <= 0.01 * found.honest


def test_words_learned_from_one_half_hold_on_the_other(monkeypatch: pytest.MonkeyPatch) -> None:
    learned = learn(messages("honest", half=0), messages("spam", half=0))
    monkeypatch.setattr(spam_words, "WEIGHTS", learned)
    found = figures(1)
    print(f"\nhalf 1 by the words of half 0: {found}")

    assert found.caught >= 0.90 * found.spam
    assert found.marked <= 0.01 * found.honest


def test_of_messages_it_was_not_made_with_most_spam_is_caught_and_hardly_an_honest_one_marked() -> None:
    found = judged(unseen("honest"), unseen("spam"))
    print(f"\nunseen: {found}")

    assert found.caught >= 0.75 * found.spam
    assert found.marked <= 0.025 * found.honest


def test_the_documentation_tells_these_figures(monkeypatch: pytest.MonkeyPatch) -> None:
    found = [figures(0), figures(1), judged(unseen("honest"), unseen("spam"))]
    monkeypatch.setattr(spam_words, "WEIGHTS", learn(messages("honest", half=0), messages("spam", half=0)))
    found.append(figures(1))

    text = DOCUMENT.read_text()
    assert [line.documented for line in found if line.documented not in text] == []


def test_the_stored_words_are_those_that_the_corpus_teaches() -> None:
    assert json.loads(spam_words.FILE.read_text()) == learn(messages("honest"), messages("spam"))
