"""Reading the audit log: staff alone."""

from django_filters import rest_framework as filters
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAdminUser

from audit.models import AuditLog
from audit.serializers import AuditLogSerializer
from titanobova.api import GenericViewSet
from titanobova.filters import AddressFilter, InstantFilter


class AuditLogFilter(filters.FilterSet):
    """By user, action, resource, address, outcome and time."""

    since = InstantFilter(field_name="timestamp", lookup_expr="gte")
    until = InstantFilter(field_name="timestamp", lookup_expr="lt")
    user = filters.UUIDFilter(field_name="user_id")
    ip_address = AddressFilter()

    class Meta:
        model = AuditLog
        fields = ["action", "outcome", "resource_type", "resource_id"]


class AuditLogViewSet(ListModelMixin, GenericViewSet):
    """The log, newest first."""

    queryset = AuditLog.objects.all()
    serializer_class = AuditLogSerializer
    permission_classes = [IsAdminUser]
    filterset_class = AuditLogFilter
