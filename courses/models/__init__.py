"""Courses, who takes part, and who asked for a place."""

from courses.models.catalogue import Course, CourseQuerySet, Lesson
from courses.models.enrollments import Certificate, Enrollment, EnrollmentGrant, EnrollmentQuerySet, LessonProgress
from courses.models.requests import EnrollmentRequest

__all__ = [
    "Certificate",
    "Course",
    "CourseQuerySet",
    "Enrollment",
    "EnrollmentGrant",
    "EnrollmentQuerySet",
    "EnrollmentRequest",
    "Lesson",
    "LessonProgress",
]
