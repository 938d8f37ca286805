"""A row of the old database becomes fields of ours, or a reason why it cannot.

Pure: no ORM, no clock, no settings. HTML escapes are restored in contacts, registrations, payments, courses and the
course titles of enrolments, which the old site's validator wrote; users came from other code and are left alone.
"""

from collections.abc import Callable, Mapping, Sequence

from legacy_import import finishing
from legacy_import.aliases import Kind, TableLayout
from legacy_import.choices import flag, word
from legacy_import.identifiers import identifier, read_legacy_id
from legacy_import.record import Columnwise, Constant, Nothing, Step, Table
from legacy_import.rows import ImportOptions, Mapped, Note, NoteKind, Rejected, Row, RowRefused, Value
from legacy_import.texts import (
    email,
    full_name,
    ip_address,
    line,
    names,
    short_line,
    text,
)
from legacy_import.values import currency, day, instant, money, number, password
from legacy_import.words import ENROLLMENT_STATUSES, LEVELS

__all__ = ["MAPPERS", "ImportOptions", "Mapped", "Mapper", "Note", "NoteKind", "Rejected", "compile_mapper"]

RowMapper = Callable[[Mapping[str, Value]], Mapped | Rejected]
Mapper = Callable[[Mapping[str, Value], TableLayout, ImportOptions], Mapped | Rejected]

HIGHEST_HOURS, HIGHEST_CAPACITY = 32_767, 2_147_483_647


def compile_mapper(kind: Kind, layout: TableLayout, options: ImportOptions) -> RowMapper:
    """Return what maps the rows of one table: all that is the same for every row is decided here, once.

    It remembers words and nothing else; give each thread one of its own.
    """
    table, all_steps = steps_of(kind, layout, options)
    legacy_id_of = read_legacy_id(table)
    constants = {step.field: step.value for step in all_steps if isinstance(step, Constant)}
    steps = [alone(step) for step in all_steps if not isinstance(step, Constant | Nothing)]

    def map_row(row: Mapping[str, Value]) -> Mapped | Rejected:
        found = row if type(row) is Row else Row(row)
        legacy_id, fields, notes = None, constants.copy(), list[Note]()
        try:
            legacy_id = legacy_id_of(found)
            for step in steps:
                step(found, fields, notes)
        except RowRefused as refusal:
            return Rejected(legacy_id, str(refusal), dict(row))
        return Mapped(legacy_id, fields, notes)

    return map_row


def steps_of(kind: Kind, layout: TableLayout, options: ImportOptions) -> tuple[Table, Sequence[Step]]:
    """Return what happens to each row of a table, in order."""
    table = Table(layout, options, escaped=kind is not Kind.USERS)
    return table, _STEPS[kind](table)


def alone(step: Step) -> Step:
    """Return what a step does to one row."""
    return step.step if isinstance(step, Columnwise) else step


def _user(table: Table) -> Sequence[Step]:
    """Map an account. `user_type` is a label: what it may do here is not decided here."""
    return [
        email(table, must_work=True),
        password(table),
        names(table),
        finishing.user_type(table),
        short_line(table, "phone_number"),
        flag(table, "email_verified", into="email_verified"),
        short_line(table, "bio"),
        day(table, "date_of_birth"),
        instant(table, "created_at", is_expected=True),
        instant(table, "updated_at"),
        instant(table, "last_login"),
        finishing.is_active(table),
    ]


def _course(table: Table) -> Sequence[Step]:
    """Map a course; a duration in minutes is rounded up to hours."""
    return [
        line(table, "title", needed_as="title"),
        line(table, "slug"),
        text(table, "description"),
        identifier(table, "instructor_id", into="legacy_instructor_id"),
        email(table, "instructor_email", is_needed=False),
        short_line(table, "category"),
        word(table, "level", LEVELS, default="", unknown=NoteKind.UNKNOWN_LEVEL),
        currency(table),
        money(table, "price", minor="price_minor", into="price"),
        number(table, "duration_hours", highest=HIGHEST_HOURS),
        finishing.hours_of_minutes(table, highest=HIGHEST_HOURS),
        number(table, "capacity", highest=HIGHEST_CAPACITY),
        instant(table, "created_at", is_expected=True),
        finishing.is_published(table),
    ]


