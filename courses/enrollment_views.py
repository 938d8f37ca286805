"""Enrolments over HTTP."""

from typing import Any
from uuid import UUID

from django.shortcuts import get_object_or_404
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import IsAdminUser
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from courses.models import Enrollment
from courses.serializers import enrollments as serializers
from courses.services.by_hand import give_place, take_place_back
from courses.services.completing import complete_by_hand
from courses.services.ending import cancel_enrollment
from courses.services.enrolling import enroll
from courses.services.finding import get_published_course
from courses.services.progress import state_of
from titanobova.api import APIView, GenericViewSet
from users.authentication import current_user


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


class EnrollmentView(APIView):
    """One enrolment."""

    @extend_schema(responses=serializers.EnrollmentDetail)
    def get(self, request: Request, pk: UUID) -> Response:
        """Answer how far its participant is, lesson by lesson: to themselves and to staff."""
        return Response(detail_of(visible_enrollment(request, pk), request))


class CancelEnrollmentView(APIView):
    """Give a place up."""

    @extend_schema(request=None, responses=serializers.EnrollmentOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """End an own enrolment that waits for its payment or was free; money comes back by a refund alone."""
        own = get_object_or_404(Enrollment.objects.filter(user=current_user(request)), pk=pk)
        cancelled = cancel_enrollment(own, by=Actor.from_request(request))
        return Response(serializers.EnrollmentOutput(cancelled).data)


class GiveView(APIView):
    """Staff give places."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=serializers.ManualGrantInput, responses={201: serializers.EnrollmentDetail})
    def post(self, request: Request) -> Response:
        """Open a course for a person, if a seat is free; once more changes nothing."""
        form = serializers.ManualGrantInput(data=request.data)
        form.is_valid(raise_exception=True)
        given = give_place(**form.validated_data, by=Actor.from_request(request))
        return Response(detail_of(given, request), status=201)


class TakeBackView(APIView):
    """Staff take back what they gave."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=serializers.EnrollmentDetail)
    def post(self, request: Request, pk: UUID) -> Response:
        """Withdraw the staff's own ground; another one, such as a payment, keeps the course open."""
        taken_back = take_place_back(visible_enrollment(request, pk), by=Actor.from_request(request))
        return Response(detail_of(taken_back, request))


class CompleteEnrollmentView(APIView):
    """Staff say that somebody is through."""

    permission_classes = [IsAdminUser]

    @extend_schema(request=None, responses=serializers.EnrollmentDetail)
    def post(self, request: Request, pk: UUID) -> Response:
        """Complete the enrolment and issue its certificate; once more changes nothing."""
        completed = complete_by_hand(visible_enrollment(request, pk), by=Actor.from_request(request))
        return Response(detail_of(completed, request))


def visible_enrollment(request: Request, pk: UUID) -> Enrollment:
    """Return the enrolment that the person who asks may see; any other is not there."""
    enrollments = Enrollment.objects.visible_to(current_user(request)).select_related("course", "certificate")
    return get_object_or_404(enrollments, pk=pk)


def detail_of(enrollment: Enrollment, request: Request) -> dict[str, Any]:
    """Return an enrolment with what it rests on and how far its participant is, as the person who asks may see it."""
    context = {"state": state_of(enrollment), "is_for_staff": current_user(request).is_staff}
    detail: dict[str, Any] = serializers.EnrollmentDetail(enrollment, context=context).data
    return detail
