"""The project's addresses, and before them a few that fail in ways that no real view does on demand."""

import errno

from django.core.exceptions import PermissionDenied
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.urls import path
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from titanobova import urls
from titanobova.api import APIView, ClosedSerializer

DETAIL = "the host db-1 and the password hunter2"

handler400, handler403, handler404, handler500 = urls.handler400, urls.handler403, urls.handler404, urls.handler500


class Lesson(ClosedSerializer):
    """A nested form."""

    title = serializers.CharField(max_length=5)


class Course(ClosedSerializer):
    """A form with forms inside, and with fields called as the members of an error are."""

    name = serializers.CharField()
    message = serializers.CharField(required=False, max_length=2)
    code = serializers.CharField(required=False, max_length=2)
    lessons = Lesson(many=True)


class NestedView(APIView):
    """Takes a course."""

    permission_classes = [AllowAny]

    def post(self, request: Request) -> Response:
        """Refuse a bad one."""
        Course(data=request.data).is_valid(raise_exception=True)
        return Response({})


class FailingView(APIView):
    """Fails with what the class says."""

    permission_classes = [AllowAny]
    error: Exception = RuntimeError(DETAIL)

    def get(self, request: Request) -> Response:
        """Fail."""
        raise self.error


def denied(request: HttpRequest) -> HttpResponse:
    """Refuse as the admin does."""
    raise PermissionDenied(DETAIL)


def failing_page(request: HttpRequest) -> HttpResponse:
    """Fail as a page that people see may."""
    raise type(FailingView.error)(*FailingView.error.args)


def without_room(request: HttpRequest) -> HttpResponse:
    """Fail as an upload in the admin does on a full disk."""
    raise OSError(errno.ENOSPC, DETAIL)


def without_database(request: HttpRequest) -> HttpResponse:
    """Fail as a page outside the API does while the database is away."""
    raise OperationalError(DETAIL)


urlpatterns = [
    path("page/busy/", without_database),
    path("page/full/", without_room),
    path("api/v1/failing/full/", FailingView.as_view(error=OSError(errno.ENOSPC, DETAIL))),
    path("api/v1/failing/file/", FailingView.as_view(error=OSError(errno.EACCES, DETAIL))),
    path("failing/page/", failing_page),
    path("api/v1/failing/page/", failing_page),
    path("api/v1/failing/nested/", NestedView.as_view()),
    path("api/v1/failing/defect/", FailingView.as_view()),
    path("api/v1/failing/busy/", FailingView.as_view(error=OperationalError(DETAIL))),
    path("api/v1/failing/cut/", FailingView.as_view(error=InterfaceError(DETAIL))),
    path("api/v1/failing/denied/", denied),
    *urls.urlpatterns,
]