def _contact(table: Table) -> Sequence[Step]:
    """Map a message from the contact form."""
    return [
        full_name(table),
        email(table),
        line(table, "phone"),
        line(table, "subject"),
        text(table, "message"),
        finishing.needs_message(),
        text(table, "response"),
        text(table, "internal_notes"),
        ip_address(table),
        short_line(table, "user_agent"),
        identifier(table, "user_id", into="legacy_user_id"),
        instant(table, "created_at", is_expected=True),
        instant(table, "updated_at"),
        finishing.contact_status(table),
    ]


def _enrollment(table: Table) -> Sequence[Step]:
    """Map an enrolment: whose (old id or address), in which course (old id or title), its state."""
    return [
        identifier(table, "user_id", into="legacy_user_id"),
        email(table, is_needed=False),
        finishing.needs_person(),
        identifier(table, "course_id", into="legacy_course_id"),
        line(table, "course_title"),
        finishing.needs_course(),
        word(table, "status", ENROLLMENT_STATUSES, default="pending", unknown=NoteKind.UNKNOWN_STATUS),
        number(table, "progress", highest=100),
        instant(table, "completed_at"),
        instant(table, "created_at", is_expected=True),
        finishing.deleted_means(table, "status", "cancelled"),
    ]


def _registration(table: Table) -> Sequence[Step]:
    """Map a visitor's request for a place; the price is in major units."""
    return [
        finishing.refuse_deleted(table),
        names(table),
        email(table),
        line(table, "phone"),
        identifier(table, "course_id", into="legacy_course_id"),
        line(table, "course_title"),
        finishing.needs_course(),
        line(table, "level"),
        currency(table),
        money(table, "price", minor="price_minor", into="price"),
        text(table, "notes"),
        text(table, "experience"),
        finishing.paid(table),
        instant(table, "created_at", is_expected=True),
    ]


def _payment(table: Table) -> Sequence[Step]:
    """Map a payment. What is not understood never counts as money that arrived."""
    return [
        identifier(table, "user_id", into="legacy_user_id"),
        email(table, is_needed=False),
        finishing.needs_person(),
        identifier(table, "course_id", into="legacy_course_id"),
        line(table, "course_title"),
        identifier(table, "enrollment_id", into="legacy_enrollment_id"),
        currency(table),
        money(table, "amount", minor="amount_minor", into="amount"),
        finishing.needs_amount(),
        money(table, "refunded_amount", minor="refunded_minor", into="refunded_amount"),
        finishing.payment_status(table),
        finishing.stripe_id(table),
        short_line(table, "description"),
        instant(table, "created_at", is_expected=True),
        instant(table, "paid_at"),
        finishing.notes_deleted(table),
    ]


_STEPS: dict[Kind, Callable[[Table], Sequence[Step]]] = {
    Kind.USERS: _user,
    Kind.COURSES: _course,
    Kind.CONTACTS: _contact,
    Kind.ENROLLMENTS: _enrollment,
    Kind.REGISTRATIONS: _registration,
    Kind.PAYMENTS: _payment,
}


class _OneByOne:
    """The mapper of one kind, for those who have one row; the last table's mapper is remembered."""

    def __init__(self, kind: Kind) -> None:
        self._kind = kind
        self._last: tuple[TableLayout, ImportOptions, RowMapper] | None = None

    def __call__(self, row: Mapping[str, Value], layout: TableLayout, options: ImportOptions) -> Mapped | Rejected:
        """Map one row."""
        last = self._last
        if last is None or last[0] is not layout or last[1] is not options:
            self._last = last = (layout, options, compile_mapper(self._kind, layout, options))
        return last[2](row)


MAPPERS: dict[Kind, Mapper] = {kind: _OneByOne(kind) for kind in Kind}
