"""The contact form and the staff's answers over HTTP."""

from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, IsAdminUser, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView as BaseView

from audit.actor import Actor
from contacts import serializers, services
from contacts.models import Contact
from titanobova.api import APIView, GenericViewSet
from titanobova.http import StrictJSONParser
from titanobova.parsers import BoundedFormParser, BoundedMultiPartParser
from titanobova.throttling import ContactLimit, OrdinaryLimit
from users.authentication import OptionalBearerAuthentication, current_user


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

    @extend_schema(parameters=[serializers.ContactQuery], responses=serializers.StaffContact(many=True))
    def list(self, request: Request) -> Response:
        """Answer one page, newest first: of all contacts to staff, to anyone else of their own without our notes."""
        query = serializers.ContactQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = Contact.objects.visible_to(current_user(request)).matching(**query.validated_data)
        page = self.paginate_queryset(found)
        return self.get_paginated_response(serializer_for(request)(page, many=True).data)

    @extend_schema(request=serializers.ContactInput, responses={201: serializers.ContactReceipt})
    def create(self, request: Request) -> Response:
        """Store the message and answer it; a visitor gets back what they sent, the id, the status and the time."""
        form = serializers.ContactInput(data=request.data)
        form.is_valid(raise_exception=True)
        contact = services.submit_contact(**form.validated_data, by=Actor.from_request(request))
        if request.user.is_authenticated:
            return Response(serializers.OwnContact(contact).data, status=201)
        receipt = serializers.ContactReceipt(contact).data
        known = {"id", "status", "created_at", *form.validated_data}
        return Response({name: receipt[name] for name in receipt if name in known}, status=201)


class ContactView(APIView):
    """One contact."""

    permission_classes = [PeopleReadStaffEdit]

    @extend_schema(responses=serializers.StaffContact)
    def get(self, request: Request, pk: UUID) -> Response:
        """Answer the contact; when staff look at a new one for the first time, it counts as read."""
        contact = visible_contact(request, pk)
        if request.user.is_staff:
            contact = services.read_contact(contact, by=Actor.from_request(request))
        return Response(serializer_for(request)(contact).data)

    @extend_schema(request=serializers.ContactChanges(partial=True), responses=serializers.StaffContact)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change notes and status."""
        contact = visible_contact(request, pk)
        form = serializers.ContactChanges(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = services.update_contact(contact, **form.validated_data, by=Actor.from_request(request))
        return Response(serializers.StaffContact(changed).data)


class RespondView(APIView):
    """Answer a contact."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=serializers.AnswerInput, responses=serializers.StaffContact)
    def post(self, request: Request, pk: UUID) -> Response:
        """Mail the answer to who wrote."""
        contact = visible_contact(request, pk)
        form = serializers.AnswerInput(data=request.data)
        form.is_valid(raise_exception=True)
        answered = services.respond_to_contact(contact, **form.validated_data, by=Actor.from_request(request))
        return Response(serializers.StaffContact(answered).data)


class CloseView(APIView):
    """Put a contact away."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=serializers.StaffContact)
    def post(self, request: Request, pk: UUID) -> Response:
        """Close it for good."""
        closed = services.close_contact(visible_contact(request, pk), by=Actor.from_request(request))
        return Response(serializers.StaffContact(closed).data)


def visible_contact(request: Request, pk: UUID) -> Contact:
    """Return the contact that the person who asks may see; any other is not there."""
    return get_object_or_404(Contact.objects.visible_to(current_user(request)), pk=pk)


def serializer_for(request: Request) -> type[serializers.StaffContact] | type[serializers.OwnContact]:
    """Return how the person who asks sees contacts."""
    return serializers.StaffContact if request.user.is_staff else serializers.OwnContact
