"""How a price is read, written in its currency, and told from one that nobody could pay.

Which currencies there are, their fractions and their least charges are those of https://docs.stripe.com/currencies.
"""

import re
from decimal import Decimal

PRICE = re.compile(r"[0-9]{1,8}(\.[0-9]{1,3})?")

CURRENCIES = frozenset(
    {
        "aed", "afn", "all", "amd", "ang", "aoa", "ars", "aud", "awg", "azn", "bam", "bbd", "bdt", "bgn", "bhd", "bif",
        "bmd", "bnd", "bob", "brl", "bsd", "bwp", "byn", "bzd", "cad", "cdf", "chf", "clp", "cny", "cop", "crc", "cve",
        "czk", "djf", "dkk", "dop", "dzd", "egp", "etb", "eur", "fjd", "fkp", "gbp", "gel", "gip", "gmd", "gnf", "gtq",
        "gyd", "hkd", "hnl", "htg", "huf", "idr", "ils", "inr", "isk", "jmd", "jod", "jpy", "kes", "kgs", "khr", "kmf",
        "krw", "kwd", "kyd", "kzt", "lak", "lbp", "lkr", "lrd", "lsl", "mad", "mdl", "mga", "mkd", "mmk", "mnt", "mop",
        "mur", "mvr", "mwk", "mxn", "myr", "mzn", "nad", "ngn", "nio", "nok", "npr", "nzd", "omr", "pab", "pen", "pgk",
        "php", "pkr", "pln", "pyg", "qar", "ron", "rsd", "rub", "rwf", "sar", "sbd", "scr", "sek", "sgd", "shp", "sle",
        "sos", "srd", "std", "szl", "thb", "tjs", "tnd", "top", "try", "ttd", "twd", "tzs", "uah", "ugx", "usd", "uyu",
        "uzs", "vnd", "vuv", "wst", "xaf", "xcd", "xcg", "xof", "xpf", "yer", "zar", "zmw",
    }
)  # fmt: skip
# Currencies whose smallest unit is a whole, and those with thousandths.
WITHOUT_DECIMALS = frozenset(
    {
        "bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "ugx", "vnd", "vuv", "xaf", "xof", "xpf",
    }
)  # fmt: skip
WITH_THREE_DECIMALS = frozenset({"bhd", "jod", "kwd", "omr", "tnd"})
# Steps in which cards are charged, where they are not the smallest unit: the last digit of thousandths is always 0, and
# the krona's hundredths are only counted.
STEPS = {**dict.fromkeys(WITH_THREE_DECIMALS, Decimal("0.01")), "isk": Decimal(1)}
# "Special cases": whole currencies that Stripe still counts in hundredths, the two last digits always 00.
COUNTED_IN_HUNDREDTHS = frozenset({"isk", "ugx"})
MOST = 99_999_999  # of the smallest units: "The value can be up to eight digits"
# The least that a card is charged with, where the account is kept in the same currency; elsewhere Stripe converts.
LEAST = {
    currency: Decimal(amount)
    for amount, currencies in {
        "0.30": ["gbp"],
        "0.50": [
            "ars", "aud", "brl", "cad", "chf", "cop", "eur", "idr", "ils", "inr", "nzd", "php", "rub", "sgd", "usd",
            "zar",
        ],
        "2": ["aed", "myr", "pln", "ron"],
        "2.50": ["dkk"],
        "3": ["nok", "sek"],
        "4": ["hkd"],
        "10": ["mxn", "thb"],
        "15": ["czk"],
        "50": ["jpy", "krw"],
        "175": ["huf"],
    }.items()
    for currency in currencies
}  # fmt: skip


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
    rounded = _rounded(amount, currency)
    return str(rounded if rounded == amount else amount)


def why_unpayable(amount: Decimal | int, currency: str) -> str:
    """Return in words why nobody could pay `amount`, or nothing when cards can be charged with it, or it is free."""
    if currency not in CURRENCIES:
        return f"Cards cannot be charged in {currency.upper()}."
    step, least = step_of(currency), LEAST.get(currency, Decimal(0))
    if amount % step:
        return f"{currency.upper()} is charged in steps of {price_text(step, currency)}."
    if 0 < amount < least:
        return f"The least that a card is charged with is {price_text(least, currency)} {currency.upper()}."
    most = Decimal(MOST).scaleb(-digits_counted(currency))
    if amount > most:
        return f"The most that a card is charged with is {price_text(most, currency)} {currency.upper()}."
    return ""


def digits_counted(currency: str) -> int:
    """Return how many digits after the point Stripe counts: its smallest units are that small."""
    return 2 if currency in COUNTED_IN_HUNDREDTHS else decimals_of(currency)


def step_of(currency: str) -> Decimal:
    """Return the step in which cards are charged in `currency`: there is no tenth of a cent and no half yen."""
    return STEPS.get(currency, Decimal(1).scaleb(-decimals_of(currency)))


def _rounded(amount: Decimal | int, currency: str) -> Decimal:
    return Decimal(amount).quantize(Decimal(1).scaleb(-decimals_of(currency)))
