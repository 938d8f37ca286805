"""Accounts in the admin."""

from collections.abc import Sequence
from typing import Any, cast

from django.contrib import admin
from django.contrib.auth.models import Group, Permission
from django.db import transaction
from django.db.models import Model, QuerySet
from django.forms import ModelForm
from django.http import HttpRequest

from audit.actor import Actor
from audit.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from users.erased import is_erased_email
from users.identity import canonical_email
from users.models import LoginAttempt, Session, User
from users.services import addresses, lock, sessions

# What a person may do and be: a token given out before such a change must not outlive it.
RIGHTS = frozenset({"is_active", "is_staff", "is_superuser", "user_type", "email", "groups", "user_permissions"})

GIVEN_BY_SUPERUSERS = ("is_superuser", "is_staff", "groups", "user_permissions")

admin.site.unregister(Group)  # Django registers it on a page that would write no audit row


class RightsAdmin(AuditedModelAdmin):
    """A page on which permissions are chosen."""

    def formfield_for_manytomany(self, db_field: Any, request: HttpRequest, **kwargs: Any) -> Any:
        """Return the field; permissions come with what they are for, which is part of their names."""
        if db_field.related_model is Permission:
            kwargs["queryset"] = Permission.objects.select_related("content_type")
        return super().formfield_for_manytomany(db_field, request, **kwargs)


@admin.register(Group)
class GroupAdmin(RightsAdmin):
    """What the members of the staff may do, by group."""

    list_display = ["name"]
    search_fields = ["name"]
    sortable_by = ["name"]
    filter_horizontal = ["permissions"]

    def has_add_permission(self, request: HttpRequest) -> bool:
        """Only for superusers: whoever writes a group's rights could give themselves any."""
        return request.user.is_superuser

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for adding."""
        return request.user.is_superuser

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """As for adding."""
        return request.user.is_superuser


@admin.register(User)
class UserAdmin(RightsAdmin):
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
    searches_words = True
    sortable_by = ["email"]
    filter_horizontal = ["groups", "user_permissions"]
    readonly_fields = [
        "profile_picture",  # drawn anew only by the profile's own upload
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
    actions = ["unlock_accounts", "end_sessions"]
    export_fields = [
        "id",
        "email",
        "first_name",
        "last_name",
        "phone_number",
        "user_type",
        "requested_user_type",
        "is_active",
        "is_staff",
        "email_verified",
        "totp_enabled",
        "created_at",
        "last_login",
        "account_locked_until",
    ]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """People register themselves, or come with the import."""
        return False

    def has_delete_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """An account is deactivated, or erased by its owner: payments and enrolments refer to it."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Only superusers change other people of the staff: a new address is enough to take an account over.

        Nobody changes an erased account.
        """
        if obj is not None and is_erased_email(obj.email):
            return False  # a page that was opened before the erasure would bring the person back
        is_within_reach = obj is None or obj == request.user or not (obj.is_staff or obj.is_superuser)
        allowed: bool = super().has_change_permission(request, obj)
        return allowed and (is_within_reach or request.user.is_superuser)

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> Sequence[str]:
        """Return what is only shown; who is no superuser gives nobody rights, least of all themselves."""
        shown: Sequence[str] = super().get_readonly_fields(request, obj)
        return shown if request.user.is_superuser else [*shown, *GIVEN_BY_SUPERUSERS]

    def save_model(self, request: HttpRequest, obj: Model, form: "ModelForm[Any]", change: bool) -> None:
        """Save; who lost or gained rights, or was deactivated, logs in anew."""
        actor = Actor.from_request(request)
        with transaction.atomic():
            user = cast("User", obj)
            is_moved = "email" in form.changed_data
            if is_moved:
                user.email_verified = False  # nobody has proved the new address
            super().save_model(request, user, form, change)
            if is_moved:
                addresses.follow_replaced_email(user, old_email=form.initial["email"], by=actor)
            if RIGHTS.intersection(form.changed_data):
                sessions.end_all_sessions(user, by=actor, reason="rights changed")

    @admin.action(description="Unlock: forget the failed logins", permissions=["change"])
    def unlock_accounts(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Let the chosen people in again."""
        for user in self._within_reach(request, chosen):
            lock.unlock(user, by=Actor.from_request(request))

    @admin.action(description="End all sessions", permissions=["change"])
    def end_sessions(self, request: HttpRequest, chosen: QuerySet[User]) -> None:
        """Make the chosen people log in anew."""
        for user in self._within_reach(request, chosen):
            sessions.end_all_sessions(user, by=Actor.from_request(request), reason="ended by staff")

    def _within_reach(self, request: HttpRequest, chosen: QuerySet[User]) -> list[User]:
        return [user for user in chosen if self.has_change_permission(request, user)]


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
    search_fields = ["=email", "=ip_address"]
    search_help_text = "A whole e-mail or IP address."
    export_fields = ["id", "created_at", "email", "user", "outcome", "ip_address", "user_agent"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the tries with this address, in the form in which tries keep it."""
        return super().get_search_results(request, queryset, canonical_email(search_term))
