"""Steps that look at several columns, or at what was written already: what a row means as a whole. Pure.

A row that the old site had only marked as deleted is imported as far as that does no harm: an account inactive, a
course unpublished, a message closed, an enrolment cancelled; a request for a place is refused, since it could still
open one; a payment stays, for money is a fact. Each is noted.
"""

import re
from collections.abc import Callable, Sequence
from decimal import Decimal

from legacy_import.choices import Words, read_answer, read_flag
from legacy_import.record import Answers, Columns, Columnwise, Nothing, Step, Table, constant, note
from legacy_import.rows import Chunk, Note, NoteKind, Row, RowRefused
from legacy_import.texts import read_line
from legacy_import.values import read_instant
from legacy_import.words import (
    ACCOUNT_STATES,
    CONTACT_STATUSES,
    COURSE_STATES,
    PAYMENT_STATUSES,
    ROLES,
    ROLES_BY_RANK,
)

_STRIPE_ID = re.compile(r"((?:pi|ch|py)_[A-Za-z0-9]{1,100})(_secret_\w*)?", re.ASCII)
_CLIENT_SECRET = re.compile(r"_secret_\w*", re.ASCII)


def user_type(table: Table) -> Step:
    """Write the role; of several the highest counts, and a flag for administrators makes one. It grants nothing."""
    has_role, has_flag = table.has("user_type"), table.has("is_admin")
    role_of = Words(table, "user_type", ROLES, default="student", unknown=NoteKind.UNKNOWN_ROLE, rank=ROLES_BY_RANK)
    is_admin = read_flag(table, "is_admin")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        role = role_of(row, notes) if has_role else "student"
        if has_flag and role != "admin" and is_admin(row, notes):
            note(notes, "user_type", NoteKind.ROLE_FROM_FLAG, role)
            role = "admin"
        fields["user_type"] = role

    if has_role and not has_flag:
        return table.columnwise("user_type", step, role_of.all)
    return step if has_flag else constant("user_type", "student")


def is_active(table: Table) -> Step:
    """Write whether the account may log in: no column says that it was switched off, blocked or deleted."""
    if not (table.has("active") or table.has("blocked") or table.has("deleted")):
        return constant("is_active", True)
    active = read_flag(table, "active", states=ACCOUNT_STATES, missing=True, wins=False)
    blocked, deleted = read_flag(table, "blocked"), _read_deleted(table)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        # All are asked, so that the notes do not depend on which says no.
        fields["is_active"] = all([active(row, notes), not blocked(row, notes), not deleted(row, notes)])

    return step


def is_published(table: Table) -> Step:
    """Write whether the course is shown; the old site showed all where it had no column for it.

    Of several columns one must say yes, and none no.
    """
    missing = not table.has("published")
    published = read_flag(table, "published", states=COURSE_STATES, missing=missing, wins=False)
    deleted = _read_deleted(table)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        fields["is_published"] = all([published(row, notes), not deleted(row, notes)])

    return step if table.has("published") or table.has("deleted") else constant("is_published", True)


def contact_status(table: Table) -> Step:
    """Write how far the staff is: by the status, or else by the flags and the answer."""
    has_status, deleted = table.has("status"), _read_deleted(table)
    status_of = Words(table, "status", CONTACT_STATUSES, default="new", unknown=NoteKind.UNKNOWN_STATUS)
    answered, seen = read_flag(table, "answered"), read_flag(table, "read")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        if has_status:
            status = status_of(row, notes)
        elif fields["response"] or answered(row, notes):
            status = "responded"
        else:
            status = "read" if seen(row, notes) else "new"
        fields["status"] = "closed" if deleted(row, notes) else status

    if has_status and not table.has("deleted"):
        return table.columnwise("status", step, status_of.all)
    told_by = ("status", "answered", "read", "response", "deleted")
    return step if any(table.has(field) for field in told_by) else constant("status", "new")


def deleted_means(table: Table, field: str, value: str) -> Step:
    """Write `value` into a row that was marked as deleted."""
    deleted = _read_deleted(table)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        if deleted(row, notes):
            fields[field] = value

    return step if table.has("deleted") else Nothing()


def refuse_deleted(table: Table) -> Step:
    """Refuse a row that was marked as deleted."""
    deleted = _read_deleted(table)

    def step(row: Row, _fields: dict[str, object], notes: list[Note]) -> None:
        if deleted(row, notes):
            raise RowRefused("it was deleted in the old system")

    return step if table.has("deleted") else Nothing()


def notes_deleted(table: Table) -> Step:
    """Note that a row was marked as deleted, and keep it."""
    deleted = _read_deleted(table)

    def step(row: Row, _fields: dict[str, object], notes: list[Note]) -> None:
        deleted(row, notes)

    return step if table.has("deleted") else Nothing()


def needs_message() -> Step:
    """Refuse a message without a text."""

    def step(_row: Row, fields: dict[str, object], _notes: list[Note]) -> None:
        message = fields["message"]
        if not message or str(message).isspace():
            raise RowRefused("there is no message")

    def bulk(_chunk: Chunk, fields: Columns) -> Answers:
        return Answers(
            {},
            [
                position
                for position, text in enumerate(fields["message"])
                if not text or (type(text) is str and text.isspace())
            ],
        )

    return Columnwise(step, bulk)


def needs_person() -> Step:
    """Refuse a row that names nobody."""

    def step(_row: Row, fields: dict[str, object], _notes: list[Note]) -> None:
        if fields["legacy_user_id"] is None and not fields["email"]:
            raise RowRefused("there is no user id")

    def bulk(_chunk: Chunk, fields: Columns) -> Answers:
        return Answers({}, _without(fields["legacy_user_id"], fields["email"]))

    return Columnwise(step, bulk)


