"""The tax in a price: exact, rounded once, and taken back to the last cent in whatever parts."""

from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.money import decimals_of
from payments.taxes import tax_in, tax_taken_back

currencies = st.sampled_from(["jpy", "usd", "eur", "kwd", "bhd"])
rates = st.integers(0, 99_999).map(lambda thousandths: Decimal(thousandths) / 1000)


@st.composite
def prices(draw: st.DrawFn) -> tuple[Decimal, str]:
    """Return an amount and its currency."""
    currency = draw(currencies)
    return Decimal(draw(st.integers(1, 99_999_999))).scaleb(-decimals_of(currency)), currency


@pytest.mark.parametrize(
    ("gross", "rate", "currency", "tax"),
    [
        ("119.00", "19", "eur", "19.00"),
        ("99.99", "19", "eur", "15.96"),
        ("0.01", "19", "eur", "0.00"),
        ("0.03", "20", "eur", "0.01"),  # half a cent goes up
        ("4990", "10", "jpy", "454"),
        ("1.250", "5", "kwd", "0.060"),
        ("108.88", "8.875", "usd", "8.88"),
        ("99.99", "0", "usd", "0.00"),
    ],
)
def test_the_tax_is_what_is_in_the_price(gross: str, rate: str, currency: str, tax: str) -> None:
    assert str(tax_in(Decimal(gross), Decimal(rate), currency)) == tax


@given(prices(), rates)
def test_it_is_rounded_once_and_halves_go_up(price: tuple[Decimal, str], rate: Decimal) -> None:
    gross, currency = price
    unit = Fraction(1, 10 ** decimals_of(currency))
    exact = Fraction(gross) * Fraction(rate) / (100 + Fraction(rate)) / unit

    tax = Fraction(tax_in(gross, rate, currency)) / unit

    assert tax == (exact + Fraction(1, 2)).__floor__()
    assert 0 <= tax <= Fraction(gross) / unit


@given(prices(), rates, st.lists(st.integers(1, 99_999_999), max_size=6))
def test_parts_that_go_back_take_the_whole_tax_with_them(
    price: tuple[Decimal, str], rate: Decimal, cuts: list[int]
) -> None:
    gross, currency = price
    unit = Decimal(1).scaleb(-decimals_of(currency))
    ends = sorted({min(cut * unit, gross) for cut in cuts} | {gross})
    before, taxes = Decimal(0), Decimal(0)

    for end in ends:
        part = end - before
        whole = tax_in(gross, rate, currency)
        tax = tax_taken_back(part, rate, currency, gross_before=before, tax_before=taxes, tax_of_all=whole)
        assert 0 <= tax <= part
        before, taxes = end, taxes + tax

    assert taxes == tax_in(gross, rate, currency)


def test_parts_rounded_each_by_itself_would_be_off() -> None:
    third, whole = Decimal("33.33"), Decimal("99.99")

    assert 3 * tax_in(third, Decimal(20), "eur") != tax_in(whole, Decimal(20), "eur")


@given(rates, st.integers(1, 50), st.integers(1, 50), st.integers(1, 50))
def test_after_a_part_that_failed_no_tax_is_less_than_nothing(rate: Decimal, first: int, kept: int, last: int) -> None:
    parts = [Decimal(part).scaleb(-2) for part in (first, kept, last)]
    first_tax, whole = tax_in(parts[0], rate, "usd"), tax_in(sum(parts, Decimal(0)), rate, "usd")
    kept_tax = tax_taken_back(parts[1], rate, "usd", gross_before=parts[0], tax_before=first_tax, tax_of_all=whole)

    # The first part failed: its amount and its tax are back.
    tax = tax_taken_back(parts[2], rate, "usd", gross_before=parts[1], tax_before=kept_tax, tax_of_all=whole)

    assert 0 <= tax <= parts[2]


@given(prices(), rates, st.integers(1, 100))
def test_no_more_tax_goes_back_than_came(price: tuple[Decimal, str], rate: Decimal, percent: int) -> None:
    """A part was refunded, and then a bank took the whole price."""
    gross, currency = price
    part = max((gross * percent / 100).quantize(Decimal(1).scaleb(-decimals_of(currency))), Decimal(0))
    whole, first = tax_in(gross, rate, currency), tax_in(part, rate, currency)

    tax = tax_taken_back(gross, rate, currency, gross_before=part, tax_before=first, tax_of_all=whole)

    assert first + tax == whole
