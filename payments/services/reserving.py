"""Setting money aside for a refund, so that no two of them give the same money back."""

from decimal import Decimal
from uuid import UUID

from audit.actor import Actor
from audit.services import record
from payments.models import Payment, Refund
from payments.waking import wake_on_commit
from users.models import User


def reserve_refund(
    held: Payment,
    amount: Decimal,
    *,
    reason: str,
    by: Actor,
    requested_by: User | None = None,
    refund_id: UUID | None = None,
) -> Refund:
    """Write down that so much is to go back, in the caller's transaction, who holds the payment and knows what is left.

    Whoever asked for it sends it to Stripe; an automatic one, asked for by nobody, is sent by the job.
    """
    named = {"pk": refund_id} if refund_id else {}
    refund = Refund.objects.create(payment=held, amount=amount, reason=reason, requested_by=requested_by, **named)
    details: dict[str, object] = {"amount": refund.amount_text, "currency": held.currency, "payment": held.pk}
    record("create", "payments.refund.requested", by=by, on=refund, details=details)
    if requested_by is None:
        wake_on_commit()
    return refund
