"""Payments in the admin: to be read. Money moves at Stripe, and its events move the rows."""

from django.contrib import admin

from audit.admin import ReadOnlyModelAdmin
from payments.models import Payment, WebhookEvent


@admin.register(Payment)
class PaymentAdmin(ReadOnlyModelAdmin):
    """Who paid what, and what needs a look."""

    list_display = ["created_at", "user", "amount_text", "currency", "course_title", "status", "is_flagged"]
    list_filter = ["status", "is_flagged", "currency"]
    search_fields = ["user__email", "=intent_id", "course_title", "description"]
    list_select_related = ["user"]


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyModelAdmin):
    """What Stripe sent, and what it did here."""

    list_display = ["received_at", "type", "outcome", "livemode", "id"]
    list_filter = ["outcome", "type", "livemode"]
    search_fields = ["=id"]
