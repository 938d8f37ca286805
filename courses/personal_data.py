"""What courses hold of a person: handed out to them, and taken out when they are erased."""

from typing import Any

from django.db.models import Case, F, Q, QuerySet, Value, When

from audit.actor import Actor
from audit.personal_data import forget_objects
from courses.models import Certificate, Course, Enrollment, EnrollmentGrant, EnrollmentRequest, LessonProgress
from courses.money import price_text
from titanobova.search import forget_deleted_words
from users import extension_points
from users.erased import erased_email
from users.models import User

ENROLLMENT = ("id", "status", "seat_held_until", "completed_at", "created_at", "updated_at")
GRANT = ("enrollment_id", "kind", "reference", "granted_at", "withdrawn_at")
PROGRESS = ("enrollment_id", "lesson_id", "position_seconds", "completed_at", "updated_at")
CERTIFICATE = (
    "enrollment_id",
    "code",
    "holder_name",
    "course_title",
    "duration_hours",
    "issued_at",
    "revoked_at",
)
REQUEST = (
    "id",
    "first_name",
    "last_name",
    "email",
    "phone",
    "experience",
    "course_title",
    "level",
    "price",
    "currency",
    "notes",
    "is_paid",
    "paid_at",
    "created_at",
    "enrollment_id",
)


def take_part() -> None:
    """Be asked whenever a person wants their data or is erased."""
    extension_points.export_person.append(export_courses)
    extension_points.erase_person.append(erase_courses)


def requests_of(user: User) -> "QuerySet[EnrollmentRequest]":
    """Return the person's requests for a place: under the address that they have proved to be theirs, now or earlier.

    Without that proof anyone could register a stranger's address and read what the stranger wrote. A request that has
    led to an enrolment of theirs came from an address that they had proved.
    """
    own = Q(enrollment__user=user)
    if user.email_verified:
        own |= Q(email_canonical=user.email_canonical)
    return EnrollmentRequest.objects.filter(own)


def export_courses(user: User) -> dict[str, Any]:
    """Return what the person takes part in, on what grounds and how far, what they completed, asked for and teach."""
    enrollments = Enrollment.objects.filter(user=user).order_by("pk")
    grants = EnrollmentGrant.objects.filter(enrollment__user=user).order_by("pk")
    progress = LessonProgress.objects.filter(enrollment__user=user).order_by("pk")
    certificates = Certificate.objects.filter(enrollment__user=user).order_by("pk")
    taught = Course.objects.filter(instructor=user).order_by("pk")
    return {
        "courses": {
            "enrollments": list(enrollments.values(*ENROLLMENT, "course_id", title=F("course__title"))),
            "grants": list(grants.values(*GRANT)),
            "progress": list(progress.values(*PROGRESS, title=F("lesson__title"))),
            "certificates": list(certificates.values(*CERTIFICATE)),
            "enrollment_requests": [_with_price(row) for row in requests_of(user).order_by("pk").values(*REQUEST)],
            "taught": list(taught.values("id", "title", "slug")),
        }
    }


def erase_courses(user: User, by: Actor) -> None:
    """Take the person's words and name out of what they asked for, completed and taught; enrolments stay as they are.

    Of a request the course and the payment stay. A title that the person typed stays only where it is a course of ours.
    A certificate stays valid, for whoever was shown it, and names nobody. How far they were in lessons is deleted.
    """
    Certificate.objects.filter(enrollment__user=user).update(holder_name="")
    LessonProgress.objects.filter(enrollment__user=user).delete()
    Course.objects.filter(instructor=user).update(instructor=None)
    requests = list(requests_of(user))
    forget_objects(requests)
    EnrollmentRequest.objects.filter(pk__in=[request.pk for request in requests]).update(
        first_name="",
        last_name="",
        email=erased_email(user.pk),
        email_canonical=erased_email(user.pk),
        phone="",
        experience="",
        level="",
        notes="",
        course_title=Case(When(course__isnull=True, then=Value("")), default=F("course_title")),
    )
    for model in (Certificate, EnrollmentRequest):
        forget_deleted_words(model)


def _with_price(row: dict[str, Any]) -> dict[str, Any]:
    return {**row, "price": None if row["price"] is None else price_text(row["price"], row["currency"])}
