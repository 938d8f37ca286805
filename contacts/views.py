"""The contact form and the staff's work with it over HTTP."""

from typing import Any, ClassVar
from uuid import UUID

from django.db.models import Prefetch, prefetch_related_objects
from django.http import StreamingHttpResponse
from django.shortcuts import get_object_or_404
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_view
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView as BaseView

from audit.actor import Actor
from audit.details import told_filters
from contacts import serializers
from contacts.models import Contact, ContactAnswer, ContactQuerySet
from contacts.services import answering, judging
from contacts.services.exporting import export_contacts
from contacts.services.submitting import submit_contact
from contacts.spam import Submission
from contacts.workflow import Status
from titanobova.api import APIView, GenericViewSet
from titanobova.bounded import found_first_if_few
from titanobova.downloads import WhateverIsAccepted, download
from titanobova.formats import FileFormat
from titanobova.http import StrictJSONParser
from titanobova.idempotency import attempt_of
from titanobova.parsers import BoundedFormParser, BoundedMultiPartParser
from titanobova.schema import NAMED_ATTEMPT
from titanobova.throttling import ContactLimit, OrdinaryLimit
from users.authentication import OptionalBearerAuthentication, current_user

QUERY = [serializers.ContactQuery]


class AnyoneSendsPeopleRead(IsAuthenticated):
    """Anyone may send, reading needs a login."""

    def has_permission(self, request: Request, view: BaseView) -> bool:
        """Return whether the request may go on."""
        return request.method == "POST" or super().has_permission(request, view)


class PeopleReadStaffEdit(IsAdminUser):
    """Reading needs a login, everything else is for staff."""

    def has_permission(self, request: Request, view: BaseView) -> bool:
        """Return whether the request may go on."""
        is_person_reading = request.method in SAFE_METHODS and request.user.is_authenticated
        return is_person_reading or super().has_permission(request, view)


class ContactsView(GenericViewSet):
    """The contact form, and the list of what came in."""

    queryset = Contact.objects.all()
    serializer_class = serializers.StaffContact
    permission_classes = [AnyoneSendsPeopleRead]
    parser_classes = [StrictJSONParser, BoundedFormParser, BoundedMultiPartParser]

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return who may send: the old client sends `Bearer null`, which must not keep a message from arriving."""
        if self.request is not None and self.request.method == "POST":
            return [OptionalBearerAuthentication()]
        return super().get_authenticators()

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the limits; sending has one of its own."""
        return [OrdinaryLimit(), ContactLimit()] if self.action == "create" else super().get_throttles()

    @extend_schema(parameters=QUERY, responses=serializers.StaffContact(many=True))
    def list(self, request: Request) -> Response:
        """Answer one page, newest first: of all contacts to staff, to anyone else of their own without our notes."""
        shape = serializers.StaffContact if request.user.is_staff else serializers.OwnContact
        query = wanted(request)
        found = found_contacts(request, query)
        page = self.paginate_queryset(found_first_if_few(found) if query.get("search") else found)
        return self.get_paginated_response(shape(page, many=True).data)

    @extend_schema(
        parameters=[NAMED_ATTEMPT], request=serializers.ContactInput, responses={201: serializers.ContactReceipt}
    )
    def create(self, request: Request) -> Response:
        """Store the message and answer it; a visitor gets back what they sent, the id, the status and the time."""
        form = serializers.ContactInput(data=request.data)
        form.is_valid(raise_exception=True)
        attempt = attempt_of(request, "contacts.create", beside={"elapsed_ms", "website"})
        contact = submit_contact(Submission(**form.validated_data), by=Actor.from_request(request), attempt=attempt)
        if request.user.is_authenticated:
            return Response(serializers.OwnContact(contact).data, status=201)
        known = {"id", "created_at", *form.validated_data}
        receipt = serializers.ContactReceipt(contact).data
        # What became of it since is nothing that a repetition tells a visitor.
        return Response({name: receipt[name] for name in receipt if name in known} | {"status": Status.NEW}, status=201)


