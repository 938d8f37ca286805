"""Contacts in the admin."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from django.contrib import admin, messages
from django.db.models import QuerySet
from django.forms import ModelForm
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from unfold.admin import TabularInline
from unfold.decorators import action

from audit.actor import Actor
from audit.admin import AuditedModelAdmin
from contacts.forms import AnswerForm
from contacts.models import SPAM_CHOICES, Contact, ContactAnswer, ContactQuerySet
from contacts.services import answering, judging, purging
from contacts.services.exporting import COLUMNS, export_contacts
from titanobova.errors import DomainError
from titanobova.formats import FileFormat
from titanobova.idempotency import attempt_of_form


class SpamFilter(admin.SimpleListFilter):
    """Spam is kept apart: the list leaves it out until somebody asks for it."""

    title = "spam"
    parameter_name = "is_spam"

    def lookups(self, request: HttpRequest, model_admin: Any) -> list[tuple[str, str]]:
        """Return what may be asked for."""
        return [("true", "Spam alone"), ("all", "With spam")]

    def queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> QuerySet[Any]:
        """Return the contacts that were asked for."""
        return queryset.filter(SPAM_CHOICES.get(self.value() or "false", SPAM_CHOICES["false"]))

    def choices(self, changelist: Any) -> Iterator[Any]:
        """Yield the choices, of which the first is the default."""
        first, *others = super().choices(changelist)
        yield {**first, "display": "Without spam"}
        yield from others


class ThreadInline(TabularInline):
    """The answers so far."""

    model = ContactAnswer
    verbose_name_plural = "answers"
    fields = readonly_fields = ["created_at", "answered_by", "message", "mail"]
    extra = 0
    can_delete = False

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Answers are given on a page of their own."""
        return False

    def has_change_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """What was mailed stays as it was mailed."""
        return False


@admin.register(Contact)
class ContactAdmin(AuditedModelAdmin):
    """What came in. Staff keep notes here; everything else changes through the services alone."""

    list_display = ["created_at", "name", "email", "subject", "status", "is_spam", "responded_by"]
    list_filter = [SpamFilter, "status", "created_at"]
    search_fields = ["name", "email", "subject", "message"]
    searches_words = True
    list_select_related = ["responded_by"]
    inlines = [ThreadInline]
    actions = ["mark_spam", "unmark_spam", "close"]
    export_fields = COLUMNS
    actions_detail = ["answer"]

    def get_readonly_fields(self, request: HttpRequest, obj: Any = None) -> list[str]:
        """Return every field but the notes."""
        return [field.name for field in Contact._meta.fields if field.name != "internal_notes"]

    def has_add_permission(self, request: HttpRequest, obj: Any = None) -> bool:
        """Contacts come from the form, or with the import."""
        return False

    def change_view(
        self, request: HttpRequest, object_id: str, form_url: str = "", extra_context: dict[str, Any] | None = None
    ) -> HttpResponse:
        """Show the contact; when staff look at a new one for the first time, it counts as read."""
        contact = self.get_object(request, object_id)
        if request.method == "GET" and contact is not None and self.has_change_permission(request, contact):
            answering.read_contact(contact, by=Actor.from_request(request))
        response: HttpResponse = super().change_view(request, object_id, form_url, extra_context)
        return response

    def save_model(self, request: HttpRequest, obj: Any, form: "ModelForm[Any]", change: bool) -> None:
        """Store the notes alone: an answer that somebody gives meanwhile is not overwritten."""
        if form.changed_data:
            answering.update_contact(obj, internal_notes=obj.internal_notes, by=Actor.from_request(request))

    def delete_model(self, request: HttpRequest, obj: Any) -> None:
        """Delete the contact, its thread and its mails; the log keeps the fact without the words."""
        purging.delete_contact(obj, by=Actor.from_request(request))

    def delete_queryset(self, request: HttpRequest, queryset: QuerySet[Any]) -> None:
        """Delete the chosen contacts likewise."""
        for contact in queryset:
            purging.delete_contact(contact, by=Actor.from_request(request))

    @action(description="Answer", permissions=["change"])  # type: ignore[untyped-decorator]  # the theme's
    def answer(self, request: HttpRequest, object_id: str) -> HttpResponse:
        """Show a form for the answer, and mail what was written into it."""
        contact = self.get_object(request, object_id)
        if contact is None:
            return HttpResponseRedirect(reverse("admin:contacts_contact_changelist"))
        form = AnswerForm(request.POST or None)
        if form.is_valid():
            try:
                message, name = form.cleaned_data["message"], form.cleaned_data["attempt"]
                attempt = attempt_of_form("contacts.respond", request.user, name, contact.pk, message)
                by = Actor.from_request(request)
                answering.respond_to_contact(contact, message=message, by=by, attempt=attempt)
            except DomainError as refusal:
                form.add_error(None, refusal.text)
            else:
                self.message_user(request, "The answer is on its way.", messages.SUCCESS)
                return HttpResponseRedirect(reverse("admin:contacts_contact_change", args=[contact.pk]))
        context = {**self.admin_site.each_context(request), "opts": Contact._meta, "title": "Answer"}
        page = {**context, "contact": contact, "form": form}
        return render(request, "contacts/answer.html", page, status=400 if form.errors else 200)

    @admin.action(description="Mark as spam", permissions=["change"])
    def mark_spam(self, request: HttpRequest, chosen: ContactQuerySet) -> None:
        """Put the chosen contacts among the spam."""
        self._do_to_each(request, chosen, judging.mark_as_spam)

    @admin.action(description="Unmark: no spam", permissions=["change"])
    def unmark_spam(self, request: HttpRequest, chosen: ContactQuerySet) -> None:
        """Take the chosen contacts back among the others."""
        self._do_to_each(request, chosen, judging.unmark_as_spam)

    @admin.action(description="Close", permissions=["change"])
    def close(self, request: HttpRequest, chosen: ContactQuerySet) -> None:
        """Put the chosen contacts away."""
        self._do_to_each(request, chosen, answering.close_contact)

    def export(
        self, chosen: QuerySet[Any], file_format: FileFormat, *, filters: Mapping[str, object], by: Actor
    ) -> Iterator[str]:
        """Record who takes what along, and return the file that the API hands out too."""
        return export_contacts(chosen, file_format, filters=filters, by=by)

    def _do_to_each(self, request: HttpRequest, chosen: ContactQuerySet, do: Callable[..., Contact]) -> None:
        done = refused = 0
        for contact in chosen:
            try:
                do(contact, by=Actor.from_request(request))
                done += 1
            except DomainError:
                refused += 1
        self.message_user(request, f"Done: {done}.", messages.SUCCESS)
        if refused:
            self.message_user(request, f"Not possible any more: {refused}.", messages.WARNING)
