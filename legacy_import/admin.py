"""Imports in the admin: to be read, not edited."""

import json

from django.contrib import admin
from django.utils.html import format_html

from audit.admin import ReadOnlyModelAdmin
from legacy_import.models import ImportedRecord, ImportRun


@admin.register(ImportRun)
class ImportRunAdmin(ReadOnlyModelAdmin):
    """What each import did."""

    list_display = ["started_at", "finished_at", "outcome", "source"]
    list_filter = ["outcome"]
    fields = ["source", "started_at", "finished_at", "outcome", "options", "report_as_text"]
    readonly_fields = ["report_as_text"]

    @admin.display(description="report")
    def report_as_text(self, run: ImportRun) -> str:
        """Return the whole report, a member a line."""
        return format_html("<pre>{}</pre>", json.dumps(run.report, indent=2, ensure_ascii=False))


@admin.register(ImportedRecord)
class ImportedRecordAdmin(ReadOnlyModelAdmin):
    """What each old row became; found by the old id and by ours."""

    list_display = ["kind", "legacy_id", "object_id", "is_merged", "run", "created_at", "updated_at"]
    list_filter = ["kind", "is_merged"]
    list_select_related = ["run"]
    search_fields = ["=legacy_id", "=object_id"]
