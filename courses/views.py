"""Courses and enrolments over HTTP."""

from drf_spectacular.utils import extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.mixins import ListModelMixin
from rest_framework.permissions import AllowAny, IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.throttling import BaseThrottle
from rest_framework.views import APIView as BaseView

from audit.actor import Actor
from courses import serializers
from courses.models import Course, Enrollment, EnrollmentRequest
from courses.pagination import CataloguePages
from courses.services.enrolling import enroll
from courses.services.finding import get_course_with_outline, get_published_course
from courses.services.requests import ask_for_a_place
from titanobova.api import APIView, GenericViewSet
from titanobova.throttling import ContactLimit, OrdinaryLimit
from users.authentication import OptionalBearerAuthentication, current_user


class CatalogueView(GenericViewSet):
    """The published courses, for anyone."""

    authentication_classes = [OptionalBearerAuthentication]
    permission_classes = [AllowAny]
    queryset = Course.objects.published()
    serializer_class = serializers.CourseOutput
    pagination_class = CataloguePages

    @extend_schema(parameters=[serializers.CatalogueQuery], responses=serializers.CourseOutput(many=True))
    def list(self, request: Request) -> Response:
        """Answer one page of the courses that the query asks for, in its order."""
        query = serializers.CatalogueQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = Course.objects.published().select_related("instructor").matching(**query.validated_data)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data)

    @extend_schema(responses=serializers.CourseDetail)
    def retrieve(self, request: Request, key: str) -> Response:
        """Answer one course, by its slug or id, with the titles of its lessons."""
        course = get_course_with_outline(key)
        return Response(serializers.CourseDetail(course, context=self.get_serializer_context()).data)


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
