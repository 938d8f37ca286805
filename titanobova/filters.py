"""Filters of lists whose input a database would choke on."""

from datetime import UTC, datetime
from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django_filters import rest_framework as filters
from django_filters.fields import IsoDateTimeField


class InstantField(IsoDateTimeField):
    """An ISO 8601 instant that exists in UTC too: the last hours of the year 9999 in America do not."""

    def to_python(self, value: Any) -> datetime | None:
        """Return the instant in UTC.

        :raises ValidationError: for anything else.
        """
        instant: datetime | None = super().to_python(value)
        try:
            return instant and instant.astimezone(UTC)
        except OverflowError:
            raise ValidationError("Enter a valid date/time.", "invalid") from None


class InstantFilter(filters.IsoDateTimeFilter):
    """From or until an instant."""

    field_class = InstantField


class TruthField(forms.Field):
    """`true` or `false`; the stock field takes every other word for no choice, and answers with everything."""

    def to_python(self, value: Any) -> bool | None:
        """Return which of the two, or None for nothing.

        :raises ValidationError: for any other word.
        """
        if value in self.empty_values:
            return None
        if str(value).lower() not in {"true", "false"}:
            raise ValidationError("Say true or false.", "invalid")
        return str(value).lower() == "true"


class TruthFilter(filters.Filter):
    """Those for which it is true, or those for which it is not."""

    field_class = TruthField


class AddressFilter(filters.CharFilter):
    """One IP address; PostgreSQL raises on any other text where SQLite finds nothing."""

    field_class = forms.GenericIPAddressField
