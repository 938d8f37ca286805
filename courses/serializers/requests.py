"""What requests for a place look like over HTTP."""

from datetime import datetime
from typing import Any

from django.utils import timezone
from rest_framework import serializers

from courses.models import EnrollmentRequest
from courses.serializers.enrollments import CourseName
from courses.serializers.fields import CurrencyField, PriceField
from titanobova.api import ClosedSerializer, OneLineField, OptionalLine, OptionalText
from titanobova.serializers import ModelSerializer
from users.address_field import AddressField


class EnrollmentRequestInput(ClosedSerializer):
    """A visitor asks for a place in `course` (slug or id), or in what `course_title` names.

    The old site's form sends what its page showed as price and payment. It is taken from anyone and kept from staff
    alone: a visitor cannot say that they have paid.
    """

    first_name = OneLineField(max_length=150)
    last_name = OptionalLine(max_length=150)
    email = AddressField()
    phone = OptionalLine(max_length=50)
    experience = OptionalText(max_length=2000)
    course = OptionalText(max_length=120, help_text="Slug or id.")
    course_title = OptionalLine(max_length=255)
    level = OptionalLine(max_length=50)
    notes = OptionalText(max_length=2000)
    price = PriceField(required=False, allow_null=True, help_text="Kept from staff alone.")
    currency = CurrencyField(required=False, allow_null=True)
    paid_at = serializers.DateTimeField(required=False, allow_null=True, help_text="Kept from staff alone.")

    def validate_paid_at(self, value: datetime | None) -> datetime | None:
        """Refuse a payment of tomorrow."""
        if value is not None and value > timezone.now():
            raise serializers.ValidationError("This lies in the future.", "in_the_future")
        return value

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Require the course in one of its two forms."""
        if not attrs.get("course") and not attrs.get("course_title"):
            missing = serializers.ErrorDetail("Say which course: `course` or `course_title`.", "required")
            raise serializers.ValidationError({"course": [missing]})
        return attrs | {"currency": attrs.get("currency") or ""}


class EnrollmentRequestReceipt(ModelSerializer[EnrollmentRequest]):
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
    """A request for a place, as staff see it; `enrollment` is what it led to."""

    class Meta(EnrollmentRequestReceipt.Meta):
        fields = [*EnrollmentRequestReceipt.Meta.fields, "price", "currency", "is_paid", "paid_at", "enrollment"]
