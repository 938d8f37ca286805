"""Progress over HTTP."""

from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from courses.serializers.progress import ProgressInput, ProgressOutput
from courses.services.progress import note_progress
from titanobova.api import APIView
from users.authentication import current_user


class LessonProgressView(APIView):
    """Where in a lesson one is."""

    @extend_schema(request=ProgressInput, responses=ProgressOutput)
    def put(self, request: Request, pk: UUID) -> Response:
        """Remember where the video was left, and that the lesson is done where `completed` says so."""
        form = ProgressInput(data=request.data)
        form.is_valid(raise_exception=True)
        noted = note_progress(current_user(request), pk, **form.validated_data, by=Actor.from_request(request))
        return Response(ProgressOutput(noted).data)


class CompleteLessonView(APIView):
    """The end of a lesson."""

    @extend_schema(request=None, responses=ProgressOutput)
    def post(self, request: Request, pk: UUID) -> Response:
        """Note that the lesson is done; the last one completes the course."""
        noted = note_progress(current_user(request), pk, completed=True, by=Actor.from_request(request))
        return Response(ProgressOutput(noted).data)
