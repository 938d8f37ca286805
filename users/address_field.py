"""E-mail addresses in requests."""

from typing import Any

from rest_framework import serializers

from users.identity import clean_email, refuse_swelling_email


class AddressField(serializers.EmailField):
    """An e-mail address, held against the rules in the form in which it is stored."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=254, **options)
        self.validators.append(refuse_swelling_email)

    def to_internal_value(self, data: Any) -> str:
        """Return the address in NFKC, which can be longer than what was sent."""
        return clean_email(super().to_internal_value(data))
