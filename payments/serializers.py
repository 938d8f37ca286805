"""What payments look like over HTTP."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments.models import Payment
from payments.money import BadAmount, parse_amount
from titanobova.api import ClosedSerializer
from titanobova.serializers import ModelSerializer, Serializer


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "example": "99.99"})
class AmountField(serializers.Field[Decimal, Any, str, Any]):
    """An amount as a text or a number; whether its currency has such a fraction is asked later."""

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the amount."""
        try:
            return parse_amount(data)
        except BadAmount as bad:
            raise serializers.ValidationError(bad.reason, bad.reason_code) from None

    def to_representation(self, value: Decimal) -> str:
        """Return the amount as a text."""
        return str(value)


class PaymentInput(ClosedSerializer):
    """What to pay: an amount, or the place in a course whose price the server knows."""

    amount = AmountField(required=False, help_text="With a course or enrolment: what the buyer saw.")
    description = serializers.CharField(max_length=500, required=False, allow_blank=True)
    course = serializers.CharField(max_length=120, required=False, help_text="A slug or id.")
    enrollment = serializers.UUIDField(required=False)
    currency = serializers.RegexField(r"\A[A-Za-z]{3}\Z", required=False, help_text="ISO 4217, such as usd.")

    def validate_currency(self, value: str) -> str:
        """Return the code in small letters, as Stripe writes it."""
        return value.lower()

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Refuse a course and an enrolment at once: they could name different prices."""
        if "course" in attrs and "enrollment" in attrs:
            raise serializers.ValidationError("Give `course` or `enrollment`, not both.", "contradiction")
        return attrs


class StartedPaymentOutput(Serializer):
    """The answer to a new payment; the client secret is handed to Stripe's own form and to nobody else."""

    client_secret = serializers.CharField()
    payment_id = serializers.UUIDField(source="payment.id")
    amount = serializers.CharField(source="payment.amount_text")
    currency = serializers.CharField(source="payment.currency")
    status = serializers.ChoiceField(Payment.Status.choices, source="payment.status")


class PaymentOutput(ModelSerializer[Payment]):
    """A payment in a list."""

    amount = serializers.CharField(source="amount_text")

    class Meta:
        model = Payment
        fields = [
            "id",
            "user",
            "enrollment",
            "course_title",
            "amount",
            "currency",
            "description",
            "status",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class ReceivedOutput(Serializer):
    """The answer to an event: Stripe need not send it again."""

    received = serializers.BooleanField()
