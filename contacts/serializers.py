"""What contacts look like over HTTP."""

from rest_framework import serializers

from contacts.models import Contact
from contacts.workflow import Status
from titanobova.api import ClosedSerializer, OneLineField
from titanobova.serializers import ModelSerializer, Serializer

MESSAGE_LENGTH = 5000  # characters; the longest still fits into the 64 KiB of a body when each is escaped
RECEIPT_FIELDS = ["id", "name", "email", "phone", "subject", "message", "status", "created_at"]
OWN_FIELDS = [*RECEIPT_FIELDS, "user", "response_message", "responded_by", "updated_at"]
STAFF_FIELDS = [*OWN_FIELDS, "internal_notes", "ip_address", "user_agent"]


class ContactInput(Serializer):
    """The contact form. Members that are not known are left alone: sites put their own fields into such forms."""

    name = OneLineField(max_length=255)
    email = serializers.EmailField(max_length=254)
    phone = OneLineField(max_length=50, required=False, allow_blank=True)
    subject = OneLineField(max_length=255, required=False, allow_blank=True)
    message = serializers.CharField(max_length=MESSAGE_LENGTH)


class ContactReceipt(ModelSerializer[Contact]):
    """What a visitor gets back: nothing that they did not send but the id, the status and the time."""

    class Meta:
        model = Contact
        fields = RECEIPT_FIELDS


class OwnContact(ModelSerializer[Contact]):
    """A contact as the person who wrote it sees it."""

    class Meta:
        model = Contact
        fields = OWN_FIELDS


class StaffContact(ModelSerializer[Contact]):
    """A contact as staff see it."""

    class Meta:
        model = Contact
        fields = STAFF_FIELDS


class ContactQuery(Serializer):
    """What the list may be asked for; an empty member counts as left out."""

    status = serializers.ChoiceField(Status.choices, required=False)
    date_from = serializers.DateField(required=False, help_text="First day, UTC.")
    date_to = serializers.DateField(required=False, help_text="Last day, UTC.")
    search = serializers.CharField(max_length=200, required=False, help_text="In name, e-mail and subject.")


class ContactChanges(ClosedSerializer):
    """What staff may change; an answer goes to respond/."""

    internal_notes = serializers.CharField(max_length=MESSAGE_LENGTH, allow_blank=True)
    status = serializers.ChoiceField(Status.choices)


class AnswerInput(ClosedSerializer):
    """The staff's answer."""

    message = serializers.CharField(max_length=MESSAGE_LENGTH)
