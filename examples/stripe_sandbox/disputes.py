"""Disputes: a bank takes a charge's money back, or first asks about it, and the site wins or loses."""

from typing import Any

from examples.stripe_sandbox.answers import ApiError, Json
from examples.stripe_sandbox.charges import Charges
from examples.stripe_sandbox.listing import page
from examples.stripe_sandbox.objects import Publish, find, new_id, now

DAY = 86_400  # seconds
DAYS_TO_ANSWER = 9  # Stripe gives 7 to 21 (https://docs.stripe.com/disputes/responding)
FEE = 1500  # minor units; what a dispute costs an account in the US, whatever its outcome
REASONS = frozenset(
    {
        "credit_not_processed",
        "duplicate",
        "fraudulent",
        "general",
        "product_not_received",
        "product_unacceptable",
        "subscription_canceled",
        "unrecognized",
    }
)
UNANSWERED = frozenset({"needs_response", "warning_needs_response"})


class Disputes:
    """All disputes since the last reset."""

    def __init__(self, publish: Publish, charges: Charges) -> None:
        self.rows: dict[str, Json] = {}
        self._publish, self._charges = publish, charges

    def open(
        self,
        charge_id: str,
        cause: Json,
        *,
        amount: int | None = None,
        reason: str = "fraudulent",
        days: int = DAYS_TO_ANSWER,
        is_inquiry: bool = False,
    ) -> Json:
        """Open a dispute over a charge: the money goes back at once, or stays while the bank only inquires.

        :param days: until when the site may answer
        :raises ApiError: if the charge is unknown, unpaid, refunded or disputed, or does not hold that much
        """
        charge = self._charges.retrieve(charge_id)
        amount = _check(charge, amount, reason)
        dispute = _new_dispute(charge, amount, reason) | _stage(charge, now() + days * DAY, is_inquiry=is_inquiry)
        self.rows[dispute["id"]] = dispute
        charge["disputed"] = True
        self._publish("charge.dispute.created", dispute, cause)
        if not is_inquiry:
            self._move_money(dispute, -amount, FEE, "funds_withdrawn", cause)
        return dispute

    def close(self, dispute_id: str, cause: Json, *, won: bool) -> Json:
        """Close a dispute; the money comes back if it is won. An inquiry closes either way without a claim.

        :raises ApiError: if it is unknown or closed
        """
        dispute = self.retrieve(dispute_id)
        if dispute["status"] not in UNANSWERED:
            raise ApiError(400, "invalid_request_error", f"This dispute is closed: {dispute['status']}.")
        was_inquiry = dispute["status"] == "warning_needs_response"
        dispute["status"] = "warning_closed" if was_inquiry else ("won" if won else "lost")
        if dispute["status"] == "won":
            self._move_money(dispute, dispute["amount"], 0, "funds_reinstated", cause)
        self._publish("charge.dispute.closed", dispute, cause)
        return dispute

    def retrieve(self, dispute_id: str) -> Json:
        """Return a dispute.

        :raises ApiError: 404 if there is none
        """
        return find(self.rows, dispute_id, "dispute", "dispute")

    def page(self, params: Json) -> Json:
        """Return a page of disputes, of one charge or intent if a parameter names it."""
        return page(list(self.rows.values()), params, "/v1/disputes", equal=("charge", "payment_intent"))

    def holds(self, charge_id: str) -> bool:
        """Whether a bank has this charge's money, so that the site has nothing left to refund."""
        return any(
            row["charge"] == charge_id and not row["is_charge_refundable"] and row["status"] != "won"
            for row in self.rows.values()
        )

    def _move_money(self, dispute: Json, amount: int, fee: int, event: str, cause: Json) -> None:
        dispute["balance_transactions"].append(_balance_transaction(dispute, amount, fee))
        self._publish(f"charge.dispute.{event}", dispute, cause)


def _check(charge: Json, asked: int | None, reason: str) -> int:
    left: int = charge["amount"] - charge["amount_refunded"]
    amount = left if asked is None else asked
    is_possible = charge["paid"] and not charge["disputed"] and 0 < amount <= left
    if not is_possible or reason not in REASONS:
        raise ApiError(400, "invalid_request_error", f"There is nothing to dispute about {charge['id']} in this way.")
    return amount


def _new_dispute(charge: Json, amount: int, reason: str) -> Json:
    """Return a dispute with members of the published schema (stripe/openapi, latest/openapi.spec3.json)."""
    return {
        "id": new_id("dp"),
        "object": "dispute",
        "amount": amount,
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now(),
        "currency": charge["currency"],
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
    }


def _stage(charge: Json, due_by: int, *, is_inquiry: bool) -> Json:
    """Return what differs between a bank that asks and one that has already taken the money."""
    card: dict[str, Any] = charge["payment_method_details"]["card"]
    case = "inquiry" if is_inquiry else "chargeback"
    return {
        "evidence_details": {"due_by": due_by, "has_evidence": False, "past_due": False, "submission_count": 0},
        "is_charge_refundable": is_inquiry,
        "payment_method_details": {
            "card": {"brand": card["brand"], "case_type": case, "network": card["network"]},
            "type": "card",
        },
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }


def _balance_transaction(dispute: Json, amount: int, fee: int) -> Json:
    """Return the entry in the account's balance: the amount and, apart from it, the fee."""
    currency = dispute["currency"]
    details = [{"amount": fee, "application": None, "currency": currency, "description": "Dispute fee"}]
    return {
        "id": new_id("txn"),
        "object": "balance_transaction",
        "amount": amount,
        "available_on": now(),
        "created": now(),
        "currency": currency,
        "description": f"Chargeback {'withdrawal' if amount < 0 else 'reversal'} for {dispute['charge']}",
        "exchange_rate": None,
        "fee": fee,
        "fee_details": [{**detail, "type": "stripe_fee"} for detail in details if fee],
        "net": amount - fee,
        "reporting_category": "dispute" if amount < 0 else "dispute_reversal",
        "source": dispute["id"],
        "status": "available",
        "type": "adjustment",
    }
