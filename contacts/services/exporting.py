"""Contacts as a file, of any length, in constant memory."""

from collections.abc import Iterator, Mapping

from django.db.models import QuerySet

from audit.actor import Actor
from audit.services import record
from contacts.models import Contact
from titanobova.downloads import pieces_of
from titanobova.formats import FileFormat

COLUMNS = (
    "id",
    "created_at",
    "status",
    "name",
    "email",
    "phone",
    "subject",
    "message",
    "user",
    "response_message",
    "responded_by",
    "internal_notes",
    "is_spam",
    "spam_score",
    "spam_reasons",
    "spam_decided_by",
    "ip_address",
    "user_agent",
    "updated_at",
)


def export_contacts(
    found: "QuerySet[Contact]", file_format: FileFormat, *, filters: Mapping[str, object], by: Actor
) -> Iterator[str]:
    """Record who takes which contacts along, then return the file's text in pieces, newest contact first.

    The row of the audit log is stored before the first piece: what left is known even where the transfer broke off.
    """
    record("create", "contacts.exported", by=by, details={"format": file_format, "filters": filters})
    return pieces_of(found, COLUMNS, file_format)
