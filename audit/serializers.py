"""What the audit log looks like over HTTP."""

from rest_framework import serializers

from audit.models import AuditLog
from titanobova.serializers import ModelSerializer


class AuditLogSerializer(ModelSerializer[AuditLog]):
    """One row of the log."""

    event = serializers.SerializerMethodField()
    details = serializers.JSONField(source="all_details", read_only=True)

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
            "sequence",
        ]

    def get_event(self, log: AuditLog) -> str:
        """Return the finer fact behind the action."""
        return str(log.details.get("event", ""))


class ActivitySerializer(ModelSerializer[AuditLog]):
    """One row for the person it speaks of; of others who acted, nothing is said."""

    event = serializers.SerializerMethodField()
    ip_address = serializers.SerializerMethodField()
    user_agent = serializers.SerializerMethodField()
    is_own = serializers.SerializerMethodField(help_text="Whether you did it; otherwise it was done to your account.")

    class Meta:
        model = AuditLog
        fields = [
            "id",
            "timestamp",
            "action",
            "event",
            "resource_type",
            "resource_id",
            "outcome",
            "is_own",
            "ip_address",
            "user_agent",
        ]

    def get_event(self, log: AuditLog) -> str:
        """Return the finer fact behind the action."""
        return str(log.details.get("event", ""))

    def get_is_own(self, log: AuditLog) -> bool:
        """Return whether the person who asks did it."""
        return bool(log.user_id == self.context["request"].user.pk)

    def get_ip_address(self, log: AuditLog) -> str | None:
        """Return from where, if the person did it."""
        return log.ip_address if self.get_is_own(log) else None

    def get_user_agent(self, log: AuditLog) -> str | None:
        """Return with what program, if the person did it."""
        return log.user_agent if self.get_is_own(log) else None
