"""What accounts look like over HTTP."""

from typing import Any

from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError as RuleBroken
from rest_framework import serializers

from titanobova.api import ClosedSerializer
from titanobova.serializers import ModelSerializer, Serializer
from users.address_field import AddressField
from users.devices import device_name
from users.erased import refuse_erased_email
from users.models import Session, User
from users.phone_numbers import PhoneNumberField
from users.validators import MAX_BYTES


class LoginInput(ClosedSerializer):
    """E-mail and password; the guide's curl calls the e-mail `username`."""

    email = serializers.CharField(max_length=254, required=False)
    username = serializers.CharField(max_length=254, required=False, help_text="The same as `email`.")
    password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Take the e-mail from whichever key holds it."""
        named = {attrs[key] for key in ("email", "username") if key in attrs}
        if not named:
            raise serializers.ValidationError({"email": [serializers.ErrorDetail("Give your e-mail.", "required")]})
        if len(named) > 1:
            raise serializers.ValidationError("`email` and `username` differ.", "contradiction")
        return {"email": named.pop(), "password": attrs["password"]}


class TokenPair(Serializer):
    """The answer to a login: with `requires_2fa`, `access` is only good for verify_2fa and `refresh` is null."""

    access = serializers.CharField()
    refresh = serializers.CharField(allow_null=True)
    requires_2fa = serializers.BooleanField()


class RefreshInput(ClosedSerializer):
    """A refresh token."""

    refresh = serializers.CharField(max_length=2048)


class RefreshedPair(Serializer):
    """New tokens; a client may keep the refresh token it has and take `access` alone."""

    access = serializers.CharField()
    refresh = serializers.CharField()


class CodeInput(ClosedSerializer):
    """A code of the authenticator app, or a backup code."""

    token = serializers.CharField(max_length=64)


class ConfirmationInput(CodeInput):
    """The first code of a new second factor; to replace one that is on, who one is, proved anew."""

    password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False, required=False, default="")
    current_token = serializers.CharField(
        max_length=64, required=False, default="", help_text="A code of the second factor that is on."
    )


class StepUpInput(ClosedSerializer):
    """Who one is, proved anew in the request itself."""

    password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False, required=False, default="")
    token = serializers.CharField(max_length=64, required=False, default="", help_text="With a second factor.")


class SecondFactorStatus(Serializer):
    """Whether the second factor is on, and how many backup codes are left."""

    enabled = serializers.BooleanField()
    backup_codes_left = serializers.IntegerField()


class BackupCodesOutput(Serializer):
    """New backup codes; shown this once."""

    backup_codes = serializers.ListField(child=serializers.CharField())


class EnrolmentOutput(Serializer):
    """What the authenticator app needs, and the backup codes; shown this once."""

    secret = serializers.CharField()
    qr_code_url = serializers.CharField(help_text="The otpauth:// address behind the QR code.")
    qr_code_svg = serializers.CharField(help_text="The QR code as an SVG image.")
    backup_codes = serializers.ListField(child=serializers.CharField())


class RegisterInput(ClosedSerializer):
    """A new account: first and last name, or the old site's one `name`."""

    email = AddressField(validators=[refuse_erased_email])
    password = serializers.CharField(max_length=MAX_BYTES, trim_whitespace=False)
    first_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    last_name = serializers.CharField(max_length=150, required=False, allow_blank=True)
    name = serializers.CharField(max_length=300, required=False, help_text="Instead of first_name and last_name.")
    phone_number = PhoneNumberField(required=False, help_text="Stored as E.164 when it begins with + or 00.")
    user_type = serializers.ChoiceField(["student", "instructor"], default="student")

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        """Split the name and hold the password against the rules."""
        if name := attrs.pop("name", ""):
            first, _, last = name.strip().partition(" ")
            attrs = {"first_name": first[:150], "last_name": last.strip()[:150], **attrs}
        person = User(**{key: attrs[key] for key in ("email", "first_name", "last_name") if key in attrs})
        try:
            validate_password(attrs["password"], person)
        except RuleBroken as broken:
            details = [serializers.ErrorDetail(text, "password_too_weak") for text in broken.messages]
            raise serializers.ValidationError({"password": details}) from None
        return attrs


class ProfileOutput(ModelSerializer[User]):
    """A person as they see themselves."""

    requested_user_type = serializers.ChoiceField(User.Type.choices, allow_blank=True)

    class Meta:
        model = User
        fields = [
            "id",
            "email",
            "first_name",
            "last_name",
            "phone_number",
            "user_type",
            "requested_user_type",
            "profile_picture",
            "bio",
            "date_of_birth",
            "totp_enabled",
            "email_verified",
            "is_staff",
            "created_at",
            "updated_at",
        ]
        read_only_fields = fields


class SessionOutput(ModelSerializer[Session]):
    """One login on one device."""

    device = serializers.SerializerMethodField()
    is_current = serializers.SerializerMethodField()

    class Meta:
        model = Session
        fields = ["id", "created_at", "last_used_at", "expires_at", "ip_address", "device", "is_current"]

    def get_device(self, session: Session) -> str:
        """The browser and system, in words."""
        return device_name(session.user_agent)

    def get_is_current(self, session: Session) -> bool:
        """Whether this very request uses it."""
        return bool(session.pk == getattr(self.context["request"].auth, "pk", None))
