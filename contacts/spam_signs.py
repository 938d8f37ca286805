"""The signs of spam in a message: each looks at one thing, and says in a sentence what it saw."""

import re
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import NamedTuple

from contacts.spam_phrases import OFFENCES
from contacts.spam_text import Reading, is_unspaced, plain_words, scripts_of
from contacts.spam_vocabulary import OURS, PITCHES, TOPICS, TRADES, WARNINGS
from contacts.spam_words import weighed

SHORTENERS = frozenset(
    {"bit.ly", "tinyurl.com", "t.co", "goo.gl", "is.gd", "cutt.ly", "rb.gy", "ow.ly", "shorturl.at", "t.me", "wa.me"}
)
THROWAWAY_ENDINGS = (".xyz", ".top", ".click", ".win", ".icu", ".loan", ".buzz", ".cfd", ".sbs", ".bid", ".gq", ".tk")
MARKUP = ("[url", "[/url]", "[link", "[img]", "<a href")
PROGRAMS = (".exe", ".scr", ".zip", ".rar", ".iso", ".apk", ".jar", ".bat", ".msi")
HOST = re.compile(r"(?:https?://)?([^/?#:]*)")
RUN = re.compile(r"([^\W\d_])\1{11,}")
MONEY_SIGNS = re.compile(r"[$€£]{3,}")
# Pairs of letters that no language puts into a word: what falls out when somebody hits keys.
UNHEARD_PAIR = re.compile(
    r"q[bcdfghjkmnpqrsvwxz]|[bdfghjkmpvwxz]q|x[bdfgjkmnrvz]|[bfgjkpqvwz]x|[qwx]j|[jqvx]z|j[qxz]v?|wq", re.IGNORECASE
)
SMALL_THEN_CAPITAL = re.compile(r"(?<=[a-z])[A-Z]")

Name = tuple[str, str | int]  # of a list: what it holds, and which of them it is


class Lists:
    """Lists of phrases by their names, made ready to be looked for all at once, most by their first word."""

    def __init__(self, lists: dict[Name, str]) -> None:
        self.unspaced: list[tuple[str, Name]] = []
        self.beginnings: list[tuple[str, Name]] = []
        self.by_first_word: dict[str, list[tuple[str, Name]]] = {}
        for name, listed in lists.items():
            for phrase in listed.split("|"):
                self._add(phrase, name)

    def _add(self, phrase: str, name: Name) -> None:
        needle = _needle(phrase)
        if is_unspaced(phrase):
            self.unspaced.append((needle.replace(" ", ""), name))
        elif " " in needle.strip() or needle.endswith(" "):
            self.by_first_word.setdefault(needle.split()[0], []).append((needle, name))
        else:
            self.beginnings.append((needle, name))

    def held_by(self, reading: Reading) -> Counter[Name]:
        """Return how many phrases of which list the message holds."""
        plain, unspaced = reading.plain_words, reading.unspaced
        first_words = self.by_first_word.keys() & reading.vocabulary
        known = [entry for word in first_words for entry in self.by_first_word[word]]
        held = Counter([name for needle, name in (*known, *self.beginnings) if needle in plain])
        if unspaced:
            held.update(name for needle, name in self.unspaced if needle in unspaced)
        return held


@lru_cache(maxsize=4)
def held_by(reading: Reading) -> Counter[Name]:
    """Return how many phrases of which list the message holds; several signs ask for it."""
    return LISTS.held_by(reading)


def _needle(phrase: str) -> str:
    needle = plain_words(phrase.replace("#", "0"))
    return needle.removesuffix(" ") if phrase.endswith("*") else needle


class Sign(NamedTuple):
    """What was seen, and how much it weighs of 100."""

    points: int
    reason: str


Look = Callable[[Reading], Iterator[Sign]]


