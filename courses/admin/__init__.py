"""Courses and enrolments in the admin: importing this registers their pages."""

from courses.admin.catalogue import CourseAdmin, LessonAdmin
from courses.admin.enrollments import EnrollmentAdmin, EnrollmentRequestAdmin

__all__ = ["CourseAdmin", "EnrollmentAdmin", "EnrollmentRequestAdmin", "LessonAdmin"]
