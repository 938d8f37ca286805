"""What enrolments and requests for a place look like over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from courses.models import Course, Enrollment, EnrollmentRequest
from titanobova.api import ClosedSerializer, OneLineField


class CourseName(serializers.ModelSerializer[Course]):
    """A course, as far as an enrolment has to name it."""

    class Meta:
        model = Course
        fields = ["id", "slug", "title"]


class PaymentRequired(serializers.Serializer[Any]):
    """What is to be paid before the course opens."""

    amount = serializers.CharField(help_text="With the digits of its currency: 49.90.")
    currency = serializers.CharField()


class EnrollmentOutput(serializers.ModelSerializer[Enrollment]):
    """A person's own enrolment."""

    course = CourseName()
    payment_required = serializers.SerializerMethodField()

    class Meta:
        model = Enrollment
        fields = ["id", "course", "status", "seat_held_until", "payment_required", "created_at", "updated_at"]

    @extend_schema_field(PaymentRequired(allow_null=True))
    def get_payment_required(self, enrollment: Enrollment) -> dict[str, str] | None:
        """Return the course's price while it is to be paid, else null."""
        if enrollment.status != Enrollment.Status.PENDING or enrollment.course.is_free:
            return None
        return {"amount": enrollment.course.price_text, "currency": enrollment.course.currency}


class EnrollmentRequestInput(ClosedSerializer):
    """A visitor asks for a place in `course` (slug or id), or in what `course_title` names."""

    first_name = OneLineField(max_length=150)
    last_name = OneLineField(max_length=150, required=False, allow_blank=True)
    email = serializers.EmailField(max_length=254)
    phone = OneLineField(max_length=50, required=False, allow_blank=True)
    experience = serializers.CharField(max_length=2000, required=False, allow_blank=True)
    course = serializers.CharField(max_length=120, required=False, help_text="Slug or id.")
    course_title = OneLineField(max_length=255, required=False)
    level = OneLineField(max_length=50, required=False, allow_blank=True)
    notes = serializers.CharField(max_length=2000, required=False, allow_blank=True)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require the course in one of its two forms."""
        if "course" not in attrs and "course_title" not in attrs:
            missing = serializers.ErrorDetail("Say which course: `course` or `course_title`.", "required")
            raise serializers.ValidationError({"course": [missing]})
        return attrs


class EnrollmentRequestReceipt(serializers.ModelSerializer[EnrollmentRequest]):
    """What a visitor gets back: what they sent, and the course that was found."""

    course = CourseName(allow_null=True)

    class Meta:
        model = EnrollmentRequest
        fields = [
            "id",
            "first_name",
            "last_name",
            "email",
            "phone",
            "experience",
            "course",
            "course_title",
            "level",
            "notes",
            "created_at",
        ]


class EnrollmentRequestOutput(EnrollmentRequestReceipt):
    """A request for a place, as staff see it."""

    class Meta(EnrollmentRequestReceipt.Meta):
        fields = [*EnrollmentRequestReceipt.Meta.fields, "price", "currency", "is_paid", "paid_at"]
