"""Who may change courses."""

from rest_framework.permissions import IsAuthenticated
from rest_framework.request import Request
from rest_framework.views import APIView

from courses.models import Course
from courses.models.catalogue import edits_courses


class EditsCourses(IsAuthenticated):
    """Instructors change their own courses, staff every one; who asks this of a course may know that there is one."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Return whether the person may change courses at all."""
        return edits_courses(request.user)

    def has_object_permission(self, request: Request, view: APIView, obj: Course) -> bool:
        """Return whether the person may change this one."""
        return obj.is_edited_by(request.user)
