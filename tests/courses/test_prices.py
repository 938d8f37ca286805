"""How prices are stored and written."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as some

from courses.money import price_text, why_unpayable
from tests.courses.conftest import make_course


@pytest.mark.parametrize(
    ("amount", "currency", "text"),
    [
        ("49.9", "usd", "49.90"),
        ("0", "eur", "0.00"),
        ("4990.000", "jpy", "4990"),
        ("1.25", "kwd", "1.250"),
        ("1234567.89", "inr", "1234567.89"),
        ("0.005", "usd", "0.005"),
        ("10.5", "jpy", "10.5"),
    ],
)
def test_a_price_is_written_with_the_digits_of_its_currency(amount: str, currency: str, text: str) -> None:
    assert price_text(Decimal(amount), currency) == text


@given(
    some.decimals(min_value=0, max_value=Decimal("999999999.999"), places=3, allow_nan=False, allow_infinity=False),
    some.sampled_from(["usd", "jpy", "kwd"]),
)
def test_writing_a_price_rounds_nothing_away(amount: Decimal, currency: str) -> None:
    assert Decimal(price_text(amount, currency)) == amount


@pytest.mark.parametrize(
    ("amount", "currency"),
    [("0", "usd"), ("0.50", "usd"), ("0.30", "gbp"), ("50", "jpy"), ("1.250", "kwd"), ("175", "huf"), ("7", "isk")],
)
def test_a_price_that_cards_can_be_charged_with_is_payable(amount: str, currency: str) -> None:
    assert why_unpayable(Decimal(amount), currency) == ""


@pytest.mark.parametrize(
    ("amount", "currency", "reason"),
    [
        ("0.49", "usd", "The least that a card is charged with is 0.50 USD."),
        ("49", "jpy", "The least that a card is charged with is 50 JPY."),
        ("174.99", "huf", "The least that a card is charged with is 175.00 HUF."),
        ("9.99", "xau", "Cards cannot be charged in XAU."),
        ("0", "zzz", "Cards cannot be charged in ZZZ."),
        ("1.005", "usd", "USD is charged in steps of 0.01."),
        ("1.255", "kwd", "KWD is charged in steps of 0.010."),
        ("7.50", "isk", "ISK is charged in steps of 1.00."),
        ("99.5", "jpy", "JPY is charged in steps of 1."),
    ],
)
def test_a_price_that_nobody_could_pay_says_why(amount: str, currency: str, reason: str) -> None:
    assert why_unpayable(Decimal(amount), currency) == reason


@pytest.mark.django_db
@pytest.mark.parametrize("wrong", [{"price": -1}, {"currency": "USD"}, {"currency": "us"}, {"slug": "taken"}])
def test_the_database_refuses_a_course_that_cannot_be(wrong: dict[str, object]) -> None:
    make_course(slug="taken")

    with pytest.raises(IntegrityError), transaction.atomic():
        make_course(**wrong)


@pytest.mark.django_db
def test_two_lessons_cannot_have_the_same_place() -> None:
    course = make_course()
    course.lessons.create(position=1, title="First")

    with pytest.raises(IntegrityError), transaction.atomic():
        course.lessons.create(position=1, title="Also first")
    make_course().lessons.create(position=1, title="First of another course")


@pytest.mark.parametrize(
    ("currency", "most", "said"),
    [("usd", "999999.99", "999999.99"), ("jpy", "99999999", "99999999"), ("kwd", "99999.99", "99999.999"),
     ("isk", "999999", "999999.99"), ("ugx", "999999", "999999.99")],
)  # fmt: skip
def test_more_than_eight_digits_are_charged_by_nobody(currency: str, most: str, said: str) -> None:
    """https://docs.stripe.com/api/payment_intents/create: "The amount value supports up to eight digits"."""
    assert why_unpayable(Decimal(most), currency) == ""
    refusal = f"The most that a card is charged with is {said} {currency.upper()}."
    assert why_unpayable(Decimal(most) + 1, currency) == refusal
