"""Which rows of the log somebody asks for."""

from datetime import datetime

from django.db.models import QuerySet
from django_filters import rest_framework as filters

from audit.models import AuditLog
from titanobova.bounded import values_in_use
from titanobova.filters import AddressFilter, InstantFilter
from titanobova.ids import id_after, id_before


class AuditLogFilter(filters.FilterSet):
    """By user, action, resource, address, outcome and time."""

    resource_id = filters.CharFilter(method="of_object")

    since = InstantFilter(method="from_instant")
    until = InstantFilter(method="before_instant")
    user = filters.UUIDFilter(field_name="user_id")
    ip_address = AddressFilter()

    class Meta:
        model = AuditLog
        fields = ["action", "outcome", "resource_type"]

    def of_object(self, rows: "QuerySet[AuditLog]", name: str, object_id: str) -> "QuerySet[AuditLog]":
        """Return the rows about an object, looked for among each type's by the index of both; there are few types."""
        types = [] if self.data.get("resource_type") else values_in_use(AuditLog, "resource_type")
        found = rows.filter(resource_id=object_id)
        return found.filter(resource_type__in=types) if types else found

    def from_instant(self, rows: "QuerySet[AuditLog]", name: str, instant: datetime) -> "QuerySet[AuditLog]":
        """Return the rows from an instant on."""
        return rows.filter(timestamp__gte=instant, pk__gte=id_before(instant))

    def before_instant(self, rows: "QuerySet[AuditLog]", name: str, instant: datetime) -> "QuerySet[AuditLog]":
        """Return the rows before an instant."""
        return rows.filter(timestamp__lt=instant, pk__lt=id_after(instant))
