"""What staff fill in in the admin."""

from decimal import Decimal
from typing import Any

from django import forms
from unfold.widgets import UnfoldAdminPasswordWidget, UnfoldAdminTextInputWidget

from payments.money import BadAmount, parse_amount
from titanobova.ids import uuid7


class RefundForm(forms.Form):
    """How much is to go back, and who says so: the same as the API asks for."""

    amount = forms.CharField(
        max_length=20, required=False, help_text="Empty for all that is left.", widget=UnfoldAdminTextInputWidget
    )
    reason = forms.CharField(max_length=200, required=False, widget=UnfoldAdminTextInputWidget)
    password = forms.CharField(
        label="Your password",
        max_length=4096,
        strip=False,
        widget=UnfoldAdminPasswordWidget(attrs={"autocomplete": "current-password"}),
    )
    token = forms.CharField(
        label="Code of your second factor, if you have one",
        max_length=64,
        required=False,
        widget=UnfoldAdminTextInputWidget(attrs={"autocomplete": "one-time-code"}),
    )

    attempt = forms.CharField(max_length=64, required=False, initial=uuid7, widget=forms.HiddenInput)

    def clean_amount(self) -> Decimal | None:
        """Return the amount, read as strictly as the API reads it; None for all that is left."""
        text: Any = self.cleaned_data["amount"]
        try:
            return parse_amount(text) if text else None
        except BadAmount as bad:
            raise forms.ValidationError(bad.reason, bad.reason_code) from None

    def clean_reason(self) -> str:
        """Return the reason as one line."""
        return " ".join(str(self.cleaned_data["reason"]).split())
