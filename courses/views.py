"""Enrolments over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView as BaseView

from audit.actor import Actor
from courses.models import Enrollment, EnrollmentRequest
from courses.serializers import enrollments as serializers
from courses.services.enrolling import enroll
from courses.services.finding import get_published_course
from courses.services.requests import ask_for_a_place
from titanobova.api import APIView, GenericViewSet
from titanobova.throttling import ContactLimit, OrdinaryLimit
from users.authentication import OptionalBearerAuthentication, current_user


class EnrollView(APIView):
    """Take part in a course."""

    @extend_schema(request=None, responses={201: serializers.EnrollmentOutput})
    def post(self, request: Request, key: str) -> Response:
        """Answer the enrolment, and what is to be paid before it opens."""
        course = get_published_course(key)
        enrollment = enroll(current_user(request), course, by=Actor.from_request(request))
        return Response(serializers.EnrollmentOutput(enrollment).data, status=201)


class OwnEnrollmentsView(GenericViewSet):
    """What the person who asks is enrolled in."""

    queryset = Enrollment.objects.select_related("course")
    serializer_class = serializers.EnrollmentOutput

    @extend_schema(responses=serializers.EnrollmentOutput(many=True))
    def list(self, request: Request) -> Response:
        """Answer one page, newest first."""
        own = Enrollment.objects.select_related("course").filter(user=current_user(request))
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(own), many=True).data)


class AnyoneSendsStaffRead(IsAdminUser):
    """Anyone may send, staff alone may read."""

    def has_permission(self, request: Request, view: BaseView) -> bool:
        """Return whether the request may go on."""
        return request.method == "POST" or super().has_permission(request, view)


class EnrollmentRequestsView(ListModelMixin, GenericViewSet):
    """Requests for a place: anyone may send one, staff read them."""

    queryset = EnrollmentRequest.objects.select_related("course")
    serializer_class = serializers.EnrollmentRequestOutput
    permission_classes = [AnyoneSendsStaffRead]

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
        """Store the request and answer what was stored."""
        form = serializers.EnrollmentRequestInput(data=request.data)
        form.is_valid(raise_exception=True)
        stored = ask_for_a_place(**form.validated_data, by=Actor.from_request(request))
        return Response(serializers.EnrollmentRequestReceipt(stored).data, status=201)
