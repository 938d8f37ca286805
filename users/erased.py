"""What is left of an erased account: a row that payments and enrolments refer to and that names nobody."""

from uuid import UUID

from rest_framework import serializers

DOMAIN = "erased.invalid"  # RFC 2606 keeps .invalid free for ever: no mail reaches it and nobody owns it


def erased_email(user_id: UUID) -> str:
    """Return the address that an erased account has."""
    return f"erased-{user_id}@{DOMAIN}"


def is_erased_email(email: str) -> bool:
    """Return whether the address is one of an erased account."""
    return email.lower().endswith(f"@{DOMAIN}")


def refuse_erased_email(email: str) -> None:
    """Validator of new addresses: nobody may take the one that another account will need when it is erased.

    :raises ValidationError: for an address of the domain.
    """
    if is_erased_email(email):
        raise serializers.ValidationError("Mail cannot reach this address.", "invalid")
