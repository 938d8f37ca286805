"""The pages of the tables that no domain owns."""

from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest
from unfold.admin import TabularInline

from audit.actor import Actor
from audit.admin import ReadOnlyModelAdmin
from titanobova.errors import DomainError
from titanobova.models import MailEvent, MailTry, OutgoingMail
from titanobova.site.mail.resending import resend


class ReadOnlyInline(TabularInline):
    """Rows of a mail: to be read."""

    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Never."""
        return False

    def has_view_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whoever may see the mail."""
        return request.user.has_perm("titanobova.view_outgoingmail")


class MailTryInline(ReadOnlyInline):
    """Each try, and what came of it."""

    model = MailTry
    verbose_name_plural = "tries"
    fields = readonly_fields = ["number", "started_at", "ended_at", "outcome", "reason"]
    ordering = ["number"]


class MailEventInline(ReadOnlyInline):
    """What SendGrid told afterwards."""

    model = MailEvent
    verbose_name_plural = "delivery"
    fields = readonly_fields = ["occurred_at", "kind", "reason", "received_at"]


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyModelAdmin):
    """What was mailed, what became of it, and what could not be mailed."""

    list_display = ["created_at", "recipient", "subject", "status", "delivery", "tries", "last_error", "sent_at"]
    list_filter = ["status", "delivery"]
    search_fields = ["recipient__iexact"]
    search_help_text = "A whole e-mail address."
    # Not its text: a mailed link opens an account.
    export_fields = ["id", "created_at", "recipient", "subject", "status", "delivery", "tries", "last_error", "sent_at"]
    inlines = [MailTryInline, MailEventInline]
    actions = ["send_again"]

    def has_send_permission(self, request: HttpRequest) -> bool:
        """Whether this member of the staff may send a mail once more; nobody may change one."""
        return request.user.has_perm("titanobova.change_outgoingmail")

    @admin.action(description="Send again", permissions=["send"])
    def send_again(self, request: HttpRequest, chosen: QuerySet[Any]) -> None:
        """Put the chosen mails into line once more; each refusal is said once."""
        done, refusals = 0, set()
        for mail in chosen:
            try:
                resend(mail, by=Actor.from_request(request))
                done += 1
            except DomainError as refusal:
                refusals.add(refusal.text)
        if done:
            self.message_user(request, f"In line again: {done}.", messages.SUCCESS)
        for text in sorted(refusals):
            self.message_user(request, text, messages.WARNING)
