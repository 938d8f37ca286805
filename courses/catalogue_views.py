"""The catalogue over HTTP."""

from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count
from django.http import HttpResponse
from drf_spectacular.utils import extend_schema
from rest_framework.permissions import AllowAny
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from courses.models import Course
from courses.models.catalogue import edits_courses
from courses.models.shown import CATALOGUE
from courses.pagination import CataloguePages, CategoryPages
from courses.serializers.catalogue import CatalogueQuery, CategoryOutput, CourseDetail, CourseOutput
from courses.services.finding import get_course_with_outline
from titanobova.api import GenericViewSet
from titanobova.rendered import RenderedAnswers
from users.authentication import OptionalBearerAuthentication

answers = RenderedAnswers(CATALOGUE)


class CatalogueView(GenericViewSet):
    """The published courses, for anyone; drafts for who may change them.

    What is the same for everyone is rendered once until a course changes.
    """

    authentication_classes = [OptionalBearerAuthentication]
    permission_classes = [AllowAny]
    queryset = Course.objects.published()
    serializer_class = CourseOutput
    pagination_class = CataloguePages

    @extend_schema(parameters=[CatalogueQuery], responses=CourseOutput(many=True))
    def list(self, request: Request) -> HttpResponse:
        """Answer one page of the courses that the query asks for, in its order."""
        return answers.answer(request, lambda: JSONRenderer().render(self._page(request)))

    @extend_schema(responses=CourseDetail)
    def retrieve(self, request: Request, key: str) -> HttpResponse:
        """Answer one course, by its slug or id, with the titles of its lessons."""
        if request.user.is_staff or edits_courses(request.user):  # they may see drafts
            return Response(self._course(request.user, key))
        return answers.answer(request, lambda: JSONRenderer().render(self._course(AnonymousUser(), key)))

    def _page(self, request: Request) -> Any:
        query = CatalogueQuery(data=request.query_params)
        query.is_valid(raise_exception=True)
        found = Course.objects.published().select_related("instructor").matching(**query.validated_data)
        return self.get_paginated_response(self.get_serializer(self.paginate_queryset(found), many=True).data).data

    def _course(self, person: Any, key: str) -> Any:
        course = get_course_with_outline(person, key)
        return CourseDetail(course, context=self.get_serializer_context()).data


class CategoriesView(GenericViewSet):
    """What the published courses are about."""

    authentication_classes = [OptionalBearerAuthentication]
    permission_classes = [AllowAny]
    queryset = Course.objects.published().exclude(category="").values("category").annotate(courses=Count("pk"))
    serializer_class = CategoryOutput
    pagination_class = CategoryPages

    @extend_schema(responses=CategoryOutput(many=True))
    def list(self, request: Request) -> HttpResponse:
        """Answer one page of the categories from A to Z, each with the number of its courses."""
        return answers.answer(request, lambda: JSONRenderer().render(self._page()))

    def _page(self) -> Any:
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(self.get_serializer(page, many=True).data).data
