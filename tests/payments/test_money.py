"""Amounts: what is read, and what Stripe is asked for."""

from decimal import Decimal

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.money import price_text
from payments.money import BadAmount, chargeable, from_minor, parse_amount, to_minor

REFUSED = [
    "0", "0.00", "00", "-1", "+1", "NaN", "nan", "Infinity", "1e9", "1E2", "1_000", "\uff11\uff12", "\u0663", " 5 ",
    "5\n", "", ".5", "5.", "1,50", "0x10", "123456789", "1.0000", "1.2.3", "\x005", True, False, None, [], {}, ["5"],
    b"5", -1, 0, 10**9, -0.5, 1e9, 1e16, 1e-7, 0.1 + 0.2, float("nan"), float("inf"),
]  # fmt: skip


@pytest.mark.parametrize("value", REFUSED, ids=repr)
def test_what_is_no_amount_is_refused(value: object) -> None:
    with pytest.raises(BadAmount):
        parse_amount(value)


@pytest.mark.parametrize(
    ("value", "amount"),
    [
        ("99.99", "99.99"),
        ("007.5", "7.5"),
        (99.99, "99.99"),
        (99, "99"),
        (0.29, "0.29"),
        ("12345678.999", "12345678.999"),
    ],
)
def test_texts_and_numbers_are_read_to_the_digit(value: object, amount: str) -> None:
    assert parse_amount(value) == Decimal(amount)


@given(st.decimals(min_value="0.01", max_value="99999999.99", places=2))
def test_a_json_number_says_what_the_client_wrote(amount: Decimal) -> None:
    assert parse_amount(float(str(amount))) == amount


@pytest.mark.parametrize(
    ("amount", "currency", "minor"),
    [
        ("0.29", "usd", 29),
        ("1.13", "usd", 113),
        ("4.35", "eur", 435),
        ("99999999.99", "usd", 9_999_999_999),
        ("99.990", "usd", 9999),
        ("500", "jpy", 500),
        ("500.000", "krw", 500),
        ("5.124", "kwd", 5124),
        ("5", "isk", 500),
        ("5", "ugx", 500),
    ],
)
def test_minor_units_are_those_of_the_currency(amount: str, currency: str, minor: int) -> None:
    assert to_minor(Decimal(amount), currency) == minor


@pytest.mark.parametrize(("amount", "currency"), [("99.999", "usd"), ("5.5", "jpy"), ("0.001", "eur")])
def test_a_fraction_that_the_currency_has_not_is_refused_and_never_rounded(amount: str, currency: str) -> None:
    with pytest.raises(BadAmount):
        to_minor(Decimal(amount), currency)


@pytest.mark.parametrize(("amount", "currency"), [("5.124", "kwd"), ("5.50", "isk"), ("0.5", "ugx")])
def test_an_amount_between_the_steps_of_stripe_cannot_be_charged(amount: str, currency: str) -> None:
    with pytest.raises(BadAmount, match="not valid"):
        chargeable(Decimal(amount), currency)


def test_an_amount_on_a_step_of_stripe_can_be_charged() -> None:
    assert chargeable(Decimal("5.120"), "kwd") == 5120
    assert chargeable(Decimal(5), "isk") == 500


WITHOUT_DECIMALS = st.sampled_from(["jpy", "krw", "xof", "vnd"])
WITH_TWO = st.sampled_from(["usd", "eur", "gbp", "isk", "ugx"])  # the last two are whole, and counted in hundredths
WITH_THREE = st.sampled_from(["kwd", "tnd", "bhd", "jod", "omr"])
minors = st.integers(min_value=1, max_value=10**11)
thousand = settings(max_examples=1000, deadline=None)


@pytest.mark.parametrize("currencies", [WITHOUT_DECIMALS, WITH_TWO, WITH_THREE], ids=["none", "two", "three"])
def test_minor_units_turn_into_amounts_and_back_exactly(currencies: st.SearchStrategy[str]) -> None:
    @thousand
    @given(minors, currencies)
    def there_and_back(minor: int, currency: str) -> None:
        assert to_minor(from_minor(minor, currency), currency) == minor

    there_and_back()


@pytest.mark.parametrize(
    ("currencies", "digits"),
    [(WITHOUT_DECIMALS, 0), (st.sampled_from(["usd", "eur", "gbp"]), 2), (WITH_THREE, 3)],
    ids=["none", "two", "three"],
)
def test_amounts_that_people_write_turn_into_minor_units_and_back_exactly(
    currencies: st.SearchStrategy[str], digits: int
) -> None:
    @thousand
    @given(st.integers(0, 99_999_999), st.integers(0, 10**digits - 1), currencies)
    def there_and_back(whole: int, fraction: int, currency: str) -> None:
        text = f"{whole}.{fraction:0{digits}}" if digits else str(whole)
        if whole or fraction:
            amount = parse_amount(text)
            assert price_text(from_minor(to_minor(amount, currency), currency), currency) == text
            assert to_minor(amount, currency) == whole * 10**digits + fraction

    there_and_back()


@thousand
@given(st.text(min_size=1, max_size=14))
def test_a_text_that_is_read_is_plain_digits(text: str) -> None:
    try:
        amount = parse_amount(text)
    except BadAmount:
        return

    assert set(text) <= set("0123456789.")
    assert amount == Decimal(text) > 0
