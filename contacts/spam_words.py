"""What single words weigh, learned from the labelled messages of the tests (`python -m tests.contacts.learning`)."""

import json
from itertools import pairwise
from pathlib import Path

from contacts.spam_text import Reading, is_unspaced

FILE = Path(__file__).with_name("spam_words.json")
SYMBOLS = "$€£%!?"
# Points by word: above 0 where spam has it more often, below where honest messages do.
WEIGHTS: dict[str, int] = json.loads(FILE.read_text()) if FILE.exists() else {}


def tokens_of(reading: Reading) -> set[str]:
    """Return the words of the prose; of what is written without spaces, its pairs of characters."""
    tokens = {symbol for symbol in SYMBOLS if symbol in reading.prose}
    for word in reading.plain_prose.split():
        tokens.update(f"{first}{second}" for first, second in pairwise(word)) if is_unspaced(word) else tokens.add(word)
    return tokens


def weighed(reading: Reading) -> dict[str, int]:
    """Return the words whose weight is known, heaviest first."""
    known = {token: WEIGHTS[token] for token in tokens_of(reading) if token in WEIGHTS}
    return dict(sorted(known.items(), key=lambda item: (-abs(item[1]), item[0])))
