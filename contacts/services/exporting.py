"""Contacts as a file, of any length, in constant memory."""

import enum
from collections.abc import Iterator, Mapping
from typing import Any

from audit.actor import Actor
from audit.services import record
from contacts.formats import csv_lines, json_lines
from contacts.models import ContactQuerySet

BATCH = 500  # rows
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


class FileFormat(enum.StrEnum):
    """What the file is written in; also the end of its name."""

    CSV = "csv"
    JSONL = "jsonl"


def export_contacts(
    found: ContactQuerySet, file_format: FileFormat, *, filters: Mapping[str, object], by: Actor
) -> Iterator[str]:
    """Record who takes which contacts along, then return the file's text in pieces, newest contact first.

    The row of the audit log is stored before the first piece: what left is known even where the transfer broke off.
    """
    record("create", "contacts.exported", by=by, details={"format": file_format, "filters": filters})
    return _csv(found) if file_format == FileFormat.CSV else _jsonl(found)


def _csv(found: ContactQuerySet) -> Iterator[str]:
    yield csv_lines([COLUMNS])
    for batch in _batches(found):
        yield csv_lines(row.values() for row in batch)


def _jsonl(found: ContactQuerySet) -> Iterator[str]:
    for batch in _batches(found):
        yield json_lines(batch)


def _batches(found: ContactQuerySet) -> Iterator[list[dict[str, Any]]]:
    """Yield the rows, each batch by a short query of its own that starts after the last row of the one before.

    No transaction stays open while a client reads slowly, and a contact that arrives meanwhile moves none.
    """
    ordered = found.order_by("-pk").values(*COLUMNS)
    batch = list(ordered[:BATCH])
    while batch:
        yield batch
        batch = list(ordered.filter(pk__lt=batch[-1]["id"])[:BATCH]) if len(batch) == BATCH else []
