"""The test cards (https://docs.stripe.com/testing), by the payment methods that stand for them."""

from dataclasses import dataclass

from examples.stripe_sandbox.answers import invalid


@dataclass(frozen=True)
class Decline:
    """Why a card refuses, as in https://docs.stripe.com/declines/codes."""

    code: str = "card_declined"
    decline_code: str = "generic_decline"
    message: str = "Your card was declined."


@dataclass(frozen=True)
class Card:
    """A card, and what its bank and its holder do: decline, ask for authentication, take their time, dispute."""

    last4: str
    brand: str = "visa"
    decline: Decline | None = None
    asks_holder: bool = False
    refund_status: str = "succeeded"
    is_disputed: bool = False
    is_inquired: bool = False


DECLINED = "pm_card_chargeDeclined"
PAYS = "pm_card_visa"
_DECLINED = Card("0002", decline=Decline())
CARDS = {
    PAYS: Card("4242"),
    "pm_card_mastercard": Card("4444", brand="mastercard"),
    DECLINED: _DECLINED,
    "pm_card_visa_chargeDeclined": _DECLINED,
    "pm_card_chargeDeclinedInsufficientFunds": Card(
        "9995", decline=Decline(decline_code="insufficient_funds", message="Your card has insufficient funds.")
    ),
    "pm_card_chargeDeclinedExpiredCard": Card(
        "0069", decline=Decline("expired_card", "expired_card", "Your card has expired.")
    ),
    "pm_card_authenticationRequired": Card("3184", asks_holder=True),
    "pm_card_pendingRefund": Card("7726", refund_status="pending"),
    "pm_card_refundFail": Card("5126"),  # succeeds, and fails when the control API says so; Stripe needs minutes
    "pm_card_createDispute": Card("0259", is_disputed=True),
    "pm_card_createDisputeInquiry": Card("1976", is_inquired=True),
}


def find_card(name: str) -> Card:
    """Return the card that a test payment method stands for.

    :raises ApiError: with the code `resource_missing` if the sandbox does not know it
    """
    if name not in CARDS:
        raise invalid(f"No such PaymentMethod: '{name}'", param="payment_method", code="resource_missing")
    return CARDS[name]
