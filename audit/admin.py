"""The base of every page of the admin, and the audit log's own."""

from typing import Any

from django.contrib import admin
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from audit.actor import Actor
from audit.lists import LongListAdmin
from audit.models import AuditLog
from audit.services import record

MASKED = frozenset({"password", "totp_secret", "totp_pending_secret", "digest"})


class AuditedModelAdmin(LongListAdmin):
    """Every change made in the admin writes its audit row in the transaction of the change."""

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
    return {"from": str(form.initial.get(name, ""))[:200], "to": str(form.cleaned_data.get(name, ""))[:200]}


@admin.register(AuditLog)
class AuditLogAdmin(ReadOnlyModelAdmin):
    """The log: filtered and searched, never changed."""

    list_display = ["timestamp", "event", "user", "resource_type", "resource_id", "ip_address", "outcome"]
    list_filter = ["action", "outcome"]
    search_fields = ["=resource_id", "=ip_address", "user__email"]
    search_help_text = "An id, an IP address, or a person."
    list_select_related = ["user"]

    @admin.display(description="event")
    def event(self, log: AuditLog) -> str:
        """Return the finer fact."""
        return str(log.details.get("event", ""))