class ContactView(APIView):
    """One contact."""

    permission_classes = [PeopleReadStaffEdit]

    @extend_schema(responses=serializers.StaffThread)
    def get(self, request: Request, pk: UUID) -> Response:
        """Answer the contact; when staff look at a new one for the first time, it counts as read."""
        contact = visible_contact(request, pk)
        if request.user.is_staff and request.method == "GET":
            return thread(answering.read_contact(contact, by=Actor.from_request(request)))
        return Response(serializers.OwnThread(contact).data)

    @extend_schema(request=serializers.ContactChanges(partial=True), responses=serializers.StaffThread)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change notes and status."""
        contact = visible_contact(request, pk)
        form = serializers.ContactChanges(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return thread(answering.update_contact(contact, **form.validated_data, by=Actor.from_request(request)))


class RespondView(APIView):
    """Answer a contact."""

    permission_classes = [IsAdminUser]

    @extend_schema(parameters=[NAMED_ATTEMPT], request=serializers.AnswerInput, responses=serializers.StaffThread)
    def post(self, request: Request, pk: UUID) -> Response:
        """Mail the answer to who wrote; the same attempt again mails nothing more."""
        contact = visible_contact(request, pk)
        form = serializers.AnswerInput(data=request.data)
        form.is_valid(raise_exception=True)
        attempt, by = attempt_of(request, f"contacts.respond {contact.pk}"), Actor.from_request(request)
        return thread(answering.respond_to_contact(contact, **form.validated_data, by=by, attempt=attempt))


class CloseView(APIView):
    """Put a contact away."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=serializers.StaffThread)
    def post(self, request: Request, pk: UUID) -> Response:
        """Close it for good."""
        return thread(answering.close_contact(visible_contact(request, pk), by=Actor.from_request(request)))


class MarkSpamView(APIView):
    """Say that a contact is spam."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=serializers.StaffThread)
    def post(self, request: Request, pk: UUID) -> Response:
        """Put it among the spam."""
        return thread(judging.mark_as_spam(visible_contact(request, pk), by=Actor.from_request(request)))


class UnmarkSpamView(APIView):
    """Say that a contact is no spam."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=serializers.StaffThread)
    def post(self, request: Request, pk: UUID) -> Response:
        """Take it back among the others."""
        return thread(judging.unmark_as_spam(visible_contact(request, pk), by=Actor.from_request(request)))


class ExportView(APIView):
    """Contacts as a file."""

    permission_classes = [IsAdminUser]
    content_negotiation_class = WhateverIsAccepted
    file_format: ClassVar[FileFormat]

    def get(self, request: Request) -> StreamingHttpResponse:
        """Answer what the list would find, whole and newest first."""
        query = wanted(request)
        found, by = found_contacts(request, query), Actor.from_request(request)
        filters = told_filters(query, typed=["search"])
        pieces = export_contacts(found, self.file_format, filters=filters, by=by)
        return download(pieces, "contacts", self.file_format)


@extend_schema_view(get=extend_schema(parameters=QUERY, responses={(200, "text/csv"): OpenApiTypes.STR}))
class CsvExportView(ExportView):
    """Contacts as CSV; what a spreadsheet would take for a formula has a quote before it."""

    file_format = FileFormat.CSV


@extend_schema_view(get=extend_schema(parameters=QUERY, responses={(200, "application/x-ndjson"): OpenApiTypes.STR}))
class JsonLinesExportView(ExportView):
    """Contacts as JSON, an object a line, with their values as they are."""

    file_format = FileFormat.JSONL


def wanted(request: Request) -> dict[str, Any]:
    """Return the filters that the request names. What counts as spam is told to staff alone."""
    query = serializers.ContactQuery(data=request.query_params)
    query.is_valid(raise_exception=True)
    named: dict[str, Any] = dict(query.validated_data)
    return named if request.user.is_staff else named | {"is_spam": "all"}


def found_contacts(request: Request, query: dict[str, Any]) -> ContactQuerySet:
    """Return what the person who asks may see of it."""
    return Contact.objects.visible_to(current_user(request)).matching(**query)


def visible_contact(request: Request, pk: UUID) -> Contact:
    """Return the contact that the person who asks may see; any other is not there."""
    return get_object_or_404(Contact.objects.visible_to(current_user(request)), pk=pk)


def thread(contact: Contact) -> Response:
    """Answer a contact with its answers, as staff see it."""
    prefetch_related_objects([contact], Prefetch("answers", ContactAnswer.objects.select_related("mail")))
    return Response(serializers.StaffThread(contact).data)