def links(reading: Reading) -> Iterator[Sign]:
    """How many links there are, and how little besides."""
    number = len(reading.links)
    if not number:
        return
    yield Sign(min(60, (0, 4, 10, 16, 28)[min(number, 4)] + 8 * max(0, number - 4)), f"Links in the message: {number}.")
    words_per_link = reading.volume / number
    if words_per_link < 15:
        yield Sign(25 if words_per_link < 6 else 12, "There is hardly any text beside the links.")


def addresses(reading: Reading) -> Iterator[Sign]:
    """Links that hide where they lead, or lead where nobody stays."""
    hosts = [_host(link) for link in reading.links]
    if any(host in SHORTENERS for host in hosts):
        yield Sign(25, "A link is shortened, or leads into a chat.")
    if any(host.endswith(THROWAWAY_ENDINGS) for host in hosts):
        yield Sign(34, "A link ends like those that are bought by the hundred.")
    if any(host.startswith("xn--") or ".xn--" in host or host.replace(".", "").isdigit() for host in hosts):
        yield Sign(30, "A link has a number or foreign letters in place of a name.")
    if any(link.endswith(PROGRAMS) for link in reading.links):
        yield Sign(20, "A link leads to a program or an archive.")
    if Reading(reading.name, "", "").links:
        yield Sign(30, "The sender's name is a link.")


def markup(reading: Reading) -> Iterator[Sign]:
    """Links written for a forum or a page, as programs leave them everywhere."""
    text = reading.whole.casefold()
    number = sum(text.count(tag) for tag in MARKUP)
    if number and reading.links:
        yield Sign(min(60, 30 + 10 * number), "Links are written as for a forum ([url=...], <a href=...>).")


def repetition(reading: Reading) -> Iterator[Sign]:
    """The same words, lines or letters again and again."""
    words = reading.words
    if len(words) >= 8 and Counter(words).most_common(1)[0][1] > max(4, len(words) * 0.3):
        yield Sign(40, "The same word comes again and again.")
    lines = Counter(line.strip() for line in reading.prose.split("\n") if len(line.strip()) >= 8)
    if lines and lines.most_common(1)[0][1] >= 3:
        yield Sign(35, "The same line comes again and again.")
    if RUN.search(reading.prose):
        yield Sign(50, "The same letter comes again and again.")


def scripts(reading: Reading) -> Iterator[Sign]:
    """Words in which letters of one script pose as those of another; messages in many scripts."""
    mixed = sum(1 for word in reading.words if not word.isascii() and len(scripts_of(word)) > 1)
    if mixed:
        yield Sign((0, 12, 30, 55)[min(mixed, 3)], f"Words with letters of two alphabets in them: {mixed}.")
    letters = Counter[str]()
    for char, number in reading.characters.items():
        if char.isalpha():
            letters[_family(char)] += number
    if sum(1 for number in letters.values() if number > 0.1 * letters.total()) >= 3:
        yield Sign(10, "The message is in three scripts or more.")


def shouting(reading: Reading) -> Iterator[Sign]:
    """Capitals, exclamation marks, signs of money, pictures."""
    capitals = reading.number_of(str.isupper)
    cased = capitals + reading.number_of(str.islower)
    if cased >= 20 and capitals > 0.7 * cased:
        yield Sign(10, "Most of it is in capitals.")
    if reading.characters["!"] >= 5:
        yield Sign(5, "There are many exclamation marks.")
    if MONEY_SIGNS.search(reading.prose):
        yield Sign(25, "There are rows of money signs.")
    if reading.number_of(_is_picture) >= 6:
        yield Sign(25, "There are many pictures among the text.")


def gibberish(reading: Reading) -> Iterator[Sign]:
    """Words that nobody can say."""
    words = [word for word in reading.words if len(word) >= 4 and word.isascii() and word.isalpha()]
    if not words:
        return
    unsayable = sum(1 for word in words if UNHEARD_PAIR.search(word) or _is_jumbled(word))
    if unsayable >= 2 and unsayable > 0.4 * len(words):
        yield Sign(60, "Most words are no words.")


