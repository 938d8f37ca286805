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


PRODUCT_WORDS = ("titanobova", "titan", "password", "passwort", "changeme", "welcome", "letmein", "admin", "student")
REST_THAT_COUNTS = 6


class ProductWordValidator:
    """Refuse passwords that are little more than a word of ours with a number behind it: they are guessed first.

    `Titanobova2026!` passes every list of common passwords and is the first that an attacker of this site tries.
    """

    def validate(self, password: str, user: object = None) -> None:
        """Take our words out and look at the rest.

        :raises ValidationError: when fewer than REST_THAT_COUNTS characters are left.
        """
        rest = password.casefold()
        for word in PRODUCT_WORDS:
            rest = rest.replace(word, "")
        if rest != password.casefold() and len(rest) < REST_THAT_COUNTS:
            raise ValidationError(self.get_help_text(), code="password_too_guessable")

    def get_help_text(self) -> str:
        """Return the rule in words."""
        return "The password must be more than a word such as our name with a few characters added."
