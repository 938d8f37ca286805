"""Charges: the attempts to take an intent's money, the successful one and those that failed."""

from examples.stripe_sandbox.answers import Json
from examples.stripe_sandbox.cards import Card, Decline
from examples.stripe_sandbox.listing import page
from examples.stripe_sandbox.objects import Publish, find, new_id, now

_ADDRESS: Json = dict.fromkeys(("city", "country", "line1", "line2", "postal_code", "state"))


class Charges:
    """All charges since the last reset, and the card behind each."""

    def __init__(self, publish: Publish) -> None:
        self.rows: dict[str, Json] = {}
        self.cards: dict[str, Card] = {}
        self._publish = publish

    def attempt(self, intent: Json, card: Card, cause: Json) -> Json:
        """Return the charge that this card makes for the intent: succeeded, or failed if the card declines."""
        charge = _new_charge(intent, card) | (_failure(card.decline) if card.decline else _success(intent))
        self.rows[charge["id"]], self.cards[charge["id"]] = charge, card
        self._publish(f"charge.{charge['status']}", charge, cause)
        return charge

    def retrieve(self, charge_id: str) -> Json:
        """Return a charge.

        :raises ApiError: 404 if there is none
        """
        return find(self.rows, charge_id, "charge", "charge")

    def page(self, params: Json) -> Json:
        """Return a page of charges, of one intent if `payment_intent` names it."""
        return page(list(self.rows.values()), params, "/v1/charges", equal=("payment_intent",))


def _new_charge(intent: Json, card: Card) -> Json:
    """Return a charge with members of the published schema (stripe/openapi, latest/openapi.spec3.json)."""
    return {
        "id": new_id("ch"),
        "object": "charge",
        "amount": intent["amount"],
        "amount_refunded": 0,
        "balance_transaction": None,
        "billing_details": {"address": dict(_ADDRESS), "email": None, "name": None, "phone": None},
        "created": now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "payment_intent": intent["id"],
        "payment_method": intent["payment_method"],
        "payment_method_details": {
            "card": {"brand": card.brand, "funding": "credit", "last4": card.last4, "network": card.brand},
            "type": "card",
        },
        "receipt_email": intent["receipt_email"],
        "refunded": False,
    }


def _success(intent: Json) -> Json:
    return {
        "amount_captured": intent["amount"],
        "captured": True,
        "failure_code": None,
        "failure_message": None,
        "outcome": {
            "network_status": "approved_by_network",
            "reason": None,
            "seller_message": "Payment complete.",
            "type": "authorized",
        },
        "paid": True,
        "status": "succeeded",
    }


def _failure(decline: Decline) -> Json:
    return {
        "amount_captured": 0,
        "captured": False,
        "failure_code": decline.code,
        "failure_message": decline.message,
        "outcome": {
            "network_status": "declined_by_network",
            "reason": decline.decline_code,
            "seller_message": "The bank did not return any further details with this decline.",
            "type": "issuer_declined",
        },
        "paid": False,
        "status": "failed",
    }
