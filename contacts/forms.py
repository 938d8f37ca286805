"""What staff fill in in the admin."""

from django import forms
from unfold.widgets import UnfoldAdminTextareaWidget

from contacts.serializers import MESSAGE_LENGTH


class AnswerForm(forms.Form):
    """The answer to a contact."""

    message = forms.CharField(max_length=MESSAGE_LENGTH, widget=UnfoldAdminTextareaWidget(attrs={"rows": 12}))
