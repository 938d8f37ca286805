"""A row of the old database becomes fields of ours, or a reason why it cannot.

Pure: no ORM, no clock, no settings. HTML escapes are restored in contacts, registrations and the course
titles of enrolments, which the old site's validator wrote; users came from other code and are left alone.
"""

from collections.abc import Callable, Mapping
from datetime import datetime

from legacy_import.aliases import Kind, TableLayout
from legacy_import.record import RowReader, RowRefused
from legacy_import.rows import ImportOptions, Mapped, Note, NoteKind, Rejected, Value

__all__ = ["MAPPERS", "ImportOptions", "Mapped", "Mapper", "Note", "NoteKind", "Rejected"]

Mapper = Callable[[Mapping[str, Value], TableLayout, ImportOptions], Mapped | Rejected]

ROLES = {
    **dict.fromkeys(("student", "user", "learner", "member", "customer", "participant"), "student"),
    **dict.fromkeys(("instructor", "teacher", "trainer", "tutor", "mentor"), "instructor"),
    **dict.fromkeys(("founder", "owner"), "founder"),
    **dict.fromkeys(("admin", "administrator", "super admin", "superadmin"), "admin"),
}
STATUSES = {
    **dict.fromkeys(("pending", "new", "waiting", "requested"), "pending"),
    **dict.fromkeys(("active", "enrolled", "in progress", "started", "approved", "confirmed"), "active"),
    **dict.fromkeys(("completed", "complete", "finished", "done"), "completed"),
    **dict.fromkeys(("cancelled", "canceled", "dropped", "withdrawn"), "cancelled"),
    "refunded": "refunded",
}


def map_user(row: Mapping[str, Value], layout: TableLayout, options: ImportOptions) -> Mapped | Rejected:
    """Map an account. `user_type` is a label: what it may do here is not decided here."""
    return _mapped(_user, RowReader(row, layout, options, escaped=False), row)


def map_contact(row: Mapping[str, Value], layout: TableLayout, options: ImportOptions) -> Mapped | Rejected:
    """Map a message from the contact form."""
    return _mapped(_contact, RowReader(row, layout, options, escaped=True), row)


def map_enrollment(row: Mapping[str, Value], layout: TableLayout, options: ImportOptions) -> Mapped | Rejected:
    """Map an enrolment: whose (old id), in which course (old id or title), its state."""
    return _mapped(_enrollment, RowReader(row, layout, options, escaped=True), row)


def map_registration(row: Mapping[str, Value], layout: TableLayout, options: ImportOptions) -> Mapped | Rejected:
    """Map a visitor's request for a place; the price is in major units."""
    return _mapped(_registration, RowReader(row, layout, options, escaped=True), row)


MAPPERS: dict[Kind, Mapper] = {
    Kind.USERS: map_user,
    Kind.CONTACTS: map_contact,
    Kind.ENROLLMENTS: map_enrollment,
    Kind.REGISTRATIONS: map_registration,
}


def _mapped(
    fields: Callable[[RowReader], dict[str, object]], reader: RowReader, row: Mapping[str, Value]
) -> Mapped | Rejected:
    legacy_id = None
    try:
        legacy_id = reader.legacy_id()
        return Mapped(legacy_id, fields(reader), reader.notes)
    except RowRefused as refusal:
        return Rejected(legacy_id, str(refusal), dict(row))


def _user(row: RowReader) -> dict[str, object]:
    email = row.email()
    if any(note.kind is NoteKind.EMAIL_UNUSUAL for note in row.notes):
        raise RowRefused("the e-mail address is none, and an account cannot be without one")
    first_name, last_name = row.names()
    return {
        "email": email,
        "password": row.password(),
        "first_name": first_name,
        "last_name": last_name,
        "user_type": row.word("user_type", ROLES, default="student", unknown=NoteKind.UNKNOWN_ROLE),
        "created_at": row.instant("created_at"),
    }


def _contact(row: RowReader) -> dict[str, object]:
    message = row.text("message")
    if not message.strip():
        raise RowRefused("there is no message")
    return {
        "name": row.full_name(),
        "email": row.email(),
        "phone": row.line("phone"),
        "subject": row.line("subject"),
        "message": message,
        "created_at": row.instant("created_at"),
    }


def _enrollment(row: RowReader) -> dict[str, object]:
    user, course, title = row.identifier("user_id"), row.identifier("course_id"), row.line("course_title")
    if user is None:
        raise RowRefused("there is no user id")
    if course is None and not title:
        raise RowRefused("there is no course")
    return {
        "legacy_user_id": user,
        "legacy_course_id": course,
        "course_title": title,
        "status": row.word("status", STATUSES, default="pending", unknown=NoteKind.UNKNOWN_STATUS),
        "created_at": row.instant("created_at"),
    }


def _registration(row: RowReader) -> dict[str, object]:
    first_name, last_name = row.names()
    currency = row.currency()
    is_paid, paid_at = _payment(row)
    return {
        "first_name": first_name,
        "last_name": last_name,
        "email": row.email(),
        "phone": row.line("phone"),
        "course_title": row.required("course_title", "course"),
        "level": row.line("level"),
        "price": row.price(currency),
        "currency": currency,
        "notes": row.text("notes"),
        "experience": row.text("experience"),
        "is_paid": is_paid,
        "paid_at": paid_at,
        "created_at": row.instant("created_at"),
    }


def _payment(row: RowReader) -> tuple[bool, datetime | None]:
    """Return whether and when it was paid; where flag and date contradict each other, the flag counts."""
    paid_at = row.instant("paid_at") if row.raw("paid_at") is not None else None
    is_paid = row.flag("paid") if row.has("paid") else paid_at is not None
    if is_paid or paid_at is None:
        return is_paid, paid_at
    row.note("paid_at", NoteKind.DATE_WITHOUT_PAYMENT, row.raw("paid_at"))
    return False, None
