"""What the audit log looks like over HTTP."""

from rest_framework import serializers

from audit.models import AuditLog
from titanobova.serializers import ModelSerializer


class AuditLogSerializer(ModelSerializer[AuditLog]):
    """One row of the log."""

    event = serializers.SerializerMethodField()

    class Meta:
        model = AuditLog
        fields = [
            "id",
            "user",
            "action",
            "event",
            "resource_type",
            "resource_id",
            "outcome",
            "ip_address",
            "user_agent",
            "request_id",
            "timestamp",
            "details",
        ]

    def get_event(self, log: AuditLog) -> str:
        """Return the finer fact behind the action."""
        return str(log.details.get("event", ""))
