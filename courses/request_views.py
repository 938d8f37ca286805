"""Requests for a place over HTTP."""

from datetime import datetime

from django.db.models import QuerySet
from django_filters import rest_framework as filters
from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView as BaseView

from audit.actor import Actor
from courses.models import EnrollmentRequest
from courses.serializers import requests as serializers
from courses.services.requests import ask_for_a_place
from titanobova.api import GenericViewSet
from titanobova.filters import InstantFilter, TruthFilter
from titanobova.idempotency import attempt_of
from titanobova.ids import id_after, id_before
from titanobova.throttling import ContactLimit, OrdinaryLimit
from users.authentication import OptionalBearerAuthentication

ROUTE = "courses/enrollment-requests"


class AnyoneSendsStaffRead(IsAdminUser):
    """Anyone may send, staff alone may read."""

    def has_permission(self, request: Request, view: BaseView) -> bool:
        """Return whether the request may go on."""
        return request.method == "POST" or super().has_permission(request, view)


class EnrollmentRequestFilter(filters.FilterSet):
    """By course, payment, outcome, time and sender."""

    course = filters.UUIDFilter(field_name="course_id")
    is_paid = TruthFilter()
    is_open = TruthFilter(field_name="enrollment", lookup_expr="isnull", label="Led to no enrolment yet.")
    since = InstantFilter(method="from_instant")
    until = InstantFilter(method="before_instant")
    email = filters.CharFilter(field_name="email", lookup_expr="icontains", max_length=254, label="A part of it.")

    class Meta:
        model = EnrollmentRequest
        fields: list[str] = []

    def from_instant(
        self, rows: "QuerySet[EnrollmentRequest]", name: str, instant: datetime
    ) -> "QuerySet[EnrollmentRequest]":
        """Return the requests from an instant on."""
        return rows.filter(created_at__gte=instant, pk__gte=id_before(instant))

    def before_instant(
        self, rows: "QuerySet[EnrollmentRequest]", name: str, instant: datetime
    ) -> "QuerySet[EnrollmentRequest]":
        """Return the requests before an instant."""
        return rows.filter(created_at__lt=instant, pk__lt=id_after(instant))


class EnrollmentRequestsView(ListModelMixin, GenericViewSet):
    """Requests for a place: anyone may send one, staff read them."""

    queryset = EnrollmentRequest.objects.select_related("course")
    serializer_class = serializers.EnrollmentRequestOutput
    permission_classes = [AnyoneSendsStaffRead]
    filterset_class = EnrollmentRequestFilter

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return who may send: a bad token must not keep a visitor's request from arriving."""
        if self.request is not None and self.request.method == "POST":
            return [OptionalBearerAuthentication()]
        return super().get_authenticators()

    def get_throttles(self) -> list[BaseThrottle]:
        """Return the limits; sending shares the contact form's own."""
        return [OrdinaryLimit(), ContactLimit()] if self.action == "create" else super().get_throttles()

    @extend_schema(request=serializers.EnrollmentRequestInput, responses={201: serializers.EnrollmentRequestReceipt})
    def create(self, request: Request) -> Response:
        """Store the request and answer what was stored; a repetition is answered alike."""
        form = serializers.EnrollmentRequestInput(data=request.data)
        form.is_valid(raise_exception=True)
        attempt = attempt_of(request, ROUTE)
        stored = ask_for_a_place(**form.validated_data, attempt=attempt, by=Actor.from_request(request))
        return Response(serializers.EnrollmentRequestReceipt(stored).data, status=201)
