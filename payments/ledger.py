"""The ledger is a set of facts, and everything that is known of a payment's money follows from that set."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from decimal import Decimal

from django.db import models

from payments.states import Status


class Kind(models.TextChoices):
    """What became known of a payment; the reference of a fact tells which decline, refund or dispute it is about."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    FAILED = "failed"
    CANCELED = "canceled"
    CAPTURED = "captured"
    REFUNDED = "refunded"
    REFUND_FAILED = "refund_failed"
    DISPUTE_OPENED = "dispute_opened"
    DISPUTE_WON = "dispute_won"
    DISPUTE_LOST = "dispute_lost"
    SEAT_LOST = "seat_lost"


# What may be known before the money arrives, the furthest last.
BEFORE_CAPTURE = {
    Kind.CREATED: Status.CREATED,
    Kind.REQUIRES_ACTION: Status.REQUIRES_ACTION,
    Kind.PROCESSING: Status.PROCESSING,
    Kind.FAILED: Status.FAILED,
    Kind.CANCELED: Status.CANCELED,
}
NOTHING = Decimal(0)


@dataclass(frozen=True)
class Fact:
    """One fact: what happened, to which refund or dispute, and with how much money.

    A bank may name another sum for a dispute than it first did. That is a fact of its own, with that sum behind the
    dispute in its reference (`raised`), for what was recorded is never changed.
    """

    kind: str
    amount: Decimal = NOTHING
    reference: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """What makes it the same fact, however often it is told."""
        return self.kind, self.reference

    def raised(self, minor: int) -> "Fact":
        """Return the same with the sum, in the smallest units, by which it is told apart from the first one."""
        return replace(self, reference=f"{self.reference} {minor}")


@dataclass(frozen=True)
class Position:
    """Where a payment stands. `balance` is what is left of the money; after a dispute it may be less than nothing."""

    status: Status
    captured: Decimal = NOTHING
    refunded: Decimal = NOTHING
    disputed: Decimal = NOTHING
    lost: Decimal = NOTHING
    opens_access: bool = False

    @property
    def balance(self) -> Decimal:
        """What arrived, less what went back and what a bank has taken."""
        return self.captured - self.refunded - self.disputed

    @property
    def written(self) -> Decimal:
        """What receipts, credit notes and corrections add up to: a dispute is written down once it is lost."""
        return self.captured - self.refunded - self.lost


def position_of(facts: Iterable[Fact]) -> Position:
    """Return where a payment stands of which these facts are known.

    It is a function of a set: neither their order nor a repetition makes a difference, so every order in which Stripe
    may tell them ends alike. What went back counts from the moment at which it is known that the money had arrived.
    A refund or dispute that failed or was won costs nothing, even where that became known first. Of several sums of an
    open dispute the largest counts.

    Access is kept while a dispute is open, for most are won or lost weeks later; it ends with a lost one, with a full
    refund, and where the seat was gone when the money came.
    """
    amounts = {fact.key: fact.amount for fact in facts}
    captured = sum((amount for (kind, _), amount in amounts.items() if kind == Kind.CAPTURED), NOTHING)
    if not captured:
        return Position(_before_capture({kind for kind, _ in amounts}))
    refunded = _standing(amounts, Kind.REFUNDED, unless=Kind.REFUND_FAILED)
    lost = _standing(amounts, Kind.DISPUTE_LOST)
    disputed = {**_standing(amounts, Kind.DISPUTE_OPENED, unless=Kind.DISPUTE_WON), **lost}
    back = sum(refunded.values(), NOTHING)
    return Position(
        status=_after_capture(captured, back, is_disputed=bool(disputed)),
        captured=captured,
        refunded=back,
        disputed=sum(disputed.values(), NOTHING),
        lost=sum(lost.values(), NOTHING),
        opens_access=back < captured and not lost and (Kind.SEAT_LOST, "") not in amounts,
    )


def _before_capture(kinds: set[str]) -> Status:
    known = [status for kind, status in BEFORE_CAPTURE.items() if kind in kinds]
    return known[-1] if known else Status.CREATED


def _after_capture(captured: Decimal, refunded: Decimal, *, is_disputed: bool) -> Status:
    if is_disputed:
        return Status.DISPUTED
    if refunded >= captured:
        return Status.REFUNDED
    return Status.PARTIALLY_REFUNDED if refunded else Status.SUCCEEDED


def _standing(
    amounts: dict[tuple[str, str], Decimal], wanted: Kind, *, unless: Kind | None = None
) -> dict[str, Decimal]:
    """Return the largest amounts of one kind by what they are about, without those that `unless` took back."""
    gone = {reference for kind, reference in amounts if kind == unless}
    standing: dict[str, Decimal] = {}
    for (kind, reference), amount in amounts.items():
        about = reference.partition(" ")[0]
        if kind == wanted and about not in gone:
            standing[about] = max(amount, standing.get(about, NOTHING))
    return standing
