"""Payment intents: their states, and what moves them from one to the next."""

from examples.stripe_sandbox.answers import ApiError, Json, invalid
from examples.stripe_sandbox.cards import Card, Decline, find_card
from examples.stripe_sandbox.charges import Charges
from examples.stripe_sandbox.disputes import Disputes
from examples.stripe_sandbox.forms import flag, refuse_unknown, text
from examples.stripe_sandbox.listing import page
from examples.stripe_sandbox.new_intents import READ_PARAMS, UNPAID, read_intent
from examples.stripe_sandbox.objects import Publish, find, new_id, now

CANCEL_PARAMS = frozenset({"cancellation_reason"})
CONFIRM_PARAMS = frozenset({"payment_method", "return_url"})
CREATE_PARAMS = READ_PARAMS | CONFIRM_PARAMS | {"confirm"}
CANCELLATION_REASONS = frozenset({None, "abandoned", "duplicate", "fraudulent", "requested_by_customer"})
OPEN = frozenset({UNPAID, "requires_confirmation", "requires_action"})
_NOT_AUTHENTICATED: Json = {
    "code": "payment_intent_authentication_failure",
    "doc_url": "https://stripe.com/docs/error-codes/payment-intent-authentication-failure",
    "message": "The provided PaymentMethod has failed authentication.",
    "type": "invalid_request_error",
}


