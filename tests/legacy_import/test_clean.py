"""Text, names, addresses, flags and prices made clean."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from legacy_import.clean import (
    ENTITIES,
    clean_text,
    is_email,
    normalise_email,
    parse_flag,
    parse_price,
    repair_mojibake,
    restore_entities,
    round_price,
    split_name,
)
from legacy_import.rows import NoteKind, Value


@pytest.mark.parametrize(
    ("stored", "typed"),
    [
        ("O&#x27;Brien", "O'Brien"),
        ("R&amp;D", "R&D"),
        ("&lt;b&gt; &quot;x&quot; &#x2F; &#x5C; &#96;", '<b> "x" / \\ `'),
        ("&amp;lt;", "&lt;"),
        ("&amp;amp;amp;", "&amp;amp;"),
        ("?a=1&copy=2&reg=3", "?a=1&copy=2&reg=3"),
        ("&nbsp;&eacute;&#39;&#x2f;&AMP;", "&nbsp;&eacute;&#39;&#x2f;&AMP;"),
    ],
)
def test_exactly_eight_entities_are_restored_in_one_pass(stored: str, typed: str) -> None:
    assert restore_entities(stored) == typed


@given(st.text())
def test_restoring_undoes_what_the_old_validator_did(typed: str) -> None:
    escaped = "".join({sign: entity for entity, sign in ENTITIES.items()}.get(letter, letter) for letter in typed)

    assert restore_entities(escaped) == typed


@pytest.mark.parametrize(
    ("stored", "text", "note"),
    [
        (b"caf\xc3\xa9", "café", None),
        (b"caf\xe9", "caf\N{REPLACEMENT CHARACTER}", NoteKind.INVALID_UTF8_REPLACED),
        ("half \ud83d emoji", "half \N{REPLACEMENT CHARACTER} emoji", NoteKind.INVALID_UTF8_REPLACED),
        ("a\0b", "ab", NoteKind.NUL_REMOVED),
        ("JosÃ©", "José", NoteKind.MOJIBAKE_REPAIRED),
        ("â€œquotedâ€\x9d", "“quoted”", NoteKind.MOJIBAKE_REPAIRED),
        ("José", "José", None),
        ("Ìsọlá 王 😀", "Ìsọlá 王 😀", None),
        ("Ã© 王", "Ã© 王", None),
        (None, "", None),
        (9_812_345_678.0, "9812345678", None),
        (Decimal("0.0000000000"), "0.0000000000", None),
    ],
)
def test_text_becomes_storable_and_says_what_it_took(stored: Value, text: str, note: NoteKind | None) -> None:
    assert clean_text(stored) == (text, () if note is None else (note,))


def test_a_number_that_python_will_not_print_is_text_too() -> None:
    assert clean_text(10**5000).text == hex(10**5000)


@given(st.one_of(st.text(st.characters()), st.binary()), st.booleans())
def test_any_text_is_storable_afterwards(stored: str | bytes, unescape: bool) -> None:
    text = clean_text(stored, unescape=unescape).text

    assert "\0" not in text
    assert text.encode().decode() == text


@given(st.text(st.characters(min_codepoint=0x80, exclude_categories=["Cs"])))
def test_mojibake_of_any_text_is_undone(text: str) -> None:
    assert repair_mojibake(text.encode().decode("latin-1")) == text


@pytest.mark.parametrize(
    ("whole", "first", "last"),
    [
        ("Bjørn", "Bjørn", ""),
        ("Amara Müller", "Amara", "Müller"),
        ("  Ravi   Kumar  ", "Ravi", "Kumar"),
        ("María del Carmen Ruiz", "María", "del Carmen Ruiz"),
        ("Võ\u00a0Nguyễn", "Võ", "Nguyễn"),
        ("王", "王", ""),
        ("", "", ""),
        (" \t\n", "", ""),
    ],
)
def test_a_name_splits_at_its_first_space(whole: str, first: str, last: str) -> None:
    assert split_name(whole) == (first, last)


@given(st.text())
def test_both_names_together_are_the_whole_name(whole: str) -> None:
    assert " ".join(part for part in split_name(whole) if part) == " ".join(whole.split())


@pytest.mark.parametrize(
    ("stored", "address"),
    [
        ("  Person@Example.com ", "Person@Example.com"),
        ("person\N{FULLWIDTH COMMERCIAL AT}example\N{FULLWIDTH FULL STOP}com", "person@example.com"),
        ("person@example.com\u00a0", "person@example.com"),
    ],
)
def test_an_address_keeps_its_case_but_has_one_spelling(stored: str, address: str) -> None:
    assert normalise_email(stored) == address


@pytest.mark.parametrize("text", ["", "nobody", "a@b@c", "a b@c", "a@b,c@d", "a@b\nBcc:x@y", "<a@b>", "@b", "a@"])
def test_what_mail_cannot_reach_is_no_address(text: str) -> None:
    assert not is_email(text)


@pytest.mark.parametrize(
    ("stored", "answer"),
    [
        (1, True), (0, False), (True, True), ("1", True), (" Yes ", True), ("false", False), (b"\x01", True),
        (b"\x00", False), (b"1", True), (1.0, True), ("paid", True), ("unpaid", False), ("", False), (2, None),
        (-1, None), ("perhaps", None), (float("nan"), None),
    ],
)  # fmt: skip
def test_a_flag_is_yes_no_or_unknown(stored: Value, answer: bool | None) -> None:
    assert parse_flag(stored) is answer


@pytest.mark.parametrize(
    ("stored", "currency", "unit", "price"),
    [
        (9999, "inr", "major", "9999"),
        (9999, "inr", "minor", "99.99"),
        (9999, "jpy", "minor", "9999"),
        (9999, "kwd", "minor", "9.999"),
        (0.29, "usd", "major", "0.29"),
        (4.35, "usd", "major", "4.35"),
        ("19.90", "usd", "major", "19.90"),
        (Decimal("1.13"), "usd", "major", "1.13"),
        (Decimal("0.00000000"), "usd", "major", "0"),
        (b"12.50", "usd", "major", "12.50"),
    ],
)
def test_a_price_is_exact(stored: Value, currency: str, unit: str, price: str) -> None:
    assert parse_price(stored, currency=currency, unit=unit) == Decimal(price)


@pytest.mark.parametrize(
    "stored",
    [
        "1.234,50",
        "₹999",
        "1_000",
        "\N{FULLWIDTH DIGIT ONE}0",
        "-1",
        -0.01,
        "NaN",
        float("nan"),
        float("inf"),
        "",
        None,
        "1e9",
        True,
    ],
)
def test_what_is_no_price_is_not_guessed(stored: Value) -> None:
    assert parse_price(stored, currency="usd", unit="major") is None


@given(st.decimals(0, 99_999_999, places=2))
def test_money_survives_as_float_text_and_minor_units(amount: Decimal) -> None:
    for stored in (float(amount), str(amount), amount):
        assert parse_price(stored, currency="usd", unit="major") == amount
    assert parse_price(int(amount * 100), currency="usd", unit="minor") == amount


def test_a_price_finer_than_its_currency_is_rounded_half_to_even() -> None:
    assert round_price(Decimal("0.125"), currency="usd") == Decimal("0.12")
    assert round_price(Decimal("0.135"), currency="usd") == Decimal("0.14")
    assert round_price(Decimal("99.5"), currency="jpy") == Decimal(100)
