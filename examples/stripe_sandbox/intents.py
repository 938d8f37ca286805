"""Payment intents: their shape, their states, and the few test payment methods that move them."""

import re
import secrets
import time
from collections.abc import Callable

from examples.stripe_sandbox.answers import ApiError, Json, invalid
from examples.stripe_sandbox.forms import refuse_unknown, text
from examples.stripe_sandbox.money import read_money

CREATE_PARAMS = frozenset(
    {"amount", "automatic_payment_methods", "currency", "description", "metadata", "receipt_email"}
)
CANCEL_PARAMS = frozenset({"cancellation_reason"})
CONFIRM_PARAMS = frozenset({"payment_method", "return_url"})
CANCELLATION_REASONS = frozenset({None, "abandoned", "duplicate", "fraudulent", "requested_by_customer"})
OPEN = "requires_payment_method"
# Test payment methods (https://docs.stripe.com/testing): None pays, a text is the decline code.
PAYMENT_METHODS = {"pm_card_visa": None, "pm_card_chargeDeclined": "generic_decline"}
_EMPTY_FIELDS = """
    application application_fee_amount automatic_payment_methods canceled_at cancellation_reason customer
    description last_payment_error latest_charge next_action on_behalf_of payment_method processing
    receipt_email review setup_future_usage shipping statement_descriptor statement_descriptor_suffix
    transfer_data transfer_group
"""

Publish = Callable[[str, Json, Json], None]


class PaymentIntents:
    """All intents since the last reset; every change of state is published as an event.

    `cause` is what an event tells of its request: `{"id": ..., "idempotency_key": ...}`.
    """

    def __init__(self, publish: Publish) -> None:
        self.rows: dict[str, Json] = {}
        self._publish = publish

    def create(self, params: Json, cause: Json) -> Json:
        """Create an intent that waits for a payment method.

        :raises ApiError: if a parameter is unknown or invalid
        """
        refuse_unknown(params, CREATE_PARAMS)
        amount, currency = read_money(params)
        intent = _new_intent(amount, currency) | {
            "automatic_payment_methods": _automatic(params),
            "description": text(params, "description"),
            "metadata": _metadata(params),
            "receipt_email": _email(params),
        }
        self.rows[intent["id"]] = intent
        self._publish("payment_intent.created", intent, cause)
        return intent

    def retrieve(self, intent_id: str) -> Json:
        """Return an intent.

        :raises ApiError: 404 if there is none
        """
        if intent_id not in self.rows:
            message = f"No such payment_intent: '{intent_id}'"
            raise ApiError(404, "invalid_request_error", message, code="resource_missing", param="intent")
        return self.rows[intent_id]

    def cancel(self, intent_id: str, params: Json, cause: Json) -> Json:
        """Cancel an intent that has not been paid.

        :raises ApiError: if it is unknown, paid or already canceled, or the reason is none of Stripe's
        """
        refuse_unknown(params, CANCEL_PARAMS)
        reason = text(params, "cancellation_reason")
        if reason not in CANCELLATION_REASONS:
            raise invalid(f"Invalid cancellation_reason: {reason}", param="cancellation_reason")
        intent = self._open_intent(intent_id, "cancel")
        intent |= {"status": "canceled", "canceled_at": int(time.time()), "cancellation_reason": reason}
        self._publish("payment_intent.canceled", intent, cause)
        return intent

    def confirm(self, intent_id: str, params: Json, cause: Json) -> Json:
        """Try to pay an intent with a test payment method.

        :raises ApiError: 402 if the method declines, and the intent then waits for another; 400 or 404 if the
            intent is unknown or not open, or the method unknown
        """
        refuse_unknown(params, CONFIRM_PARAMS)
        intent = self._open_intent(intent_id, "confirm")
        decline_code = _decline_code(params, intent)
        intent["latest_charge"] = _new_id("ch")
        if decline_code:
            raise self._decline(intent, decline_code, cause)
        intent |= {
            "status": "succeeded",
            "amount_received": intent["amount"],
            "payment_method": _new_id("pm"),
        }
        intent["last_payment_error"] = None
        self._publish("payment_intent.succeeded", intent, cause)
        return intent

    def _decline(self, intent: Json, decline_code: str, cause: Json) -> ApiError:
        error = {
            "code": "card_declined",
            "decline_code": decline_code,
            "doc_url": "https://stripe.com/docs/error-codes/card-declined",
            "charge": intent["latest_charge"],
        }
        refusal = ApiError(402, "card_error", "Your card was declined.", **error)
        intent["last_payment_error"] = dict(refusal.error)
        refusal.error["payment_intent"] = intent
        self._publish("payment_intent.payment_failed", intent, cause)
        return refusal

    def _open_intent(self, intent_id: str, verb: str) -> Json:
        intent = self.retrieve(intent_id)
        if intent["status"] != OPEN:
            message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
            raise _unexpected_state(message, intent)
        return intent


def _unexpected_state(message: str, intent: Json) -> ApiError:
    code = "payment_intent_unexpected_state"
    return ApiError(400, "invalid_request_error", message, code=code, payment_intent=intent)


def _decline_code(params: Json, intent: Json) -> str | None:
    method = text(params, "payment_method")
    if method is None:
        raise _unexpected_state("You cannot confirm this PaymentIntent without a payment method.", intent)
    if method not in PAYMENT_METHODS:
        message = f"No such PaymentMethod: '{method}'"
        raise invalid(message, param="payment_method", code="resource_missing")
    return PAYMENT_METHODS[method]


def _new_id(prefix: str) -> str:
    return f"{prefix}_{secrets.token_hex(12)}"


def _new_intent(amount: int, currency: str) -> Json:
    """Return an intent with the fields that it has in Stripe's published fixtures (stripe/openapi)."""
    intent_id = _new_id("pi")
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
        "created": int(time.time()),
        "currency": currency,
        "livemode": False,
        "metadata": {},
        "payment_method_options": {},
        "payment_method_types": ["card"],
        "status": OPEN,
    }


def _automatic(params: Json) -> Json | None:
    given = params.get("automatic_payment_methods")
    if given is None:
        return None
    if given not in ({"enabled": "true"}, {"enabled": "true", "allow_redirects": "never"}):
        raise invalid("Invalid automatic_payment_methods", param="automatic_payment_methods")
    return {"allow_redirects": "always", **given, "enabled": True}


def _metadata(params: Json) -> dict[str, str]:
    """Read the metadata within the limits of https://docs.stripe.com/metadata: 50 keys, values of 500."""
    given = params.get("metadata") or {}
    if not isinstance(given, dict) or len(given) > 50 or any(len(name) > 40 for name in given):
        raise invalid("Metadata is a hash of at most 50 keys of at most 40 characters", param="metadata")
    return {name: value for name in given if (value := text(given, name, longest=500))}


def _email(params: Json) -> str | None:
    email = text(params, "receipt_email", longest=800)
    if email and not re.fullmatch(r"[^@\s]+@[^@\s]+", email):
        raise invalid(f"Invalid email address: {email}", param="receipt_email", code="email_invalid")
    return email
