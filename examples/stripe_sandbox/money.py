"""Which amounts Stripe takes in which currency.

Source of all figures: https://docs.stripe.com/currencies and the `amount` of https://docs.stripe.com/api/payment_intents.
"""

from examples.stripe_sandbox.answers import Json, invalid
from examples.stripe_sandbox.forms import text, whole_number

_CODES = """
    aed afn all amd ang aoa ars aud awg azn bam bbd bdt bgn bhd bif bmd bnd bob brl bsd bwp byn bzd cad
    cdf chf clp cny cop crc cve czk djf dkk dop dzd egp etb eur fjd fkp gbp gel gip gmd gnf gtq gyd hkd
    hnl htg huf idr ils inr isk jmd jod jpy kes kgs khr kmf krw kwd kyd kzt lak lbp lkr lrd lsl mad mdl
    mga mkd mmk mnt mop mur mvr mwk mxn myr mzn nad ngn nio nok npr nzd omr pab pen pgk php pkr pln pyg
    qar ron rsd rub rwf sar sbd scr sek sgd shp sle sos srd std szl thb tjs tnd top try ttd twd tzs uah
    ugx usd uyu uzs vnd vuv wst xaf xcd xcg xof xpf yer zar zmw
"""
CURRENCIES = frozenset(_CODES.split())
# As for an account that is paid out in the same currency; others are measured after conversion.
LEAST = {
    "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250, "eur": 50,
    "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000, "usd": 50,
}  # fmt: skip
MOST = 99_999_999
# Three-decimal currencies must end in 0; krónur and shillings are written with two decimals that must be 00.
STEP = {"bhd": 10, "jod": 10, "kwd": 10, "omr": 10, "tnd": 10, "isk": 100, "ugx": 100}


def read_money(params: Json) -> tuple[int, str]:
    """Return the amount in minor units and the lower-case currency of a new intent.

    :raises ApiError: with Stripe's code for what is wrong with either
    """
    amount, currency = whole_number(params, "amount"), text(params, "currency")
    if amount is None or currency is None:
        missing = "amount" if amount is None else "currency"
        raise invalid(f"Missing required param: {missing}.", param=missing, code="parameter_missing")
    if currency not in CURRENCIES:
        raise invalid(f"Invalid currency: {currency}. It must be a supported code in lower case.", param="currency")
    _check_amount(amount, currency)
    return amount, currency


def _check_amount(amount: int, currency: str) -> None:
    if amount < 1:
        message, code = "This value must be greater than or equal to 1.", "parameter_invalid_integer"
    elif amount < LEAST.get(currency, 1):
        message, code = (
            f"Amount must be at least {LEAST[currency]} in minor units of {currency}",
            "amount_too_small",
        )
    elif amount > MOST:
        message, code = f"Amount must be no more than {MOST} in minor units", "amount_too_large"
    elif amount % STEP.get(currency, 1):
        message, code = f"Amounts in {currency} must be divisible by {STEP[currency]}", None
    else:
        return
    raise invalid(message, param="amount", code=code)
