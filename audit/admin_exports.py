"""Pages of the admin whose rows can be taken along as a file."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.contrib import admin
from django.contrib.admin.views.main import ALL_VAR, ORDER_VAR, PAGE_VAR
from django.db.models import QuerySet
from django.http import HttpRequest, StreamingHttpResponse

from audit.actor import Actor
from audit.details import told_filters
from audit.lists import LongListAdmin, is_for_all_found
from audit.services import record
from titanobova.downloads import download, pieces_of
from titanobova.formats import FileFormat


class ExportedAdmin(LongListAdmin):
    """A list of which staff may take chosen rows along, as CSV and as JSON lines.

    `export_fields`, the id among them, are what the file holds; a page that names none offers no file. They are named
    one by one, so that a secret that a table gets one day does not leave with it.
    """

    export_fields: Sequence[str] = ()

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        """Return the page's actions, and the two files where it has them."""
        actions: dict[str, Any] = super().get_actions(request)
        if self.export_fields and self.has_view_permission(request):
            actions |= {name: self.get_action(name) for name in ("export_csv", "export_jsonl")}
        return actions

    @admin.action(description="Export as CSV", permissions=["view"])
    def export_csv(self, request: HttpRequest, chosen: "QuerySet[Any]") -> StreamingHttpResponse:
        """Hand the chosen rows out for a spreadsheet."""
        return self._download(request, chosen, FileFormat.CSV)

    @admin.action(description="Export as JSON lines", permissions=["view"])
    def export_jsonl(self, request: HttpRequest, chosen: "QuerySet[Any]") -> StreamingHttpResponse:
        """Hand the chosen rows out for a program."""
        return self._download(request, chosen, FileFormat.JSONL)

    def export(
        self, chosen: "QuerySet[Any]", file_format: FileFormat, *, filters: Mapping[str, object], by: Actor
    ) -> Iterator[str]:
        """Record who takes what along, then return the file's text in pieces, newest row first.

        The row of the log is stored before the first piece: what left is known even where the transfer broke off.
        """
        details = {"of": self.opts.label_lower, "format": file_format, "filters": filters}
        record("create", "admin.exported", by=by, details=details)
        return pieces_of(chosen, self.export_fields, file_format)

    def _download(
        self, request: HttpRequest, chosen: "QuerySet[Any]", file_format: FileFormat
    ) -> StreamingHttpResponse:
        ticked = "all" if is_for_all_found(request) else len(request.POST.getlist("_selected_action"))
        asked = request.GET.dict()
        typed = [name for name in asked if not self._is_offered(request, name)]
        filters = {**told_filters(asked, typed=typed), "chosen": ticked}
        pieces = self.export(chosen, file_format, filters=filters, by=Actor.from_request(request))
        return download(pieces, str(self.opts.verbose_name_plural).replace(" ", "-"), file_format)

    def _is_offered(self, request: HttpRequest, parameter: str) -> bool:
        """Whether a parameter of the list is one of those that the page draws, and not a search or typed by hand."""
        names = {ALL_VAR, ORDER_VAR, PAGE_VAR}
        for offered in self.get_list_filter(request):
            name = offered[0] if isinstance(offered, list | tuple) else offered
            names.add(name if isinstance(name, str) else name.parameter_name)
        return any(parameter == name or parameter.startswith(f"{name}__") for name in names)
