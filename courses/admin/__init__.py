"""Courses and enrolments in the admin: importing this registers their pages."""

from courses.admin.catalogue import CourseAdmin, LessonAdmin
from courses.admin.enrollments import CertificateAdmin, EnrollmentAdmin, EnrollmentGrantAdmin, EnrollmentRequestAdmin

__all__ = [
    "CertificateAdmin",
    "CourseAdmin",
    "EnrollmentAdmin",
    "EnrollmentGrantAdmin",
    "EnrollmentRequestAdmin",
    "LessonAdmin",
]
