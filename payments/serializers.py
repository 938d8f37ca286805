"""What payments look like over HTTP."""

from decimal import Decimal
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from payments.document_serializers import DocumentOutput
from payments.models import Dispute, LedgerEntry, Payment, Refund
from payments.money import BadAmount, parse_amount
from titanobova.api import ClosedSerializer, OneLineField
from titanobova.serializers import ModelSerializer, Serializer
from users.serializers import StepUpInput


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


class PaymentQuery(Serializer):
    """What the list may be asked for; what is for staff counts for nobody else."""

    OF_STAFF: ClassVar = frozenset({"is_flagged", "user"})

    status = serializers.ChoiceField(Payment.Status.choices, required=False)
    is_flagged = serializers.BooleanField(required=False, allow_null=True, default=None, help_text="For staff.")
    user = serializers.UUIDField(required=False, help_text="Whose; for staff.")
    date_from = serializers.DateField(required=False, help_text="First day, UTC.")
    date_to = serializers.DateField(required=False, help_text="Last day, UTC.")


class PaymentOutput(ModelSerializer[Payment]):
    """A person's own payment."""

    amount = serializers.CharField(source="amount_text")
    amount_refunded = serializers.CharField(source="amount_refunded_text")

    class Meta:
        model = Payment
        fields = [
            "id",
            "user",
            "enrollment",
            "course_title",
            "amount",
            "amount_refunded",
            "currency",
            "description",
            "status",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class StaffPaymentOutput(PaymentOutput):
    """A payment as staff see it in a list."""

    amount_disputed = serializers.CharField(source="amount_disputed_text")

    class Meta(PaymentOutput.Meta):
        fields = [*PaymentOutput.Meta.fields, "amount_disputed", "intent_id", "is_flagged", "flag_reason"]
        read_only_fields = fields


class LedgerEntryOutput(ModelSerializer[LedgerEntry]):
    """A fact about a payment."""

    class Meta:
        model = LedgerEntry
        fields = ["kind", "reference", "amount", "stripe_event", "recorded_at"]
        read_only_fields = fields


class RefundOutput(ModelSerializer[Refund]):
    """Money that goes back."""

    amount = serializers.CharField(source="amount_text")

    class Meta:
        model = Refund
        fields = [
            "id",
            "payment",
            "amount",
            "reason",
            "requested_by",
            "status",
            "stripe_id",
            "failure_reason",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class DisputeOutput(ModelSerializer[Dispute]):
    """A bank that takes money back, or asks about it."""

    amount = serializers.CharField(source="amount_text")

    class Meta:
        model = Dispute
        fields = ["id", "amount", "currency", "reason", "status", "evidence_due_at", "opened_at", "closed_at"]
        read_only_fields = fields


class OwnPaymentDetail(PaymentOutput):
    """A person's own payment, with what they were given in writing."""

    documents = DocumentOutput(many=True)

    class Meta(PaymentOutput.Meta):
        fields = [*PaymentOutput.Meta.fields, "documents"]
        read_only_fields = fields


class PaymentDetail(StaffPaymentOutput):
    """A payment as staff see it, with all that became of it."""

    ledger = LedgerEntryOutput(many=True)
    refunds = RefundOutput(many=True)
    disputes = DisputeOutput(many=True)
    documents = DocumentOutput(many=True)

    class Meta(StaffPaymentOutput.Meta):
        fields = [*StaffPaymentOutput.Meta.fields, "ledger", "refunds", "disputes", "documents"]
        read_only_fields = fields


class RefundInput(StepUpInput):
    """How much is to go back, all that is left if it is not said, and who says so."""

    amount = AmountField(required=False)
    reason = OneLineField(max_length=200, required=False, allow_blank=True)


class ReceivedOutput(Serializer):
    """The answer to an event: Stripe need not send it again."""

    received = serializers.BooleanField()
