"""What a person may say about themselves."""

from typing import Any

from rest_framework import serializers

from titanobova.api import ClosedSerializer
from users.phone_numbers import PhoneNumberField


class PictureField(serializers.FileField):
    """A file in a form. Null, or an empty text where a form has no null, takes the picture away."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the file as it came; whether it is a picture is seen when it is drawn anew."""
        return None if data == "" else super().to_internal_value(data)


class ProfileInput(ClosedSerializer):
    """What a person may change about themselves here."""

    first_name = serializers.CharField(max_length=150, allow_blank=True)
    last_name = serializers.CharField(max_length=150, allow_blank=True)
    phone_number = PhoneNumberField(help_text="Stored as E.164 when it begins with + or 00.")
    bio = serializers.CharField(max_length=2000, allow_blank=True)
    date_of_birth = serializers.DateField(allow_null=True)
    profile_picture = PictureField(
        allow_null=True, help_text="JPEG, PNG or WebP of at most 5 MB, as multipart/form-data; null takes it away."
    )
