"""Imports in the admin: to be read, not edited."""

from django.contrib import admin
from django.utils.safestring import mark_safe

from audit.admin import ReadOnlyModelAdmin
from legacy_import.models import ImportedRecord, ImportRun, OldPayment
from legacy_import.report_page import as_fragment


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyModelAdmin):
    """What each import did."""

    list_display = ["started_at", "finished_at", "outcome", "source", "id"]
    list_filter = ["outcome"]
    search_fields = ["source", "=id"]
    search_help_text = "A part of the old database's address, or a whole id."
    export_fields = ["id", "started_at", "finished_at", "outcome", "source", "options", "report"]
    fields = ["id", "source", "started_at", "finished_at", "outcome", "options", "report_as_page"]
    readonly_fields = ["report_as_page"]

    @admin.display(description="report")
    def report_as_page(self, run: ImportRun) -> str:
        """Return the report as the page that --report writes, with its charts."""
        return mark_safe(as_fragment(run.report)) if run.report else ""  # noqa: S308 - escaped where it is made


@admin.register(ImportedRecord)
class ImportedRecordAdmin(ReadOnlyModelAdmin):
    """What each old row became; found by the old id and by ours."""

    list_display = ["kind", "legacy_id", "object_id", "is_merged", "run"]
    list_filter = ["kind", "is_merged"]
    list_select_related = ["run"]
    search_fields = ["=legacy_id", "=object_id"]


@admin.register(OldPayment)
class OldPaymentAdmin(ReadOnlyModelAdmin):
    """Money of the old site: to be seen, never to be moved."""

    list_display = ["created_at", "amount_text", "currency", "status", "user", "email", "course_title", "intent_id"]
    list_filter = ["status", "currency"]
    list_select_related = ["user"]
    search_fields = ["=email", "=intent_id", "=reference"]
