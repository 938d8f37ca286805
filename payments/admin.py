"""Payments in the admin: to be read, with all that became of them. Money moves by the same services as in the API."""

from typing import Any, cast

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.decorators import method_decorator
from django.views.decorators.debug import sensitive_post_parameters
from unfold.decorators import action

from audit.actor import Actor
from audit.admin import ReadOnlyModelAdmin
from courses.money import price_text
from payments.document_views import pdf_of
from payments.forms import RefundForm
from payments.models import Document, Payment, Refund, WebhookEvent
from payments.services.refunding import left_of, request_refund
from payments.story import story_of
from titanobova.errors import DomainError, FieldError
from titanobova.idempotency import attempt_of_form
from users.models import User
from users.services.step_up import require_step_up


@admin.register(Payment)
class PaymentAdmin(ReadOnlyModelAdmin):
    """Who paid what, and what needs a look; the page of one tells its whole story."""

    list_display = ["created_at", "user", "amount_text", "currency", "course_title", "status", "is_flagged"]
    list_filter = ["status", "is_flagged", "currency"]
    search_fields = ["user__email", "=intent_id", "course_title", "description"]
    list_select_related = ["user"]
    export_fields = [
        "id",
        "created_at",
        "user__email",
        "course_title",
        "description",
        "amount",
        "currency",
        "status",
        "amount_refunded",
        "intent_id",
        "is_flagged",
        "flag_reason",
    ]
    exclude = ["mails", "attempt", "network_digest"]
    change_form_outer_after_template = "payments/story.html"
    actions_detail = ["refund"]

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the payment, and below it all that became of it."""
        payment = self.get_object(request, object_id)
        story = list(story_of(payment)) if payment and self.has_view_permission(request, payment) else []
        context = {**(extra_context or {}), "story": story}
        response: HttpResponse = super().change_view(request, object_id, form_url, context)
        return response

    def has_refund_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Whether they may change payments; nobody can edit one, but money can go back."""
        return bool(request.user.has_perm("payments.change_payment"))

    @method_decorator(sensitive_post_parameters("password", "token"))
    @action(description="Refund", permissions=["refund"])  # type: ignore[untyped-decorator]  # the theme's
    def refund(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a form for a refund, and carry it out once the password is right."""
        payment = self.get_object(request, object_id)
        if payment is None:
            return HttpResponseRedirect(reverse("admin:payments_payment_changelist"))
        form = RefundForm(request.POST or None)
        if form.is_valid() and (refund := _refund(request, payment, form)) is not None:
            said = f"{refund.amount_text} {payment.currency.upper()}: {refund.get_status_display().lower()}."
            self.message_user(request, f"The refund is on its way. {said}", messages.SUCCESS)
            return HttpResponseRedirect(reverse("admin:payments_payment_change", args=[payment.pk]))
        context = {**self.admin_site.each_context(request), "opts": Payment._meta, "title": "Refund"}
        page = {
            **context,
            "payment": payment,
            "left_text": price_text(left_of(payment), payment.currency),
            "form": form,
        }
        return render(request, "payments/refund.html", page, status=400 if form.errors else 200)


def _refund(request: HttpRequest, payment: Payment, form: RefundForm) -> Refund | None:
    """Return the refund, or None once the form says why there is none."""
    wanted, actor = dict(form.cleaned_data), Actor.from_request(request)
    proof = {name: wanted.pop(name) for name in ("password", "token")}
    words = (payment.pk, wanted["amount"], wanted["reason"])
    attempt = attempt_of_form("payments.refund", request.user, wanted.pop("attempt"), *words)
    try:
        require_step_up(cast(User, request.user), **proof, by=actor)
        return request_refund(payment, **wanted, by=actor, attempt=attempt)
    except FieldError as refused:
        form.add_error(refused.field if refused.field in form.fields else None, refused.reason)
    except DomainError as refused:
        form.add_error(None, refused.text)
    return None


@admin.register(WebhookEvent)
class WebhookEventAdmin(ReadOnlyModelAdmin):
    """What Stripe sent, and what it did here."""

    list_display = ["received_at", "type", "outcome", "livemode", "id"]
    list_filter = ["outcome", "type", "livemode"]
    search_fields = ["=id"]


@admin.register(Document)
class DocumentAdmin(ReadOnlyModelAdmin):
    """What buyers were given in writing, as it was issued."""

    list_display = ["issued_at", "number_text", "kind", "gross_text", "currency", "buyer_name", "payment"]
    search_fields = ["payment__user"]
    search_help_text = "A whole number such as R-2026-000001, or words of the buyer or the payment."
    list_select_related = ["payment"]
    export_fields = [
        "id",
        "kind",
        "year",
        "number",
        "refers_to_id",
        "issued_at",
        "payment_id",
        "subject",
        "currency",
        "gross",
        "tax",
        "tax_rate",
        "tax_name",
        "buyer_name",
    ]
    ordering = ["-id"]
    actions_detail = ["pdf"]

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the document with this number, or those of the payments that are found by these words."""
        named = Document.objects.numbered(search_term)
        if named.exists():
            return queryset.filter(pk__in=named.values("pk")), False
        return super().get_search_results(request, queryset, search_term)

    @action(description="PDF", permissions=["view"])  # type: ignore[untyped-decorator]  # the theme's
    def pdf(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Hand out the document as a PDF."""
        document = self.get_object(request, object_id)
        if document is None:
            return HttpResponseRedirect(reverse("admin:payments_document_changelist"))
        return pdf_of(document)
