"""Reading the request for a new payment intent, and the intent that it makes."""

import re
import secrets

from examples.stripe_sandbox.answers import Json, invalid
from examples.stripe_sandbox.forms import refuse_unknown, text, texts
from examples.stripe_sandbox.money import read_money
from examples.stripe_sandbox.objects import new_id, now, read_metadata

READ_PARAMS = frozenset(
    {
        "amount",
        "automatic_payment_methods",
        "currency",
        "description",
        "metadata",
        "payment_method_types",
        "receipt_email",
        "shipping",
    }
)
UNPAID = "requires_payment_method"
_ADDRESS = frozenset({"city", "country", "line1", "line2", "postal_code", "state"})
_SHIPPING = frozenset({"address", "carrier", "name", "phone", "tracking_number"})
_EMPTY_FIELDS = """
    application application_fee_amount automatic_payment_methods canceled_at cancellation_reason customer
    description last_payment_error latest_charge next_action on_behalf_of payment_method processing
    receipt_email review setup_future_usage shipping statement_descriptor statement_descriptor_suffix
    transfer_data transfer_group
"""


def read_intent(params: Json) -> Json:
    """Return the intent that these parameters ask for, waiting for a payment method.

    :raises ApiError: if a parameter is invalid
    """
    amount, currency = read_money(params)
    _check_types(params)
    return _new_intent(amount, currency) | {
        "automatic_payment_methods": _automatic(params),
        "description": text(params, "description"),
        "metadata": read_metadata(params),
        "receipt_email": _email(params),
        "shipping": _shipping(params),
    }


def _new_intent(amount: int, currency: str) -> Json:
    """Return an intent with members of the published schema (stripe/openapi, latest/openapi.spec3.json)."""
    intent_id = new_id("pi")
    return {
        "id": intent_id,
        "object": "payment_intent",
        **dict.fromkeys(_EMPTY_FIELDS.split()),
        "amount": amount,
        "amount_capturable": 0,
        "amount_details": {"tip": {}},
        "amount_received": 0,
        "capture_method": "automatic_async",
        "client_secret": f"{intent_id}_secret_{secrets.token_hex(12)}",
        "confirmation_method": "automatic",
        "created": now(),
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": UNPAID,
    }


def _check_types(params: Json) -> None:
    if "payment_method_types" not in params:
        return
    if "automatic_payment_methods" in params:
        message = "You may only specify one of these parameters: automatic_payment_methods, payment_method_types."
        raise invalid(message)
    if texts(params, "payment_method_types") != ["card"]:
        raise invalid("The sandbox pays by card only", param="payment_method_types")


def _automatic(params: Json) -> Json | None:
    given = params.get("automatic_payment_methods")
    if given is None:
        return None
    if given not in ({"enabled": "true"}, {"enabled": "true", "allow_redirects": "never"}):
        raise invalid("Invalid automatic_payment_methods", param="automatic_payment_methods")
    return {"allow_redirects": "always", **given, "enabled": True}


def _email(params: Json) -> str | None:
    email = text(params, "receipt_email", longest=800)
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise invalid(f"Invalid email address: {email}", param="receipt_email", code="email_invalid")
    return email


def _shipping(params: Json) -> Json | None:
    given = params.get("shipping")
    if given is None:
        return None
    address = given.get("address") if isinstance(given, dict) else None
    if not isinstance(address, dict):
        raise invalid("Shipping is a name and an address", param="shipping")
    refuse_unknown(given, _SHIPPING)
    refuse_unknown(address, _ADDRESS)
    known = {name: text(given, name) for name in _SHIPPING - {"address"}}
    return {"address": {name: text(address, name) for name in _ADDRESS}, **known}