def needs_course() -> Step:
    """Refuse a row that names no course."""

    def step(_row: Row, fields: dict[str, object], _notes: list[Note]) -> None:
        if fields["legacy_course_id"] is None and not fields["course_title"]:
            raise RowRefused("there is no course")

    def bulk(_chunk: Chunk, fields: Columns) -> Answers:
        return Answers({}, _without(fields["legacy_course_id"], fields["course_title"]))

    return Columnwise(step, bulk)


def _without(ids: Sequence[object], texts: Sequence[object]) -> list[int]:
    pairs = enumerate(zip(ids, texts, strict=True))
    return [position for position, (one, text) in pairs if one is None and not text]


def needs_amount() -> Step:
    """Refuse a payment of nothing."""

    def step(_row: Row, fields: dict[str, object], _notes: list[Note]) -> None:
        if not fields["amount"]:
            raise RowRefused("there is no amount above zero that can be read")

    return step


def hours_of_minutes(table: Table, *, highest: int) -> Step:
    """Write the hours of a duration in minutes, rounded up, where there are none of its own."""
    get = table.get("duration_minutes")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        if fields["duration_hours"] is not None:
            return
        minutes = get(row)
        if isinstance(minutes, int) and 0 <= minutes <= highest * 60:
            fields["duration_hours"] = -(-minutes // 60)
        elif minutes is not None:
            note(notes, "duration_hours", NoteKind.NUMBER_UNPARSABLE, minutes)

    return step if table.has("duration_minutes") else Nothing()


def paid(table: Table) -> Step:
    """Write whether and when it was paid; where flag and date contradict each other, the flag counts."""
    has_flag, has_date = table.has("paid"), table.has("paid_at")
    flag, date, get = read_flag(table, "paid"), read_instant(table, "paid_at"), table.get("paid_at")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        paid_at = date(row, notes) if has_date else None
        is_paid = flag(row, notes) if has_flag else paid_at is not None
        if paid_at is not None and not is_paid:
            note(notes, "paid_at", NoteKind.DATE_WITHOUT_PAYMENT, get(row))
            paid_at = None
        fields["is_paid"], fields["paid_at"] = is_paid, paid_at

    return step


def payment_status(table: Table) -> Step:
    """Write what became of the money, so that status and refunded amount say the same.

    An amount that went back turns an arrived payment into a refunded one; a refund without its amount is taken as
    whole, a partial one without it as none, for nobody knows how much it was.
    """
    has_status = table.has("status")
    status_of = Words(table, "status", PAYMENT_STATUSES, default="created", unknown=NoteKind.UNKNOWN_STATUS)

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        status = status_of(row, notes) if has_status else "created"
        amount, refunded = fields["amount"], fields["refunded_amount"] or Decimal(0)
        fields["status"], fields["refunded_amount"] = status, refunded
        if not (isinstance(amount, Decimal) and isinstance(refunded, Decimal)):
            raise RowRefused("there is no amount above zero that can be read")
        if refunded > amount:
            raise RowRefused(f"more was refunded ({refunded}) than paid ({amount})")
        fields["status"], fields["refunded_amount"] = _agreed(status, amount, refunded)
        if (fields["status"], fields["refunded_amount"]) != (status, refunded):
            note(notes, "status", NoteKind.REFUND_INFERRED, f"{status}, {refunded} of {amount} refunded")

    return step


def _agreed(status: str, amount: Decimal, refunded: Decimal) -> tuple[str, Decimal]:
    if status == "refunded":
        return ("partially_refunded", refunded) if 0 < refunded < amount else ("refunded", amount)
    if status in ("succeeded", "partially_refunded"):
        if not refunded:
            return "succeeded", refunded
        return ("refunded" if refunded == amount else "partially_refunded"), refunded
    return status, refunded if status == "disputed" else Decimal(0)


def stripe_id(table: Table) -> Step:
    """Write Stripe's id of the payment, and what else the old site called it; never a client secret."""
    intent, reference = read_line(table, "intent_id"), read_line(table, "reference")

    def step(row: Row, fields: dict[str, object], notes: list[Note]) -> None:
        named, other = intent(row, notes), reference(row, notes)
        found = _STRIPE_ID.fullmatch(named) or (None if named else _STRIPE_ID.fullmatch(other))
        if named and not found:
            note(notes, "intent_id", NoteKind.NOT_A_STRIPE_ID, _CLIENT_SECRET.sub("…", named))
            other = other or named
        if _CLIENT_SECRET.search(f"{named} {other}"):
            note(notes, "intent_id", NoteKind.STRIPE_ID_CUT, "_secret_…")
        fields["intent_id"] = found[1] if found else ""
        fields["reference"] = "" if found and not named else _CLIENT_SECRET.sub("", other)

    return step


def _read_deleted(table: Table) -> Callable[[Row, list[Note]], bool]:
    """Return what says whether a row was only marked as deleted, and notes it."""
    columns = table.layout.columns_of("deleted")
    readers = [(read_answer(table, "deleted", column), table.get_from(column)) for column in columns]

    def deleted(row: Row, notes: list[Note]) -> bool:
        said = [get(row) for is_deleted, get in readers if is_deleted(row, notes)]
        if said:
            note(notes, "deleted", NoteKind.DELETED_IN_SOURCE, said[0])
        return bool(said)

    return deleted
