"""The pages of the tables that no domain owns."""

from django.contrib import admin

from audit.admin import ReadOnlyModelAdmin
from titanobova.models import OutgoingMail


@admin.register(OutgoingMail)
class OutgoingMailAdmin(ReadOnlyModelAdmin):
    """What was mailed, and what could not be."""

    list_display = ["created_at", "recipient", "subject", "status", "tries", "last_error", "sent_at"]
    list_filter = ["status"]
    search_fields = ["recipient__iexact"]
    search_help_text = "A whole e-mail address."
