"""How prices are stored and written."""

from decimal import Decimal

import pytest
from django.db import IntegrityError, transaction
from hypothesis import given
from hypothesis import strategies as some

from courses.money import price_text
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
