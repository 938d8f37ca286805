"""Enrolments, what they rest on, certificates and requests for a place in the admin: to be read."""

from django.contrib import admin

from audit.admin import ReadOnlyModelAdmin
from courses.models import Certificate, Enrollment, EnrollmentGrant, EnrollmentRequest


@admin.register(Enrollment)
class EnrollmentAdmin(ReadOnlyModelAdmin):
    """Who takes part in what. Seats are given by the services alone, which count them."""

    list_display = ["user", "course", "status", "seat_held_until", "created_at"]
    list_filter = ["status"]
    search_fields = ["user__email", "course__title"]
    search_help_text = "Words of a person's name and e-mail, or of a course."
    list_select_related = ["user", "course"]
    export_fields = [
        "id",
        "user__email",
        "course__title",
        "course__slug",
        "status",
        "seat_held_until",
        "completed_at",
        "created_at",
        "updated_at",
    ]


@admin.register(EnrollmentGrant)
class EnrollmentGrantAdmin(ReadOnlyModelAdmin):
    """On what grounds enrolments are open, and were."""

    list_display = ["enrollment", "kind", "reference", "granted_at", "withdrawn_at"]
    list_filter = ["kind"]
    search_fields = ["=reference", "enrollment__user__email"]
    search_help_text = "A reference, or words of a person or a course."
    list_select_related = ["enrollment"]


@admin.register(Certificate)
class CertificateAdmin(ReadOnlyModelAdmin):
    """What was certified to whom."""

    list_display = ["code", "holder_name", "course_title", "issued_at", "revoked_at"]
    search_fields = ["code", "holder_name", "course_title"]
    searches_words = True
    export_fields = ["id", "code", "holder_name", "course_title", "duration_hours", "issued_at", "revoked_at"]


@admin.register(EnrollmentRequest)
class EnrollmentRequestAdmin(ReadOnlyModelAdmin):
    """Who asked for a place without an account, and what came of it."""

    list_display = ["created_at", "email", "first_name", "last_name", "course_title", "is_paid", "enrollment"]
    list_filter = ["is_paid", ("enrollment", admin.EmptyFieldListFilter)]
    search_fields = ["email", "first_name", "last_name", "course_title"]
    searches_words = True
    list_select_related = ["enrollment"]
    export_fields = [
        "id",
        "created_at",
        "email",
        "first_name",
        "last_name",
        "phone",
        "experience",
        "course_title",
        "level",
        "notes",
        "price",
        "currency",
        "is_paid",
        "paid_at",
        "enrollment",
    ]
