"""Courses and lessons in the admin."""

from django.contrib import admin

from audit.admin import AuditedModelAdmin
from courses.models import Course, Lesson


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