class PaymentIntents:
    """All intents since the last reset; every change of state is published as an event.

    `cause` is what an event tells of its request: `{"id": ..., "idempotency_key": ...}`.
    """

    def __init__(self, publish: Publish, charges: Charges, disputes: Disputes) -> None:
        self.rows: dict[str, Json] = {}
        self._cards: dict[str, Card] = {}
        self._publish, self._charges, self._disputes = publish, charges, disputes

    def create(self, params: Json, cause: Json) -> Json:
        """Create an intent, and try to pay it at once if `confirm` is given.

        :raises ApiError: if a parameter is unknown or invalid; 402 if the payment method declines
        """
        refuse_unknown(params, CREATE_PARAMS)
        intent, confirm, method = read_intent(params), flag(params, "confirm"), text(params, "payment_method")
        card = self._card(method) if method else None
        if confirm and not card:
            raise invalid("You cannot confirm this PaymentIntent without a payment method.", param="payment_method")
        self.rows[intent["id"]] = intent
        if card:
            self._attach(intent, card)
        self._publish("payment_intent.created", intent, cause)
        return self._attempt(intent, card, cause) if confirm and card else intent

    def retrieve(self, intent_id: str) -> Json:
        """Return an intent.

        :raises ApiError: 404 if there is none
        """
        return find(self.rows, intent_id, "payment_intent", "intent")

    def page(self, params: Json) -> Json:
        """Return a page of intents."""
        return page(list(self.rows.values()), params, "/v1/payment_intents")

    def cancel(self, intent_id: str, params: Json, cause: Json) -> Json:
        """Cancel an intent that has not been paid.

        :raises ApiError: if it is unknown, paid or already canceled, or the reason is none of Stripe's
        """
        refuse_unknown(params, CANCEL_PARAMS)
        reason = text(params, "cancellation_reason")
        if reason not in CANCELLATION_REASONS:
            raise invalid(f"Invalid cancellation_reason: {reason}", param="cancellation_reason")
        intent = self.require(intent_id, "cancel", OPEN)
        intent |= {"status": "canceled", "canceled_at": now(), "cancellation_reason": reason, "next_action": None}
        self._publish("payment_intent.canceled", intent, cause)
        return intent

    def confirm(self, intent_id: str, params: Json, cause: Json) -> Json:
        """Try to pay an intent with a test payment method.

        :raises ApiError: 402 if the method declines, and the intent then waits for another; 400 or 404 if the
            intent is unknown or not open, or the method unknown
        """
        refuse_unknown(params, CONFIRM_PARAMS)
        intent = self.require(intent_id, "confirm", OPEN)
        method = text(params, "payment_method") or intent["payment_method"]
        if method is None:
            raise _unexpected_state("You cannot confirm this PaymentIntent without a payment method.", intent)
        card = self._card(method)
        self._attach(intent, card)
        return self._attempt(intent, card, cause)

    def process(self, intent_id: str, cause: Json) -> Json:
        """Let the payment take its time, as that of a bank debit does; `finish` ends it.

        :raises ApiError: if the intent is unknown or not open
        """
        return self._move(self.require(intent_id, "process", OPEN), "processing", cause, status="processing")

    def finish(self, intent_id: str, card: Card, cause: Json) -> Json:
        """End what `process` began, as if it had been paid with this card.

        :raises ApiError: 402 if the card declines; 400 or 404 if nothing was begun
        """
        intent = self.require(intent_id, "finish", frozenset({"processing"}))
        self._attach(intent, card)
        return self._attempt(intent, card, cause)

    def authenticate(self, intent_id: str, cause: Json, *, succeed: bool) -> Json:
        """Answer for the holder of the card, whom the bank has asked.

        :raises ApiError: if the intent is unknown or does not wait for its holder
        """
        intent = self.require(intent_id, "authenticate", frozenset({"requires_action"}))
        if succeed:
            return self._succeed(intent, self._cards[intent["payment_method"]], cause)
        return self._fail(intent, dict(_NOT_AUTHENTICATED), cause)

    def require(self, intent_id: str, verb: str, statuses: frozenset[str]) -> Json:
        """Return an intent that has one of these statuses.

        :raises ApiError: if it is unknown or has another
        """
        intent = self.retrieve(intent_id)
        if intent["status"] not in statuses:
            message = f"You cannot {verb} this PaymentIntent because it has a status of {intent['status']}."
            raise _unexpected_state(message, intent)
        return intent

    def _card(self, method: str) -> Card:
        return self._cards.get(method) or find_card(method)

    def _attach(self, intent: Json, card: Card) -> None:
        """Give the intent a payment method of its own, as Stripe makes one of each test method."""
        method = new_id("pm")
        self._cards[method] = card
        intent |= {"payment_method": method, "status": "requires_confirmation"}

    def _attempt(self, intent: Json, card: Card, cause: Json) -> Json:
        if card.decline:
            raise self._decline(intent, card, card.decline, cause)
        if card.asks_holder:
            action = {"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}}
            return self._move(intent, "requires_action", cause, status="requires_action", next_action=action)
        return self._succeed(intent, card, cause)

    def _succeed(self, intent: Json, card: Card, cause: Json) -> Json:
        charge = self._charges.attempt(intent, card, cause)
        paid = {"status": "succeeded", "amount_received": intent["amount"], "latest_charge": charge["id"]}
        self._move(intent, "succeeded", cause, **paid, last_payment_error=None, next_action=None)
        if card.is_disputed or card.is_inquired:
            self._disputes.open(charge["id"], cause, is_inquiry=card.is_inquired)
        return intent

    def _decline(self, intent: Json, card: Card, decline: Decline, cause: Json) -> ApiError:
        charge = self._charges.attempt(intent, card, cause)
        refusal = ApiError(
            402,
            "card_error",
            decline.message,
            code=decline.code,
            decline_code=decline.decline_code,
            doc_url=f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
            charge=charge["id"],
        )
        intent["latest_charge"] = charge["id"]
        refusal.error["payment_intent"] = self._fail(intent, dict(refusal.error), cause)
        return refusal

    def _fail(self, intent: Json, error: Json, cause: Json) -> Json:
        unpaid = {"status": UNPAID, "payment_method": None, "next_action": None}
        return self._move(intent, "payment_failed", cause, **unpaid, last_payment_error=error)

    def _move(self, intent: Json, event: str, cause: Json, **changes: object) -> Json:
        intent |= changes
        self._publish(f"payment_intent.{event}", intent, cause)
        return intent


def _unexpected_state(message: str, intent: Json) -> ApiError:
    code = "payment_intent_unexpected_state"
    return ApiError(400, "invalid_request_error", message, code=code, payment_intent=intent)
