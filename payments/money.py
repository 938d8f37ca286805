"""Amounts of money: read strictly, and counted in the smallest unit that Stripe charges in.

All figures are those of https://docs.stripe.com/currencies. Which currency has how many decimals, steps and least
charge is written once, in courses/money.py, where prices are.
"""

import re
from decimal import Decimal

from courses.money import CURRENCIES, decimals_of, digits_counted, price_text, step_of, why_unpayable
from titanobova.errors import FieldError

AMOUNT = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?")


class BadAmount(FieldError):
    """The amount is none that anyone could pay."""

    def __init__(self, message: str) -> None:
        super().__init__("amount", message, "invalid_amount")


def parse_amount(value: object) -> Decimal:
    """Return the amount that a text or a JSON number says.

    A text is ASCII digits with at most three after a point: Python's Decimal alone would also take `1_000`, ` 5 `,
    `1e9`, `NaN` and the digits of every script. A JSON number with a point arrives as a float, whose shortest text is
    what the client wrote (11 digits at most here; a float keeps 15): it is read from that text, never calculated with.

    :raises BadAmount: for anything else, for zero, and for true and false.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        raise BadAmount("An amount is a text like 99.99 or a number.")
    text = str(value)
    if not AMOUNT.fullmatch(text):
        raise BadAmount("An amount has up to 8 digits, and up to 3 after a point: 99.99.")
    amount = Decimal(text)
    if not amount:
        raise BadAmount("An amount is more than nothing.")
    return amount


def to_minor(amount: Decimal, currency: str) -> int:
    """Return `amount` in the smallest unit of `currency` (three small letters): 99.99 usd is 9999, 500 jpy is 500.

    :raises BadAmount: when the currency has no such fraction; nothing is rounded.
    """
    minor = amount.scaleb(digits_counted(currency))
    if minor != minor.to_integral_value():
        raise BadAmount(f"{currency.upper()} has {decimals_of(currency)} digits after the point.")
    return int(minor)


def from_minor(minor: int, currency: str) -> Decimal:
    """Return how much `minor` of the smallest units of `currency` are."""
    return Decimal(minor).scaleb(-digits_counted(currency))


def chargeable(amount: Decimal, currency: str) -> int:
    """Return `amount` in the smallest unit of `currency`, once it is one that cards can be charged with.

    :raises BadAmount: when it is too fine for the steps in which Stripe charges its currency, or less than the least.
    :raises FieldError: on `currency`, for one that Stripe does not know.
    """
    if reason := why_unpayable(amount, currency):
        raise BadAmount(reason) if currency in CURRENCIES else FieldError("currency", reason, "invalid_currency")
    return to_minor(amount, currency)


def refundable(amount: Decimal, currency: str) -> int:
    """Return `amount` in the smallest unit of `currency`, once it is one that can go back; there is no least one.

    :raises BadAmount: when it is too fine for the steps in which Stripe charges its currency.
    """
    if amount % step_of(currency):
        raise BadAmount(f"{currency.upper()} is charged in steps of {price_text(step_of(currency), currency)}.")
    return to_minor(amount, currency)
