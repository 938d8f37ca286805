"""What a message says once its disguises are taken off: its links, its words, its letters.

Everything here takes time in proportion to the text: a visitor chooses it, and no pattern may be led into trying the
same stretch again and again.
"""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cached_property, lru_cache
from itertools import groupby

ADDRESS = re.compile(r"(?:https?://|www\.)[^\s<>\"'\[\]()\u3001\u3002\uff0c]+", re.IGNORECASE)
# A name with an ending that advertisers use, standing alone. The parts are bounded, so that a long run of letters and
# hyphens is looked at once; an e-mail address is none.
BARE_NAME = re.compile(
    r"(?<![@\w.-])(?:[a-z0-9][a-z0-9-]{0,62}\.){1,4}"
    r"(?:com|net|org|info|biz|xyz|top|click|shop|store|online|site|win|icu|club|vip|io|me|ly|gd|co|ru|cn|de|uk|eu)"
    r"(?![\w@-])(?:/[^\s<>\"'\[\]()\u3001\u3002\uff0c]*)?",
    re.IGNORECASE,
)
WORD = re.compile(r"[^\W_]+")
NUMBER = re.compile(r"\d+(?:[km]|mg)?")
NUMBERS = re.compile(r"#(?: #)+")
UNSPACED = re.compile(r"[\u0e00-\u0e7f\u3040-\u30ff\u3400-\u9fff]")  # Thai, Japanese, Chinese: no spaces in between
LEET = str.maketrans("013457@$", "oieastas")
SPELT_OUT = 4  # letters
LOOK_ALIKES = str.maketrans(
    "\u0430\u0435\u043e\u0440\u0441\u0443\u0445\u043a\u043c\u0442\u043d\u0432\u0456\u0458\u0455\u043f\u044c"  # Cyrillic
    "\u03b1\u03bf\u03c1\u03b5\u03b9\u03bd\u03ba\u03c4\u03c5\u03c7",  # Greek
    "aeopcyxkmthbijsnb" + "aopeivktux",
)


@dataclass(frozen=True)
class Reading:
    """A message as the signs of spam look at it."""

    name: str
    subject: str
    message: str

    @cached_property
    def whole(self) -> str:
        """Name, subject and message, a line each at least, undisguised."""
        typed = unicodedata.normalize("NFC", f"{self.name}\n{self.subject}\n{self.message}")
        return typed.translate({ord(char): _undisguised(char) for char in set(typed) if not char.isascii()})

    @cached_property
    def links(self) -> list[str]:
        """Every address in it, in small letters, as often as it stands there."""
        rest = ADDRESS.sub(" ", self.whole)
        return [found.lower() for found in (*ADDRESS.findall(self.whole), *BARE_NAME.findall(rest))]

    @cached_property
    def prose(self) -> str:
        """Subject and message without their links, so that a link more changes nothing of it."""
        return _without_links(self.whole.partition("\n")[2])

    @cached_property
    def words(self) -> list[str]:
        """The words of the prose, with capitals as they stand."""
        return WORD.findall(self.prose)

    @cached_property
    def plain_prose(self) -> str:
        """The words of the prose, as `plain_words` makes them."""
        return plain_words(self.prose)

    @cached_property
    def plain_words(self) -> str:
        """The words of the name and the prose, likewise."""
        return plain_words(_without_links(self.whole.partition("\n")[0])) + self.plain_prose[1:]

    @cached_property
    def vocabulary(self) -> frozenset[str]:
        """Each of these words once."""
        return frozenset(self.plain_words.split())

    @cached_property
    def unspaced(self) -> str:
        """The same without spaces, where a script uses none; else nothing."""
        return self.plain_words.replace(" ", "") if is_unspaced(self.plain_words) else ""

    @cached_property
    def characters(self) -> Counter[str]:
        """The characters of the prose, each with how often it is there."""
        return Counter(self.prose)

    def number_of(self, is_one: Callable[[str], bool]) -> int:
        """Return how many characters of the prose are such."""
        return sum(number for char, number in self.characters.items() if is_one(char))

    @property
    def volume(self) -> float:
        """How many words there are besides the links, in English measure: a Chinese character says half a word."""
        dense = self.number_of(is_unspaced)
        return max(self.number_of(str.isalpha) - dense, 0) / 5 + dense / 2


def plain_words(text: str) -> str:
    """Return the words of a text in small letters, undisguised, between single spaces; numbers are `#`."""
    words = [_plain(word) for word in WORD.findall(text.casefold())]
    return NUMBERS.sub("#", f" {' '.join([*words, *_spelt_out(words)])} ")


def is_unspaced(text: str) -> bool:
    """Say whether the text is of a script that puts no spaces between words."""
    return UNSPACED.search(text) is not None


def scripts_of(word: str) -> set[str]:
    """Return which of LATIN, GREEK and CYRILLIC the letters of a word are from."""
    if word.isascii():
        return set() if word.isdigit() else {"LATIN"}
    return {script for char in set(word) if (script := _script_of(char))}


@lru_cache(maxsize=4096)
def _script_of(char: str) -> str:
    script = unicodedata.name(char, "").partition(" ")[0]
    return script if script in {"LATIN", "GREEK", "CYRILLIC"} else ""


@lru_cache(maxsize=4096)
def _undisguised(char: str) -> str:
    """Return a plain letter for a wide or curly one, and nothing for an invisible one."""
    if unicodedata.category(char) == "Cf":
        return ""
    plain = unicodedata.normalize("NFKC", char)
    # Some stand for eighteen letters, and the text must not grow; the sign of a millionth is no Greek letter.
    return plain if len(plain) == 1 and char != "\u00b5" else char


def _without_links(text: str) -> str:
    return BARE_NAME.sub(" ", ADDRESS.sub(" ", text))


def _plain(word: str) -> str:
    if word.isascii() and word.isalpha():
        return word
    if NUMBER.fullmatch(word):
        return "#"
    if len(scripts_of(word)) > 1:
        word = word.translate(LOOK_ALIKES)
    return word.translate(LEET)


def _spelt_out(words: list[str]) -> Iterator[str]:
    """Yield the words that were written letter by letter (`v.i.a.g.r.a`)."""
    for is_letter, run in groupby(words, key=lambda word: len(word) == 1 and word.isalpha()):
        letters = list(run) if is_letter else []
        if len(letters) >= SPELT_OUT:
            yield "".join(letters)
