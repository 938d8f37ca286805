"""Refunds: what goes back of a charge, at once, later or not at all."""

from examples.stripe_sandbox.answers import ApiError, Json, invalid
from examples.stripe_sandbox.charges import Charges
from examples.stripe_sandbox.disputes import Disputes
from examples.stripe_sandbox.forms import refuse_unknown, text, whole_number
from examples.stripe_sandbox.intents import PaymentIntents
from examples.stripe_sandbox.listing import page
from examples.stripe_sandbox.objects import Publish, find, new_id, now, read_metadata

CREATE_PARAMS = frozenset({"amount", "charge", "metadata", "payment_intent", "reason"})
UPDATE_PARAMS = frozenset({"metadata"})
REASONS = frozenset({None, "duplicate", "fraudulent", "requested_by_customer"})
# A refund that has succeeded may fail for days afterwards (https://docs.stripe.com/refunds#failed-refunds).
NEXT = {"pending": frozenset({"succeeded", "failed"}), "succeeded": frozenset({"failed"})}


class Refunds:
    """All refunds since the last reset. Together they never exceed what their charge took."""

    def __init__(self, publish: Publish, charges: Charges, intents: PaymentIntents, disputes: Disputes) -> None:
        self.rows: dict[str, Json] = {}
        self._publish, self._charges, self._intents, self._disputes = publish, charges, intents, disputes

    def create(self, params: Json, cause: Json, status: str | None = None) -> Json:
        """Refund a charge, or what is left of it, to the card that paid.

        :param status: `pending` or `succeeded`; otherwise the card decides
        :raises ApiError: if a parameter is unknown or invalid, nothing was paid, or less is left than is asked for
        """
        refuse_unknown(params, CREATE_PARAMS)
        asked, reason, metadata = whole_number(params, "amount"), text(params, "reason"), read_metadata(params)
        if reason not in REASONS:
            raise invalid(f"Invalid reason: {reason}", param="reason")
        if asked is not None and asked < 1:
            message = "This value must be greater than or equal to 1."
            raise invalid(message, param="amount", code="parameter_invalid_integer")
        charge = self._paid_charge(params)
        amount = self._check_amount(charge, asked)
        status = status or self._charges.cards[charge["id"]].refund_status
        refund = _new_refund(charge, amount, status) | {"metadata": metadata, "reason": reason}
        self.rows[refund["id"]] = refund
        self._take(charge, amount)
        self._publish("refund.created", refund, cause)
        self._publish("charge.refunded", charge, cause)
        return refund

    def retrieve(self, refund_id: str) -> Json:
        """Return a refund.

        :raises ApiError: 404 if there is none
        """
        return find(self.rows, refund_id, "refund", "refund")

    def update(self, refund_id: str, params: Json, cause: Json) -> Json:
        """Add to the metadata of a refund; an empty value takes its key away.

        :raises ApiError: if it is unknown, or a parameter unknown or invalid
        """
        refuse_unknown(params, UPDATE_PARAMS)
        added, refund = read_metadata(params), self.retrieve(refund_id)
        kept = {name: value for name, value in refund["metadata"].items() if name not in params.get("metadata", {})}
        refund["metadata"] = kept | added
        self._publish_update(refund, cause)
        return refund

    def settle(self, refund_id: str, status: str, cause: Json) -> Json:
        """Let a pending refund succeed or fail, or one that succeeded fail after all: its amount is then back.

        :raises ApiError: if it is unknown or does not go there from where it is
        """
        refund = self.retrieve(refund_id)
        if status not in NEXT.get(refund["status"], ()):
            raise ApiError(400, "invalid_request_error", f"A refund does not go from {refund['status']} to {status}.")
        refund["status"] = status
        refund.pop("pending_reason", None)
        if status == "failed":
            refund["failure_reason"] = "expired_or_canceled_card"
            self._take(self._charges.retrieve(refund["charge"]), -refund["amount"])
        self._publish_update(refund, cause)
        if status == "failed":
            self._publish("refund.failed", refund, cause)
        return refund

    def page(self, params: Json) -> Json:
        """Return a page of refunds, of one charge or intent if a parameter names it."""
        return page(list(self.rows.values()), params, "/v1/refunds", equal=("charge", "payment_intent"))

    def _paid_charge(self, params: Json) -> Json:
        charge_id, intent_id = text(params, "charge"), text(params, "payment_intent")
        if bool(charge_id) == bool(intent_id):
            raise invalid("Name the charge or the payment_intent, one of them.", code="parameter_missing")
        if intent_id:
            intent = find(self._intents.rows, intent_id, "payment_intent", "payment_intent")
            charge_id = intent["latest_charge"] if intent["status"] == "succeeded" else None
        if charge_id is None:
            message = f"This PaymentIntent ({intent_id}) does not have a successful charge to refund."
            raise ApiError(400, "invalid_request_error", message, code="payment_intent_unexpected_state")
        return self._charges.retrieve(charge_id)

    def _check_amount(self, charge: Json, asked: int | None) -> int:
        """Return how much is to be refunded.

        These refusals, unlike those of parameters, come from the endpoint itself: they are saved for their key.
        """
        left = charge["amount_captured"] - charge["amount_refunded"]
        amount = left if asked is None else asked
        if self._disputes.holds(charge["id"]):
            message = f"Charge {charge['id']} has been charged back; cannot issue a refund."
            raise ApiError(400, "invalid_request_error", message, code="charge_disputed")
        if left == 0:
            message = f"Charge {charge['id']} has already been refunded."
            raise ApiError(400, "invalid_request_error", message, code="charge_already_refunded")
        if amount > left:
            limit = "unrefunded amount on charge" if charge["amount_refunded"] else "charge amount"
            message = f"Refund amount ({amount}) is greater than {limit} ({left}), in minor units."
            raise ApiError(400, "invalid_request_error", message, param="amount")  # Stripe gives it no code
        return amount

    def _take(self, charge: Json, amount: int) -> None:
        charge["amount_refunded"] += amount
        charge["refunded"] = charge["amount_refunded"] == charge["amount_captured"]

    def _publish_update(self, refund: Json, cause: Json) -> None:
        for kind in ("refund.updated", "charge.refund.updated"):  # the second is the older name; Stripe sends both
            self._publish(kind, refund, cause)


def _new_refund(charge: Json, amount: int, status: str) -> Json:
    """Return a refund with members of the published schema (stripe/openapi, latest/openapi.spec3.json)."""
    reason = {"pending_reason": "processing"} if status == "pending" else {}
    return {
        "id": new_id("re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "payment_intent": charge["payment_intent"],
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
        **reason,
    }
