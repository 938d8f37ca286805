"""Lessons over HTTP."""

from uuid import UUID

from drf_spectacular.utils import OpenApiResponse, extend_schema
from rest_framework.permissions import SAFE_METHODS, BasePermission, IsAuthenticated
from rest_framework.request import Request
from rest_framework.response import Response

from audit.actor import Actor
from courses.editing_views import EditingView
from courses.models import Lesson
from courses.pagination import LessonPages
from courses.permissions import EditsCourses
from courses.serializers.lessons import LessonInput, LessonOrder, LessonOrderInput, LessonOutput
from courses.services import lessons
from courses.services.finding import get_course_to_study
from titanobova.api import APIView, GenericViewSet
from users.authentication import current_user


class ReadersAndEditors(APIView):
    """Reading is for who has a seat, which a service knows; changing is for editors."""

    def get_permissions(self) -> list[BasePermission]:
        """Return who may."""
        return [IsAuthenticated() if self.request.method in SAFE_METHODS else EditsCourses()]


class CourseLessonsView(ReadersAndEditors, EditingView, GenericViewSet):
    """The lessons of a course."""

    queryset = Lesson.objects.all()
    serializer_class = LessonOutput
    pagination_class = LessonPages

    @extend_schema(responses=LessonOutput(many=True))
    def list(self, request: Request, key: str) -> Response:
        """Answer one page in the order of the course, with texts and videos, to who takes part or may change it."""
        course = get_course_to_study(current_user(request), key)
        page = self.paginate_queryset(Lesson.objects.filter(course=course))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)

    @extend_schema(request=LessonInput, responses={201: LessonOutput})
    def create(self, request: Request, key: str) -> Response:
        """Write a lesson behind all others."""
        course = self.course_to_edit(key)
        form = LessonInput(data=request.data)
        form.is_valid(raise_exception=True)
        lesson = lessons.add_lesson(course, form.validated_data, by=Actor.from_request(request))
        return Response(LessonOutput(lesson).data, status=201)


class LessonOrderView(EditingView):
    """The order of a course's lessons."""

    @extend_schema(request=LessonOrderInput, responses=LessonOrder)
    def post(self, request: Request, key: str) -> Response:
        """Put all lessons in the order of the ids that were sent."""
        course = self.course_to_edit(key)
        form = LessonOrderInput(data=request.data)
        form.is_valid(raise_exception=True)
        ordered = lessons.order_lessons(course, form.validated_data["lessons"], by=Actor.from_request(request))
        return Response(LessonOrder({"lessons": ordered}).data)


class LessonView(ReadersAndEditors):
    """One lesson."""

    def lesson_to_edit(self, pk: UUID) -> Lesson:
        """Return the lesson; in a draft of somebody else's it is not there, in a public course it is refused."""
        lesson = lessons.get_visible_lesson(self.request.user, pk)
        self.check_object_permissions(self.request, lesson.course)
        return lesson

    @extend_schema(responses=LessonOutput)
    def get(self, request: Request, pk: UUID) -> Response:
        """Answer the lesson, with text and video, to who takes part or may change the course."""
        return Response(LessonOutput(lessons.get_lesson_to_study(current_user(request), pk)).data)

    @extend_schema(request=LessonInput(partial=True), responses=LessonOutput)
    def patch(self, request: Request, pk: UUID) -> Response:
        """Change what was sent."""
        lesson = self.lesson_to_edit(pk)
        form = LessonInput(data=request.data, partial=True)
        form.is_valid(raise_exception=True)
        changed = lessons.change_lesson(lesson, form.validated_data, by=Actor.from_request(request))
        return Response(LessonOutput(changed).data)

    @extend_schema(responses={204: OpenApiResponse(description="The lesson is gone.")})
    def delete(self, request: Request, pk: UUID) -> Response:
        """Delete the lesson; those behind it move up."""
        lessons.remove_lesson(self.lesson_to_edit(pk), by=Actor.from_request(request))
        return Response(status=204)
