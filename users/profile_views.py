"""A person's own profile and data over HTTP."""

from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from titanobova.api import APIView
from titanobova.http import StrictJSONParser
from titanobova.parsers import PictureFormParser
from titanobova.schema import Schema
from users.authentication import current_user
from users.profile_serializers import ProfileInput
from users.serializers import ProfileOutput, StepUpInput
from users.services.privacy import erase_account, export_personal_data
from users.services.profile import update_profile


class SchemaOfDelete(Schema):
    """Documents the body of a DELETE too, which the library leaves out."""

    def _get_request_body(self, direction: str = "request") -> Any:
        method = self.method
        self.method = "POST" if method == "DELETE" else method
        try:
            return super()._get_request_body(direction)
        finally:
            self.method = method


class ProfileView(APIView):
    """The person who asks."""

    parser_classes = [StrictJSONParser, PictureFormParser]
    schema = SchemaOfDelete()

    @extend_schema(responses=ProfileOutput)
    def get(self, request: Request) -> Response:
        """Answer the profile."""
        return Response(ProfileOutput(current_user(request)).data)

    @extend_schema(request=ProfileInput(partial=True), responses=ProfileOutput)
    def patch(self, request: Request) -> Response:
        """Change what was sent."""
        form = ProfileInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = update_profile(current_user(request), form.validated_data, by=Actor.from_request(request))
        return Response(ProfileOutput(changed).data)

    @extend_schema(request=StepUpInput, responses={204: OpenApiResponse(description="You are erased.")})
    def delete(self, request: Request) -> Response:
        """Erase the person for good; it takes the password, and a code where there is a second factor."""
        form = StepUpInput(data=request.data)
        form.is_valid(raise_exception=True)
        erase_account(current_user(request), **form.validated_data, by=Actor.from_request(request))
        return Response(status=204)


class ExportView(APIView):
    """What is known of the person who asks."""

    @extend_schema(responses={200: OpenApiTypes.OBJECT})
    def get(self, request: Request) -> Response:
        """Answer everything, from every app, as a file to keep."""
        known = export_personal_data(current_user(request), by=Actor.from_request(request))
        name = f"titanobova-export-{timezone.now():%Y-%m-%d}.json"
        return Response(known, headers={"Content-Disposition": f'attachment; filename="{name}"'})
