"""Phone numbers as E.164 where that is what they are."""

import re
import unicodedata
from typing import Any

import phonenumbers
from rest_framework import serializers

INTERNATIONAL = re.compile(r"(?:\+|00)[\d\s().\-/]+")


def normalise_phone_number(text: str) -> str:
    """Return an international number (`+49 30 901820`, `0049 30...`) as E.164: `+4930901820`.

    Anything else stays as it was typed, on one line: a national number could be any country's, an extension or a remark
    would be lost, and what old systems held should not be turned away.
    """
    typed = " ".join(text.split())
    plain = unicodedata.normalize("NFKC", typed)  # full-width digits and plus signs
    if not INTERNATIONAL.fullmatch(plain):
        return typed
    try:
        number = phonenumbers.parse(re.sub(r"\A00", "+", plain))
    except phonenumbers.NumberParseException:
        return typed
    if not phonenumbers.is_possible_number(number):
        return typed
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


class PhoneNumberField(serializers.CharField):
    """A phone number, of at most 32 characters."""

    def __init__(self, **options: Any) -> None:
        super().__init__(max_length=32, allow_blank=True, **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the number in the form that is stored."""
        return normalise_phone_number(str(super().to_internal_value(data)))
