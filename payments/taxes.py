"""The tax that is included in a price: exact, and rounded once."""

from decimal import ROUND_HALF_UP, Decimal

from courses.money import decimals_of

NOTHING = Decimal(0)


def tax_in(gross: Decimal, rate: Decimal, currency: str) -> Decimal:
    """Return how much of `gross` is tax of `rate` percent, in the digits of the currency, halves up.

    The net amount is what is left, so net and tax always add up to what was paid.
    """
    return (gross * rate / (100 + rate)).quantize(Decimal(1).scaleb(-decimals_of(currency)), ROUND_HALF_UP)


def tax_taken_back(
    gross: Decimal, rate: Decimal, currency: str, *, gross_before: Decimal, tax_before: Decimal, tax_of_all: Decimal
) -> Decimal:
    """Return the tax in a part that goes back after `gross_before`, of which `tax_before` was tax.

    Each part takes back what is missing to the tax of all parts together: whatever parts a price goes back in, their
    taxes add up to the tax of the price, where rounding each by itself could be cents off. More may go back than came,
    when a bank takes what was refunded already, but never more tax than there was (`tax_of_all`).
    """
    missing = tax_in(gross_before + gross, rate, currency) - tax_before
    return min(max(missing, NOTHING), max(tax_of_all - tax_before, NOTHING), gross)
