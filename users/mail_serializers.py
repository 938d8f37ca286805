"""What the mail flows of accounts look like over HTTP."""

from rest_framework import serializers

from titanobova.api import ClosedSerializer
from titanobova.serializers import Serializer
from users.address_field import AddressField
from users.erased import refuse_erased_email
from users.validators import MAX_BYTES


class LinkInput(ClosedSerializer):
    """The token of a mailed link."""

    token = serializers.CharField(max_length=200)


class AddressInput(ClosedSerializer):
    """An e-mail address."""

    email = AddressField()


class ChangePasswordInput(ClosedSerializer):
    """A new password, and the proof of who asks."""

    password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False, required=False, default="")
    new_password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False)
    token = serializers.CharField(max_length=64, required=False, default="", help_text="With a second factor.")


class ChangeEmailInput(ClosedSerializer):
    """A new address, and the proof of who asks."""

    email = AddressField(validators=[refuse_erased_email])
    password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False, required=False, default="")
    token = serializers.CharField(max_length=64, required=False, default="", help_text="With a second factor.")


class ResetInput(LinkInput):
    """The token of a mailed link, and the password that is to count from now on."""

    new_password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False)


class Done(Serializer):
    """What happened, in words for the person."""

    detail = serializers.CharField()
