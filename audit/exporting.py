"""The log as a file, of any length, in constant memory."""

from collections.abc import Iterator, Mapping
from typing import Any

from django.db.models import QuerySet

from audit.actor import Actor
from audit.models import AuditLog
from audit.services import record
from titanobova.downloads import FileRow, pieces_of
from titanobova.formats import FileFormat

STORED = (
    "id",
    "timestamp",
    "user",
    "action",
    "details",
    "personal",
    "resource_type",
    "resource_id",
    "outcome",
    "ip_address",
    "user_agent",
    "request_id",
    "sequence",
    "seal",
)


def export_log(
    found: QuerySet[AuditLog], file_format: FileFormat, *, filters: Mapping[str, object], by: Actor
) -> Iterator[str]:
    """Record who takes which rows along, then return the file's text in pieces, newest row first.

    The row about it is stored before the first piece: what left is known even where the transfer broke off.
    """
    record("create", "audit.exported", by=by, details={"format": file_format, "filters": filters})
    return pieces_of(found, STORED, file_format, shown=_shown)


def _shown(row: FileRow) -> dict[str, Any]:
    """Return a row of the file: its event beside its action, and its details in one."""
    details = {**(row["details"] or {}), **(row["personal"] or {})}
    shown = {"id": row["id"], "timestamp": row["timestamp"], "user": row["user"], "action": row["action"]}
    rest = {name: row[name] for name in STORED if name not in {*shown, "details", "personal"}}
    return {**shown, "event": details.get("event", ""), **rest, "details": details}
