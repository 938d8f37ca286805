"""The world around the API: customers, banks and people at the dashboard, who change things without any request."""

import copy
from collections.abc import Callable

from examples.stripe_sandbox.answers import ApiError, Json, invalid
from examples.stripe_sandbox.api import StripeApi
from examples.stripe_sandbox.cards import CARDS, DECLINED, PAYS, find_card
from examples.stripe_sandbox.disputes import DAYS_TO_ANSWER
from examples.stripe_sandbox.objects import OUTSIDE


class StripeWorld(StripeApi):
    """An account of the sandbox, and what happens to it. Each method returns a copy of the object as it then is.

    :raises ApiError: from each, if there is no such object or it does not go there from where it is
    """

    def pay(self, intent_id: str, payment_method: str = PAYS) -> Json:
        """Pay as a customer's browser would; the intent is then paid, declined or waits for the card's holder."""
        return self._take_part(lambda: self._pay(intent_id, payment_method), intent_id)

    def confirm(self, intent_id: str, payment_method: str = PAYS) -> Json:
        """Pay, under the name that the API has for it."""
        return self.pay(intent_id, payment_method)

    def decline(self, intent_id: str, payment_method: str = DECLINED) -> Json:
        """Let a card decline."""
        if find_card(payment_method).decline is None:
            declining = ", ".join(name for name, card in CARDS.items() if card.decline)
            raise invalid(f"{payment_method} does not decline; these do: {declining}", param="payment_method")
        return self.pay(intent_id, payment_method)

    def process(self, intent_id: str) -> Json:
        """Let a payment take its time; `pay` or `decline` ends it."""
        return self._take_part(lambda: self.intents.process(intent_id, OUTSIDE))

    def authenticate(self, intent_id: str, *, succeed: bool = True) -> Json:
        """Let the holder of the card pass, or fail, the authentication for which an intent waits."""
        return self._take_part(lambda: self.intents.authenticate(intent_id, OUTSIDE, succeed=succeed))

    def refund(
        self, intent_id: str, amount: int | None = None, *, status: str | None = None, reason: str | None = None
    ) -> Json:
        """Refund in the dashboard: all that is left, or this much in minor units; `status` may be `pending`."""
        if status not in {None, "pending", "succeeded"}:
            raise invalid("A refund begins as pending or succeeded", param="status")
        given = {"payment_intent": intent_id, "amount": amount, "reason": reason}
        params = {name: str(value) for name, value in given.items() if value is not None}
        return self._take_part(lambda: self.refunds.create(params, OUTSIDE, status))

    def settle_refund(self, refund_id: str, status: str = "succeeded") -> Json:
        """Let a pending refund succeed or fail, or one that succeeded fail after all."""
        return self._take_part(lambda: self.refunds.settle(refund_id, status, OUTSIDE))

    def dispute(
        self,
        intent_id: str,
        amount: int | None = None,
        *,
        reason: str = "fraudulent",
        days: int = DAYS_TO_ANSWER,
        is_inquiry: bool = False,
    ) -> Json:
        """Let the customer's bank take the money back, all or this much, or first inquire about it."""

        def open_dispute() -> Json:
            charge_id = self.intents.require(intent_id, "dispute", frozenset({"succeeded"}))["latest_charge"]
            return self.disputes.open(
                charge_id, OUTSIDE, amount=amount, reason=reason, days=days, is_inquiry=is_inquiry
            )

        return self._take_part(open_dispute)

    def close_dispute(self, dispute_id: str, *, won: bool) -> Json:
        """Let the bank decide for the site or against it."""
        return self._take_part(lambda: self.disputes.close(dispute_id, OUTSIDE, won=won))

    def _pay(self, intent_id: str, payment_method: str) -> Json:
        card = find_card(payment_method)
        if self.intents.retrieve(intent_id)["status"] == "processing":
            return self.intents.finish(intent_id, card, OUTSIDE)
        return self.intents.confirm(intent_id, {"payment_method": payment_method}, OUTSIDE)

    def _take_part(self, change: Callable[[], Json], declined: str = "") -> Json:
        """Make a change while no request runs; after a decline, return the intent named by `declined`."""
        with self.lock:
            try:
                return copy.deepcopy(change())
            except ApiError as refused:
                if refused.status != 402:
                    raise
                return copy.deepcopy(self.intents.retrieve(declined))
