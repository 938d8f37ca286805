"""Enrolments and requests for a place in the admin."""

from django.contrib import admin

from audit.admin import ReadOnlyModelAdmin
from courses.models import Enrollment, EnrollmentRequest


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
