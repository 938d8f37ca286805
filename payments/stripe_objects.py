"""What Stripe's objects say, as far as we use it: each member is read as what it should be, or the object is odd."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from courses.money import MOST
from payments.ledger import Kind
from payments.models import Dispute, Refund
from payments.webhook_events import STRIPE_ID

Json = dict[str, Any]

# The status of an intent, as what is known of the payment by it; one that waits for a card was declined or not.
KIND_OF_STATUS = {
    "requires_action": Kind.REQUIRES_ACTION,
    "processing": Kind.PROCESSING,
    "canceled": Kind.CANCELED,
    "succeeded": Kind.CAPTURED,
}
MOST_DISPUTED = 10 * MOST  # of the smallest units: currencies fluctuate, but not that much
REFUND_STATUS = {
    "pending": Refund.Status.PENDING,
    "requires_action": Refund.Status.PENDING,
    "succeeded": Refund.Status.SUCCEEDED,
    "failed": Refund.Status.FAILED,
    "canceled": Refund.Status.CANCELED,
}


class DoesNotFit(Exception):
    """What Stripe says is not what was agreed, or is odd; `reasons` say in what."""

    def __init__(self, *reasons: str) -> None:
        super().__init__(*reasons)
        self.reasons = set(reasons)


@dataclass(frozen=True)
class RefundTold:
    """A refund as Stripe tells of it; `refund_id` is ours, if it was we who asked for it."""

    id: str
    amount: int
    currency: str
    status: Refund.Status
    refund_id: UUID | None
    reason: str
    failure_reason: str
    made_at: datetime


@dataclass(frozen=True)
class DisputeTold:
    """A dispute as Stripe tells of it."""

    id: str
    amount: int
    currency: str
    status: Dispute.Status
    reason: str
    evidence_due_at: datetime | None
    opened_at: datetime


def named_intent(subject: Json, member: str) -> str:
    """Return the intent's id that stands in this member, or nothing."""
    value = subject.get(member)
    return value if isinstance(value, str) and STRIPE_ID.fullmatch(value) else ""


def named_payment(subject: Json) -> UUID | None:
    """Return our own id of the payment, if the object has it in its metadata."""
    return _own_id(subject, "payment_id")


def named_buyer(subject: Json) -> UUID | None:
    """Return whose it is, if the object has it in its metadata."""
    return _own_id(subject, "user_id")


def metadata_of(subject: Json) -> Json:
    """Return the metadata of an object."""
    metadata = subject.get("metadata")
    return metadata if isinstance(metadata, dict) else {}


def kind_now(intent: Json) -> Kind | None:
    """Return what is known of a payment by the present state of its intent; nothing while nobody has tried to pay."""
    status = str(intent.get("status"))
    if status == "requires_payment_method" and intent.get("last_payment_error"):
        return Kind.FAILED
    return KIND_OF_STATUS.get(status)


def declined_charge(intent: Json) -> str:
    """Return the charge that was declined last: however a decline is told, it is the same one."""
    error = intent.get("last_payment_error")
    charge = error.get("charge") if isinstance(error, dict) else None
    return charge if isinstance(charge, str) and STRIPE_ID.fullmatch(charge) else ""


def read_refund(subject: Json) -> RefundTold:
    """Return what a refund says.

    :raises DoesNotFit: when it is odd.
    """
    match subject:
        case {"id": str(key), "amount": int(amount), "currency": str(currency), "status": str(status)}:
            if amount > 0 and status in REFUND_STATUS and STRIPE_ID.fullmatch(key):
                return RefundTold(
                    key,
                    amount,
                    currency,
                    REFUND_STATUS[status],
                    _own_id(subject, "refund_id"),
                    _text(subject, "reason"),
                    _text(subject, "failure_reason"),
                    _instant(subject.get("created")) or datetime.now(UTC),
                )
    raise DoesNotFit("refund")


def read_dispute(subject: Json) -> DisputeTold:
    """Return what a dispute says.

    :raises DoesNotFit: when it is odd, or about more than any card can be charged with.
    """
    details = subject.get("evidence_details")
    match subject:
        case {"id": str(key), "amount": int(amount), "currency": str(currency), "status": str(status)}:
            if 0 < amount < MOST_DISPUTED and status in Dispute.Status.values and STRIPE_ID.fullmatch(key):
                return DisputeTold(
                    key,
                    amount,
                    currency,
                    Dispute.Status(status),
                    _text(subject, "reason"),
                    _instant(details.get("due_by")) if isinstance(details, dict) else None,
                    _instant(subject.get("created")) or datetime.now(UTC),
                )
    raise DoesNotFit("dispute")


def _own_id(subject: Json, name: str) -> UUID | None:
    try:
        return UUID(str(metadata_of(subject)[name]))
    except (KeyError, ValueError):
        return None


def _text(subject: Json, member: str) -> str:
    value = subject.get(member)
    return value[:100] if isinstance(value, str) else ""


def _instant(value: object) -> datetime | None:
    """Return the instant of a Unix time; Stripe leaves it out, or writes 0, where there is none."""
    if not isinstance(value, int) or not 0 < value < 2**33:
        return None
    return datetime.fromtimestamp(value, UTC)
