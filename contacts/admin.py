"""Contacts in the admin."""

from typing import Any

from django.contrib import admin
from django.http import HttpRequest

from audit.admin import AuditedModelAdmin
from contacts.models import Contact


@admin.register(Contact)
class ContactAdmin(AuditedModelAdmin):
    """What came in. Staff keep notes here; status and answer change through the services alone."""

    list_display = ["created_at", "name", "email", "subject", "status", "responded_by"]
    list_filter = ["status", "created_at"]
    search_fields = ["name", "email", "subject"]
    list_select_related = ["responded_by"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return every field but the notes."""
        return [field.name for field in Contact._meta.fields if field.name != "internal_notes"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Contacts come from the form, or with the import."""
        return False
