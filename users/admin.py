"""Accounts in the admin."""

from typing import Any

from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpRequest

from audit.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from users.models import LoginAttempt, Session, User

admin.site.unregister(Group)  # Django registers it on a page that would write no audit row
admin.site.register(Group, AuditedModelAdmin)


@admin.register(User)
class UserAdmin(AuditedModelAdmin):
    """People: their data and rights. Passwords and secrets are neither shown nor set here."""

    list_display = [
        "email",
        "full_name",
        "user_type",
        "requested_user_type",
        "is_staff",
        "totp_enabled",
        "created_at",
    ]
    list_filter = [
        "user_type",
        "requested_user_type",
        "is_staff",
        "is_active",
        "totp_enabled",
        "email_verified",
    ]
    search_fields = ["email", "first_name", "last_name"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = [
        "totp_enabled",
        "failed_login_attempts",
        "account_locked_until",
        "last_login",
        "last_login_ip",
        "last_password_change",
        "created_at",
        "updated_at",
    ]
    exclude = ["password"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People register themselves, or come with the import."""
        return False


@admin.register(Session)
class SessionAdmin(ReadOnlyModelAdmin):
    """Where people are logged in."""

    list_display = ["user", "created_at", "last_used_at", "ip_address", "ended_at", "ended_reason"]
    search_fields = ["user__email"]
    list_select_related = ["user"]


@admin.register(LoginAttempt)
class LoginAttemptAdmin(ReadOnlyModelAdmin):
    """Who tried to log in."""

    list_display = ["created_at", "email", "outcome", "ip_address", "user_agent"]
    list_filter = ["outcome"]
    search_fields = ["email", "=ip_address"]
