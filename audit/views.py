"""Reading the audit log: staff all of it, a person their own."""

from typing import ClassVar

from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request

from audit.actor import Actor
from audit.details import told_filters
from audit.exporting import export_log
from audit.filters import AuditLogFilter
from audit.models import AuditLog
from audit.serializers import ActivitySerializer, AuditLogSerializer
from titanobova.api import GenericViewSet
from titanobova.bounded import found_first_if_few
from titanobova.downloads import WhateverIsAccepted, download
from titanobova.formats import FileFormat

TYPED = ("ip_address",)  # it may be somebody's who is erased one day


class AuditLogViewSet(ListModelMixin, GenericViewSet):
    """The log, newest first."""

    queryset = AuditLog.objects.all()
    serializer_class = AuditLogSerializer
    permission_classes = [IsAdminUser]
    filterset_class = AuditLogFilter


class ExportView(GenericViewSet):
    """The log as a file."""

    queryset = AuditLog.objects.all()
    serializer_class = AuditLogSerializer
    permission_classes = [IsAdminUser]
    filterset_class = AuditLogFilter
    content_negotiation_class = WhateverIsAccepted
    pagination_class = None
    file_format: ClassVar[FileFormat]

    def list(self, request: Request) -> StreamingHttpResponse:
        """Answer what the list would find, whole and newest first."""
        found = self.filter_queryset(self.get_queryset())
        asked = {name: value for name, value in request.query_params.items() if name in AuditLogFilter.get_filters()}
        filters = told_filters(asked, typed=TYPED)
        pieces = export_log(found, self.file_format, filters=filters, by=Actor.from_request(request))
        return download(pieces, "audit", self.file_format)


@extend_schema_view(list=extend_schema(responses={(200, "text/csv"): OpenApiTypes.STR}))
class CsvExportView(ExportView):
    """The log as CSV; what a spreadsheet would take for a formula has a quote before it."""

    file_format = FileFormat.CSV


@extend_schema_view(list=extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.STR}))
class JsonLinesExportView(ExportView):
    """The log as JSON, an object a line, with its values as they are."""

    file_format = FileFormat.JSONL


class ActivityViewSet(ListModelMixin, GenericViewSet):
    """What one did, and what was done to one's account."""

    queryset = AuditLog.objects.none()  # for the schema; a person's own below
    serializer_class = ActivitySerializer

    def get_queryset(self) -> QuerySet[AuditLog]:
        """Return one's own rows."""
        return found_first_if_few(AuditLog.objects.by_or_about(self.request.user.pk))
