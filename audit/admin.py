"""The base of every page of the admin, and the audit log's own."""

import json
from collections.abc import Iterator, Mapping
from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, Q, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest
from django.utils.html import format_html

from audit.actor import Actor
from audit.admin_exports import ExportedAdmin
from audit.exporting import STORED, export_log
from audit.lists import ValuesInUse
from audit.models import AuditLog
from audit.services import record
from titanobova.bounded import values_in_use
from titanobova.formats import FileFormat

MASKED = frozenset({"password", "totp_secret", "totp_pending_secret", "digest"})


class AuditedModelAdmin(ExportedAdmin):
    """Every change made in the admin writes its audit row in the transaction of the change."""

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row of a page; one that is to be changed is held until the change is stored.

        Every column is written back. Of a row that was read without holding it, that would undo what its owner or
        somebody else of the staff did at the same moment: a new password, a second factor, an erasure.
        """
        found = super().get_object(request, object_id, from_field)
        if found is None or request.method != "POST" or not transaction.get_connection().in_atomic_block:
            return found
        self.hold_first(found)
        held = type(found)._base_manager.select_for_update(no_key=True, of=("self",))
        return held.order_by("pk").filter(pk=found.pk).first()

    def hold_first(self, found: Any) -> None:
        """Hold what all others hold before they hold such a row: two who take turns otherwise would wait in a ring."""

    def save_model(self, request: HttpRequest, obj: Model, form: "ModelForm[Any]", change: bool) -> None:
        """Save, and record what changed from what to what; secrets only as the fact that they changed."""
        with transaction.atomic():
            super().save_model(request, obj, form, change)
            fields = {name: _difference(form, name) for name in form.changed_data}
            event = f"admin.{'changed' if change else 'added'}"
            record(
                "update" if change else "create",
                event,
                by=_actor(request),
                on=obj,
                details={"fields": fields},
            )

    def delete_model(self, request: HttpRequest, obj: Model) -> None:
        """Delete, and record what is gone."""
        with transaction.atomic():
            record("delete", "admin.deleted", by=_actor(request), on=obj, details={"was": str(obj)})
            super().delete_model(request, obj)

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen rows, each with its own audit row."""
        with transaction.atomic():
            for obj in queryset:
                record("delete", "admin.deleted", by=_actor(request), on=obj, details={"was": str(obj)})
            super().delete_queryset(request, queryset)

    def log_addition(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing: the audit log replaces Django's own history, which anyone with database rights can edit."""

    def log_change(self, request: HttpRequest, obj: Any, message: Any) -> None:
        """Nothing, as for additions."""

    def log_deletions(self, request: HttpRequest, queryset: Any) -> None:
        """Nothing, as for additions."""


class ReadOnlyModelAdmin(AuditedModelAdmin):
    """Facts: to be read, not edited."""

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False


def _actor(request: HttpRequest) -> Actor:
    return Actor.from_request(request)


def _difference(form: "ModelForm[Any]", name: str) -> dict[str, str]:
    if name in MASKED:
        return {"changed": "[hidden]"}
    return {"from": _told(form.initial.get(name, ""))[:200], "to": _told(form.cleaned_data.get(name, ""))[:200]}


def _told(value: Any) -> str:
    """Return a value as the log keeps it: of other rows only their keys.

    A person chosen in a course's form would stand there with their address, in a row that no erasure looks for.
    """
    if isinstance(value, Model):
        return str(value.pk)
    if isinstance(value, list | tuple | QuerySet):
        return ", ".join(sorted(_told(item) for item in value))
    return str(value)


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyModelAdmin):
    """The log: filtered, searched and exported, never changed."""

    list_display = ["timestamp", "event", "user", "resource_type", "resource_id", "ip_address", "outcome"]
    list_filter = ["action", "outcome", "timestamp", ("resource_type", ValuesInUse)]
    search_fields = ["=resource_id", "=ip_address", "user__email"]
    search_help_text = "An id, an IP address, or a person."
    list_select_related = ["user"]
    fields = [
        "timestamp",
        "event",
        "action",
        "user",
        "resource_type",
        "resource_id",
        "outcome",
        "ip_address",
        "user_agent",
        "request_id",
        "details_as_text",
        "sequence",
        "seal",
    ]
    readonly_fields = ["event", "details_as_text", "sequence", "seal"]
    export_fields = STORED

    def equal(self, column: Any, lookup: str, term: str) -> Q:
        """An object is looked for among each type's, by the index of both; the log has few types."""
        found = super().equal(column, lookup, term)
        types = values_in_use(AuditLog, "resource_type") if lookup == "resource_id" else []
        return found & Q(resource_type__in=types) if types else found

    @admin.display(description="event")
    def event(self, log: AuditLog) -> str:
        """Return the finer fact."""
        return str(log.details.get("event", ""))

    @admin.display(description="details")
    def details_as_text(self, log: AuditLog) -> str:
        """Return all details, a member a line."""
        return format_html("<pre>{}</pre>", json.dumps(log.all_details, indent=2, ensure_ascii=False))

    def export(
        self, chosen: QuerySet[Any], file_format: FileFormat, *, filters: Mapping[str, object], by: Actor
    ) -> Iterator[str]:
        """Record who takes what along, and return the file that the API hands out too."""
        return export_log(chosen, file_format, filters=filters, by=by)
