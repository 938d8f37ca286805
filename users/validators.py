"""Rules for new passwords beyond Django's own."""

from django.core.exceptions import ValidationError

MAX_BYTES = 1024


class ByteLengthValidator:
    """Refuse absurdly long passwords before anything hashes them: hashing a megabyte is an attack."""

    def validate(self, password: str, user: object = None) -> None:
        """Check the length.

        :raises ValidationError: over MAX_BYTES of UTF-8.
        """
        if len(password.encode()) > MAX_BYTES:
            raise ValidationError(self.get_help_text(), code="password_too_long")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return f"The password may take at most {MAX_BYTES} bytes."
