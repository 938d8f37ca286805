"""Making and changing courses over HTTP."""

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.authentication import BaseAuthentication
from rest_framework.permissions import SAFE_METHODS, AllowAny, BasePermission
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from courses.catalogue_views import CatalogueView
from courses.models import Course
from courses.permissions import EditsCourses
from courses.serializers.catalogue import CourseInput, CourseOutput, StaffCourseInput, ThumbnailInput
from courses.services import editing
from courses.services.finding import get_visible_course
from courses.services.thumbnails import set_thumbnail
from titanobova.api import APIView, GenericViewSet
from titanobova.parsers import PictureFormParser
from users.authentication import BearerAuthentication, OptionalBearerAuthentication, current_user


class EditingView(APIView):
    """A step that changes a course."""

    permission_classes = [EditsCourses]

    def course_to_edit(self, key: str) -> Course:
        """Return the course with this slug or id; a draft of somebody else's is not there, a public one is refused."""
        course = get_visible_course(self.request.user, key)
        self.check_object_permissions(self.request, course)
        return course

    def answer(self, course: Course, *, status: int = 200) -> Response:
        """Answer the course as it is now."""
        return Response(CourseOutput(course, context={"request": self.request}).data, status=status)


class CoursesView(CatalogueView, EditingView):
    """The catalogue, and at the same addresses what its editors do."""

    def get_authenticators(self) -> list[BaseAuthentication]:
        """Return who asks: a bad token hides nothing that is public, and changes nothing."""
        is_reading = self.request is not None and self.request.method in SAFE_METHODS
        return [OptionalBearerAuthentication() if is_reading else BearerAuthentication()]

    def get_permissions(self) -> list[BasePermission]:
        """Return who may: anyone reads."""
        return [AllowAny() if self.request.method in SAFE_METHODS else EditsCourses()]

    @extend_schema(request=StaffCourseInput, responses={201: CourseOutput})
    def create(self, request: Request) -> Response:
        """Make a draft."""
        form = form_of(request)(data=request.data)
        form.is_valid(raise_exception=True)
        course = editing.create_course(current_user(request), form.validated_data, by=Actor.from_request(request))
        return self.answer(course, status=201)

    @extend_schema(request=StaffCourseInput(partial=True), responses=CourseOutput)
    def partial_update(self, request: Request, key: str) -> Response:
        """Change what was sent."""
        course = self.course_to_edit(key)
        form = form_of(request)(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        return self.answer(editing.change_course(course, form.validated_data, by=Actor.from_request(request)))

    @extend_schema(responses={204: OpenApiResponse(description="The course is gone.")})
    def destroy(self, request: Request, key: str) -> Response:
        """Delete a course that nobody was ever enrolled in."""
        editing.delete_course(self.course_to_edit(key), by=Actor.from_request(request))
        return Response(status=204)


class TaughtView(GenericViewSet):
    """The courses that the person who asks may change."""

    permission_classes = [EditsCourses]
    queryset = Course.objects.select_related("instructor")
    serializer_class = CourseOutput

    @extend_schema(responses=CourseOutput(many=True))
    def list(self, request: Request) -> Response:
        """Answer one page, newest first, drafts included: an instructor's own, to staff all."""
        taught = Course.objects.edited_by(current_user(request)).select_related("instructor")
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(taught), many=True).data)


class PublishView(EditingView):
    """Put a course into the catalogue."""

    @extend_schema(request=None, responses=CourseOutput)
    def post(self, request: Request, key: str) -> Response:
        """Publish it, once it has a title, a slug and a price that can be paid."""
        return self.answer(editing.publish_course(self.course_to_edit(key), by=Actor.from_request(request)))


class UnpublishView(EditingView):
    """Take a course out of the catalogue."""

    @extend_schema(request=None, responses=CourseOutput)
    def post(self, request: Request, key: str) -> Response:
        """Make it a draft again; who takes part keeps it."""
        return self.answer(editing.unpublish_course(self.course_to_edit(key), by=Actor.from_request(request)))


class ThumbnailView(EditingView):
    """A course's picture."""

    parser_classes = [PictureFormParser]

    @extend_schema(request=ThumbnailInput, responses=CourseOutput)
    def put(self, request: Request, key: str) -> Response:
        """Store a picture, drawn anew, in the place of the one before."""
        course = self.course_to_edit(key)
        form = ThumbnailInput(data=request.data)
        form.is_valid(raise_exception=True)
        upload = form.validated_data["thumbnail"]
        return self.answer(set_thumbnail(course, upload, by=Actor.from_request(request)))

    @extend_schema(request=None, responses=CourseOutput)
    def delete(self, request: Request, key: str) -> Response:
        """Take the picture away."""
        return self.answer(set_thumbnail(self.course_to_edit(key), None, by=Actor.from_request(request)))


def form_of(request: Request) -> type[CourseInput]:
    """Return what the person who asks may say of a course."""
    return StaffCourseInput if current_user(request).is_staff else CourseInput