def offences(reading: Reading) -> Iterator[Sign]:
    """What nobody writes to a school for."""
    held = held_by(reading)
    for kind, (points, _) in OFFENCES.items():
        if number := held["offence", kind]:
            yield Sign(min(70, points + 12 * (number - 1)), f"It speaks of {kind}.")


def trades(reading: Reading) -> Iterator[Sign]:
    """Several words of one trade that lives on spam; a few mean less where nothing is offered."""
    is_offer = bool(reading.links) or pitch_of(reading) > 0
    for trade, number in words_of_trades(reading).items():
        points = BY_WORDS[min(number, 5)]
        yield Sign(points if is_offer or number > 3 else points // 2, f"Words of {trade}: {number}.")


def offers(reading: Reading) -> Iterator[Sign]:
    """What sellers speak of, and how."""
    topic, pitch = topic_of(reading), pitch_of(reading)
    if topic:
        yield Sign(min(topic, 36), "It speaks of what spam often speaks of.")
    if pitch:
        yield Sign(min(pitch, 36), "It speaks as advertisements do.")
    spoken_of = max([topic, *(BY_WORDS[min(number, 5)] for number in words_of_trades(reading).values())])
    if (spoken_of >= 8 and pitch >= 20) or (spoken_of >= 16 and pitch >= 10):
        yield Sign(20, "It advertises what spam often advertises.")


def words(reading: Reading) -> Iterator[Sign]:
    """Words that spam, or honest messages, have more often than the other."""
    known = weighed(reading)
    points = max(-30, min(55, sum(known.values())))
    telling = ", ".join([token for token, weight in known.items() if weight * points > 0][:5])
    if points > 0:
        yield Sign(points, f"Words as in spam: {telling}.")
    elif points < 0:
        yield Sign(points, f"Words as in honest messages: {telling}.")


def words_of_trades(reading: Reading) -> dict[str, int]:
    """Return how many words of which trades the message holds."""
    held = held_by(reading)
    return {trade: held["trade", trade] for trade in TRADES if held["trade", trade]}


def topic_of(reading: Reading) -> int:
    """Return the points of what the message speaks of."""
    return sum(points * held_by(reading)["topic", points] for points in TOPICS)


def pitch_of(reading: Reading) -> int:
    """Return the points of how it speaks."""
    return sum(points * held_by(reading)["pitch", points] for points in PITCHES)


def our_business(reading: Reading) -> Iterator[Sign]:
    """Whoever names courses, invoices or certificates most likely means ours; so does who tells us of spam."""
    if number := held_by(reading)["ours", ""]:
        yield Sign(-12 if number == 1 else -20, "It speaks of what people write to us about.")
    if held_by(reading)["warning", ""]:
        yield Sign(-35, "It tells of spam.")


# Points for so many words of one trade: one means nothing, several are no accident.
BY_WORDS = (0, 4, 16, 30, 42, 55)
LOOKS: tuple[Look, ...] = (
    links,
    addresses,
    markup,
    repetition,
    scripts,
    shouting,
    gibberish,
    offences,
    trades,
    offers,
    words,
    our_business,
)


def _host(link: str) -> str:
    found = HOST.match(link)
    return (found[1] if found else "").removeprefix("www.").rstrip(".")


def _is_jumbled(word: str) -> bool:
    return len(SMALL_THEN_CAPITAL.findall(word)) > max(2, len(word) / 5)


def _family(char: str) -> str:
    """Return the script of a letter; all that Chinese and Japanese are written in counts as one."""
    return "CJK" if is_unspaced(char) else unicodedata.name(char, "").partition(" ")[0]


def _is_picture(char: str) -> bool:
    return unicodedata.category(char) == "So"


LISTS = Lists(
    {
        **{("offence", kind): listed for kind, (_, listed) in OFFENCES.items()},
        **{("trade", trade): listed for trade, listed in TRADES.items()},
        **{("topic", points): listed for points, listed in TOPICS.items()},
        **{("pitch", points): listed for points, listed in PITCHES.items()},
        ("ours", ""): OURS,
        ("warning", ""): WARNINGS,
    }
)
