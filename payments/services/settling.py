"""What follows from the facts: the one place that writes a payment's status and amounts."""

import logging
from collections.abc import Iterable

from audit.actor import Actor
from audit.services import record
from payments.ledger import Fact, Position, position_of
from payments.letters import tell_buyer
from payments.models import Payment
from payments.services.access import adjust_access
from payments.services.holding import flag, record_facts, unflag
from payments.services.issuing import issue_documents
from payments.states import MOVES, Status
from titanobova import faults

logger = logging.getLogger("titanobova.payments")


def settle(held: Payment, facts: Iterable[Fact], *, by: Actor, event_id: str = "", reason: str = "") -> bool:
    """Record facts and bring payment, access, documents and buyer in line with them; false when nothing was new.

    The caller holds the payment (`hold_payment`). Facts that are known already change nothing, so a repetition, by
    whatever way it comes, has no second effect. A status to which no written move leads is a defect of ours: then the
    facts are kept, nothing is done about them, and staff see the payment.
    """
    known = {entry.fact.key: entry.fact for entry in held.ledger.all()}
    new = [fact for fact in facts if fact.key not in known]
    if not new:
        return False
    record_facts(held, new, event_id=event_id)
    faults.hit("payments.after_facts")
    known |= {fact.key: fact for fact in new}
    position = position_of(known.values())
    if not _may_move(held, position):
        flag(held, {"ledger"}, by=by, event_id=event_id)
        return True
    said: dict[str, object] = {"facts": [f"{fact.kind} {fact.amount}" for fact in new]}
    said |= {"stripe_event": event_id} if event_id else {}
    said |= {"reason": reason} if reason else {}
    _move(held, position, said, by=by)
    _watch_balance(held, position, by=by, event_id=event_id)
    adjust_access(held, position, known, by=by)
    faults.hit("payments.after_access")
    documents = issue_documents(held, known, by=by)
    faults.hit("payments.after_documents")
    tell_buyer(held, new, known, documents)
    return True


def _watch_balance(held: Payment, position: Position, *, by: Actor, event_id: str) -> None:
    """Show staff a payment of which more went back than came, as long as that is so.

    A bank may take what was refunded already. Whether the flag is there follows from the facts, in whatever order they
    come: a dispute that is won, or a refund that failed, takes it away again.
    """
    if position.balance < 0:
        flag(held, {"balance"}, by=by, event_id=event_id)
    else:
        unflag(held, "balance", by=by)


def _may_move(held: Payment, position: Position) -> bool:
    before = Status(held.status)
    if position.status == before or position.status in MOVES[before]:
        return True
    logger.error("Payment %s may not move from %s to %s", held.pk, before, position.status)
    return False


def _move(held: Payment, position: Position, said: dict[str, object], *, by: Actor) -> None:
    event = "noted" if held.status == position.status else position.status
    held.status, held.amount_refunded, held.amount_disputed = position.status, position.refunded, position.disputed
    held.save(update_fields=["status", "amount_refunded", "amount_disputed", "updated_at"])
    record("update", f"payments.payment.{event}", by=by, on=held, details=said)
    faults.hit("payments.after_status")
