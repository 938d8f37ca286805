"""What staff fill in in the admin."""

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from contacts.serializers import MESSAGE_LENGTH
from titanobova.ids import uuid7


class AnswerForm(forms.Form):
    """The answer to a contact."""

    message = forms.CharField(max_length=MESSAGE_LENGTH, widget=UnfoldAdminTextareaWidget(attrs={"rows": 12}))
    attempt = forms.CharField(max_length=64, required=False, initial=uuid7, widget=forms.HiddenInput)
