"""What the spam model looks at, and what holds for any text at all."""

import time
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.spam import THRESHOLD, History, Submission, score

STRANGER = History()
PLAIN = Submission(name="Ada", email="ada@example.com", message="Is the room on the second floor?")
TEXT = st.text(max_size=300)
SPICED = st.lists(
    st.sampled_from(["http://a.example.top", "www.", "[url=", "viagra", "course", "\u0430a", "\u200b", "!", "$$$",
                     "Qzx", "aaaaaaaaaaaaa", "漢字", "\n", " ", ".com", "bit.ly/x", "@", "1 2", "v.i.a.g.r.a"])
    | st.text(max_size=5),
    max_size=30,
).map(" ".join)  # fmt: skip


def points(message: str, **fields: Any) -> int:
    """Return the score of a message."""
    return score(replace(PLAIN, message=message, **fields), STRANGER).score


def reasons(message: str, **fields: Any) -> str:
    """Return what its score is for."""
    return " ".join(score(replace(PLAIN, message=message, **fields), STRANGER).reasons)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("See https://example.com/a and www.example.org", "Links in the message: 2."),
        ("See example.com", "Links in the message: 1."),
        ("https://example.com", "hardly any text"),
        ("Look at bit.ly/abc", "shortened"),
        ("Look at http://example.top", "bought by the hundred"),
        ("Look at http://203.0.113.7/a", "a number or foreign letters"),
        ("Look at http://xn--80ak6aa92e.com", "a number or foreign letters"),
        ("Look at http://example.com/a.exe", "a program"),
        ("[url=http://example.com]x[/url]", "as for a forum"),
        ('<a href="http://example.com">x</a>', "as for a forum"),
        ("sale sale sale sale sale sale sale sale", "The same word"),
        ("a fine line\n" * 3, "The same line"),
        ("h" + "m" * 12, "The same letter"),
        ("Plаy with us", "letters of two alphabets in them: 1."),  # noqa: RUF001 - the point
        ("Hello there привет мир 你好世界", "three scripts"),
        ("WHERE IS MY LAPTOP, I ASK YOU", "in capitals"),
        ("No! No! No! No! No!", "exclamation marks"),
        ("Make $$$ now", "money signs"),
        ("🔥🔥🔥🔥🔥🔥 now", "many pictures"),
        ("xqzj wvqx pzxq jqkz", "no words"),
        ("Play at our online casino", "It speaks of gambling."),
        ("V I A G R A for you", "medicine"),
        ("v1agra for you", "medicine"),
        ("\uff56\uff49agra for you", "medicine"),
        ("via\u200bgra for you", "medicine"),
        ("vіаgrа for you", "medicine"),  # noqa: RUF001 - the point
        ("今すぐ人妻と会える", "It speaks of sex."),
        ("Unsere Kurse: lender, repayment, collateral, interest rate", "Words of loans"),
        ("We offer seo services", "It advertises"),
    ],
)
def test_each_sign_is_seen_and_told_in_a_sentence(message: str, reason: str) -> None:
    assert reason in reasons(message)
    assert reason not in reasons(PLAIN.message)


@pytest.mark.parametrize(
    "message",
    [
        "Write to ada@example.com, please",
        "We use Node.js and ASP, version 1.2.3, e.g. here",
        "The µm scale and the ª sign",
        "IT-курсы и 3D-модель",
        "Rechtsschutzversicherungsgesellschaften, Aufzug, Matjes",
        "GitHub, JavaScript, NullPointerException, SELECT, Iraq, szczęście",
    ],
)
def test_what_only_looks_like_a_sign_scores_nothing(message: str) -> None:
    found = reasons(message)

    for sign in ("Links", "alphabets", "no words"):
        assert sign not in found


def test_a_trap_and_the_clock_and_the_sender_count_however_honest_the_words_are() -> None:
    honest = replace(PLAIN, message="When does the course begin, and could I have the invoice for lesson 3?")

    assert score(honest, STRANGER).score == 0
    assert score(replace(honest, is_trap_filled=True), STRANGER).score >= THRESHOLD
    assert 0 < score(replace(honest, elapsed_ms=500.0), STRANGER).score < THRESHOLD
    assert 0 < score(honest, History(spam=5)).score < THRESHOLD
    assert score(replace(honest, elapsed_ms=500.0), History(honest=1)).score < 30


@settings(max_examples=300, deadline=None)
@given(name=TEXT, subject=TEXT, message=TEXT | SPICED, elapsed=st.none() | st.floats())
def test_any_text_at_all_gets_a_score_from_0_to_100(name: str, subject: str, message: str, elapsed: Any) -> None:
    submission = Submission(name=name, email="x", subject=subject, message=message, elapsed_ms=elapsed)
    verdict = score(submission, STRANGER)

    assert 0 <= verdict.score <= 100
    assert verdict.is_spam == (verdict.score >= THRESHOLD)
    assert verdict == score(submission, STRANGER)


@settings(max_examples=300, deadline=None)
@given(
    message=TEXT | SPICED,
    link=st.sampled_from(["http://a.example.top/x", "https://example.com", "www.example.org", "bit.ly/x"]),
    gap=st.sampled_from([" ", "\n"]),
    number=st.integers(1, 5),
)
def test_a_link_more_never_makes_it_look_less_like_spam(message: str, link: str, gap: str, number: int) -> None:
    scores = [points(gap.join([message, *[link] * more])) for more in range(number + 1)]
    before = [points(gap.join([*[link] * more, message])) for more in range(number + 1)]

    assert scores == sorted(scores)
    assert before == sorted(before)


@pytest.mark.parametrize(
    "stretch",
    ["a", "a.", "a-", "a@", "\u0430a", "ab ", "www.", "http://", "http://a.example.top ", "[url=", "漢", "ﷺ",
     "qz ", "a\n", "1 2 ", "v i a ", "aB", "e\u0301", "😀", "x.com", "$", "\u200b", "a'", "ß", "İ"],
)  # fmt: skip
def test_the_longest_message_takes_less_than_20_milliseconds_whatever_it_says(stretch: str) -> None:
    def seconds(length: int) -> float:
        message = (stretch * length)[:length]
        started = time.thread_time()
        score(replace(PLAIN, message=message, subject=message[:255], name=message[:255]), STRANGER)
        return time.thread_time() - started

    seconds(100)
    assert min(seconds(5000) for _ in range(5)) < 0.020
