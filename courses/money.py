"""How a price is read, and written in its currency."""

import re
from decimal import Decimal

PRICE = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?")

# https://docs.stripe.com/currencies: currencies whose smallest unit is a whole, and those with thousandths.
WITHOUT_DECIMALS = frozenset(
    {
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
    }
)  # fmt: skip
WITH_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})


def decimals_of(currency: str) -> int:
    """Return how many digits after the point an amount in `currency` (three small letters) has."""
    if currency in WITHOUT_DECIMALS:
        return 0
    return 3 if currency in WITH_THREE_DECIMALS else 2


def price_of(value: object) -> Decimal | None:
    """Return the price that a text or a JSON number says, None for anything else.

    A text is ASCII digits with at most three after a point: Python's Decimal alone would also take `1_000`, ` 5 `,
    `1e9`, `NaN` and the digits of every script. A float is read from its shortest text, which is what the client wrote.
    """
    if isinstance(value, bool) or not isinstance(value, str | int | float):
        return None
    return Decimal(str(value)) if PRICE.fullmatch(str(value)) else None


def price_text(amount: Decimal | int, currency: str) -> str:
    """Return `amount` with the digits of its currency: `49.90` usd, `4990` jpy, `1.250` kwd.

    An amount that the currency cannot express (a tenth of a cent) keeps all its digits: nothing is rounded away.
    """
    return str(_rounded(amount, currency) if is_payable(amount, currency) else amount)


def is_payable(amount: Decimal | int, currency: str) -> bool:
    """Return whether `currency` can express `amount`: there is no tenth of a cent and no half yen."""
    return _rounded(amount, currency) == amount


def _rounded(amount: Decimal | int, currency: str) -> Decimal:
    return Decimal(amount).quantize(Decimal(1).scaleb(-decimals_of(currency)))
