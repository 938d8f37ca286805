"""What contacts look like over HTTP."""

import math
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import SkipField, empty

from contacts.models import SPAM_CHOICES, Contact, ContactAnswer
from contacts.workflow import Status
from titanobova.api import ClosedSerializer, OneLineField, OptionalLine
from titanobova.serializers import ModelSerializer, Serializer
from users.address_field import AddressField

MESSAGE_LENGTH = 5000  # characters; the longest still fits into the 64 KiB of a body when each is escaped
RECEIPT_FIELDS = ["id", "name", "email", "phone", "subject", "message", "status", "created_at"]
OWN_FIELDS = [*RECEIPT_FIELDS, "user", "response_message", "responded_by", "updated_at"]
SPAM_FIELDS = ["is_spam", "spam_score", "spam_reasons", "spam_decided_by"]
STAFF_FIELDS = [*OWN_FIELDS, "internal_notes", "ip_address", "user_agent", *SPAM_FIELDS]


class LenientField(serializers.Field[Any, Any, Any, Any]):
    """A field that refuses nothing: what it says of a message is a hint."""

    def run_validation(self, data: Any = empty) -> Any:
        """Return what was sent in a form of use, null too.

        :raises SkipField: when nothing was sent.
        """
        if data is empty:
            raise SkipField
        return self.to_internal_value(data)


@extend_schema_field(OpenApiTypes.STR)
class TrapField(LenientField):
    """A field that people do not see; whatever a program writes there is true."""

    def to_internal_value(self, data: Any) -> bool:
        """Return whether anything was written."""
        return bool(data.strip() if isinstance(data, str) else data)


@extend_schema_field(OpenApiTypes.DOUBLE)
class ElapsedField(LenientField):
    """Milliseconds by the clock of somebody's browser; what makes no sense counts as not sent."""

    def to_internal_value(self, data: Any) -> float | None:
        """Return the number, or None."""
        try:
            number = float(data)
        except (TypeError, ValueError, OverflowError):
            return None
        return number if math.isfinite(number) and number >= 0 and not isinstance(data, bool) else None


class ContactInput(Serializer):
    """The contact form. Members that are not known are left alone: sites put their own fields into such forms."""

    name = OneLineField(max_length=255)
    email = AddressField()
    phone = OptionalLine(max_length=50)
    subject = OptionalLine(max_length=255)
    message = serializers.CharField(max_length=MESSAGE_LENGTH)
    website = TrapField(
        source="is_trap_filled",
        required=False,
        help_text="Hidden from people, so left empty by them: a trap for programs.",
    )
    elapsed_ms = ElapsedField(required=False, help_text="Milliseconds since the form was shown.")


class ContactReceipt(ModelSerializer[Contact]):
    """What a visitor gets back: nothing that they did not send but the id, the status and the time."""

    class Meta:
        model = Contact
        fields = RECEIPT_FIELDS


class OwnAnswer(ModelSerializer[ContactAnswer]):
    """One answer, as the person who wrote sees it."""

    class Meta:
        model = ContactAnswer
        fields = ["id", "message", "created_at"]


class StaffAnswer(ModelSerializer[ContactAnswer]):
    """One answer, as staff see it: with who gave it, and whether its mail left."""

    mail_status = serializers.CharField(source="mail.status", default=None, read_only=True)

    class Meta:
        model = ContactAnswer
        fields = ["id", "message", "answered_by", "created_at", "mail_status"]


class OwnContact(ModelSerializer[Contact]):
    """A contact as the person who wrote it sees it."""

    class Meta:
        model = Contact
        fields = OWN_FIELDS


class OwnThread(OwnContact):
    """The same with all answers."""

    answers = OwnAnswer(many=True, read_only=True)

    class Meta(OwnContact.Meta):
        fields = [*OWN_FIELDS, "answers"]


class StaffContact(ModelSerializer[Contact]):
    """A contact as staff see it."""

    class Meta:
        model = Contact
        fields = STAFF_FIELDS


class StaffThread(StaffContact):
    """The same with all answers."""

    answers = StaffAnswer(many=True, read_only=True)

    class Meta(StaffContact.Meta):
        fields = [*STAFF_FIELDS, "answers"]


class ContactQuery(Serializer):
    """What the list may be asked for; an empty member counts as left out."""

    status = serializers.ChoiceField(Status.choices, required=False)
    is_spam = serializers.ChoiceField(
        list(SPAM_CHOICES), default="false", help_text="Staff alone: without spam, spam alone, or all."
    )
    date_from = serializers.DateField(required=False, help_text="First day, UTC.")
    date_to = serializers.DateField(required=False, help_text="Last day, UTC.")
    search = serializers.CharField(
        max_length=200, required=False, help_text="Words, or their beginnings, in name, e-mail, subject and message."
    )


class ContactChanges(ClosedSerializer):
    """What staff may change; an answer goes to respond/."""

    internal_notes = serializers.CharField(max_length=MESSAGE_LENGTH, allow_blank=True)
    status = serializers.ChoiceField(Status.choices)


class AnswerInput(ClosedSerializer):
    """The staff's answer."""

    message = serializers.CharField(max_length=MESSAGE_LENGTH)
