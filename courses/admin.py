"""Courses in the admin."""

from django.contrib import admin

from audit.admin import AuditedModelAdmin, ReadOnlyModelAdmin
from courses.models import Course, Enrollment, EnrollmentRequest, Lesson


@admin.register(Course)
class CourseAdmin(AuditedModelAdmin):
    """The catalogue, drafts included."""

    list_display = ["title", "category", "level", "price", "currency", "capacity", "is_published", "is_featured"]
    list_filter = ["is_published", "is_featured", "is_imported", "level", "category", "currency"]
    search_fields = ["title", "slug"]
    prepopulated_fields = {"slug": ["title"]}
    autocomplete_fields = ["instructor"]
    readonly_fields = ["is_imported", "created_at", "updated_at"]


@admin.register(Lesson)
class LessonAdmin(AuditedModelAdmin):
    """The steps of the courses; a page of their own, because an inline form would write no audit row."""

    list_display = ["course", "position", "title"]
    search_fields = ["title", "course__title"]
    autocomplete_fields = ["course"]
    list_select_related = ["course"]


@admin.register(Enrollment)
class EnrollmentAdmin(ReadOnlyModelAdmin):
    """Who takes part in what. Seats are given by the services alone, which count them."""

    list_display = ["user", "course", "status", "seat_held_until", "created_at"]
    list_filter = ["status"]
    search_fields = ["user__email", "course__title"]
    list_select_related = ["user", "course"]


@admin.register(EnrollmentRequest)
class EnrollmentRequestAdmin(ReadOnlyModelAdmin):
    """Who asked for a place without an account."""

    list_display = ["created_at", "email", "first_name", "last_name", "course_title", "is_paid"]
    list_filter = ["is_paid"]
    search_fields = ["email", "last_name", "course_title"]
