"""Members that more than one form of the courses has."""

from decimal import Decimal
from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers
from rest_framework.fields import empty

from courses.money import price_of


@extend_schema_field({"oneOf": [{"type": "string"}, {"type": "number"}], "example": "49.90"})
class PriceField(serializers.Field[Decimal, Any, str, Any]):
    """A price as a text or a number; whether its currency has such a fraction is asked later."""

    def to_internal_value(self, data: Any) -> Decimal:
        """Return the price."""
        price = price_of(data)
        if price is None:
            raise serializers.ValidationError(
                "A price has up to 8 digits, and up to 3 after a point: 49.90.", "invalid_price"
            )
        return price


class CurrencyField(serializers.RegexField):
    """Three letters of ISO 4217, kept small."""

    def __init__(self, **options: Any) -> None:
        super().__init__(r"\A[A-Za-z]{3}\Z", help_text="ISO 4217, such as usd.", **options)

    def to_internal_value(self, data: Any) -> str:
        """Return the code in small letters, as Stripe writes it."""
        return str(super().to_internal_value(data)).lower()


class TextIdField(serializers.UUIDField):
    """An id as a text; the stock field takes any number for one, too."""

    def to_internal_value(self, data: Any) -> Any:
        """Return the id."""
        return super().to_internal_value(data if isinstance(data, str) else "")


class OptionalTruth(serializers.BooleanField):
    """True or false in a query; left out it is neither, where the stock field says false as for an unticked box."""

    default_empty_html: Any = empty
