"""Learn from the corpus what words weigh: `python -m tests.contacts.learning` writes contacts/spam_words.json anew."""

import json
import math
from collections import Counter
from collections.abc import Iterable

from contacts.spam import Submission, reading_of
from contacts.spam_words import FILE, tokens_of
from tests.contacts.corpus import messages

POINTS = 8  # for a word that is e times as frequent in the one kind as in the other


def learn(honest: Iterable[Submission], spam: Iterable[Submission]) -> dict[str, int]:
    """Return the points of each word: by how much more often spam has it than honest messages (naive Bayes)."""
    in_honest, honest_messages = _count(honest)
    in_spam, spam_messages = _count(spam)
    weights = {}
    for token in sorted(in_honest | in_spam):
        odds = (in_spam[token] + 0.5) / (spam_messages + 1) / ((in_honest[token] + 0.5) / (honest_messages + 1))
        weights[token] = round(POINTS * math.log(odds))
    return {token: points for token, points in weights.items() if points}


def _count(submissions: Iterable[Submission]) -> tuple[Counter[str], int]:
    """Return in how many messages each word is, and how many there are."""
    counted: Counter[str] = Counter()
    number = 0
    for submission in submissions:
        counted.update(tokens_of(reading_of(submission)))
        number += 1
    return counted, number


if __name__ == "__main__":
    learned = learn(messages("honest"), messages("spam"))
    FILE.write_text(json.dumps(learned, ensure_ascii=False, indent=0) + "\n")
    print(f"{len(learned)} words")
