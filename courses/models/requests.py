"""Who asked for a place without an account."""

from typing import Any, Self

from django.db import models
from django.db.models import Exists, OuterRef, Q
from django.utils import timezone

from courses.models.catalogue import Course, is_currency_code
from courses.models.enrollments import Enrollment, EnrollmentGrant
from titanobova.ids import uuid7
from users.identity import canonical_email, clean_email


class RequestQuerySet(models.QuerySet["EnrollmentRequest"]):
    """Which requests."""

    def unanswered(self) -> Self:
        """Requests that led to nothing yet, and those that were paid since and have opened nothing by it."""
        opened = EnrollmentGrant.objects.filter(kind=EnrollmentGrant.Kind.IMPORT, enrollment=OuterRef("enrollment"))
        return self.filter(Q(enrollment__isnull=True) | Q(is_paid=True) & ~Exists(opened))


class EnrollmentRequest(models.Model):
    """Somebody without an account asks for a place; the old site's registrations live here too.

    `course_title` is what they asked for, whether or not `course` is known here. Once the address is proved to be
    somebody's, the request leads to an `enrollment` of theirs (courses/services/requests.py).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    first_name = models.CharField(max_length=150)
    last_name = models.CharField(max_length=150, blank=True)
    email = models.EmailField(max_length=254)
    email_canonical = models.CharField(max_length=300, editable=False)
    phone = models.CharField(max_length=50, blank=True)
    experience = models.TextField(blank=True)
    course = models.ForeignKey(
        Course, on_delete=models.SET_NULL, null=True, blank=True, related_name="enrollment_requests"
    )
    course_title = models.CharField(max_length=255)
    enrollment = models.ForeignKey(
        Enrollment, on_delete=models.SET_NULL, null=True, blank=True, editable=False, related_name="requests"
    )
    level = models.CharField(max_length=50, blank=True, help_text="In the words of who asks.")
    price = models.DecimalField(max_digits=12, decimal_places=3, null=True, blank=True)
    currency = models.CharField(max_length=3, blank=True, validators=[is_currency_code])
    notes = models.TextField(blank=True)
    is_paid = models.BooleanField(default=False)
    paid_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    objects = RequestQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(paid_at__isnull=True) | Q(is_paid=True), name="only_a_paid_request_has_a_payment_date"
            ),
            models.CheckConstraint(
                condition=Q(price__isnull=True) | Q(price__gte=0), name="requested_price_is_not_negative"
            ),
        ]
        indexes = [
            models.Index(fields=["email_canonical", "-id"], name="enrollment_requests_by_email"),
            models.Index(fields=["is_paid", "-id"], name="enrollment_requests_by_payment"),
            models.Index(fields=["-id"], name="open_enrollment_requests", condition=Q(enrollment__isnull=True)),
        ]

    def __str__(self) -> str:
        return f"{self.email}: {self.course_title}"

    def save(self, *args: Any, **kwargs: Any) -> None:
        """Save, with the canonical form of the e-mail beside it."""
        self.email = clean_email(self.email)
        self.email_canonical = canonical_email(self.email)
        super().save(*args, **kwargs)
