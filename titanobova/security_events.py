"""How the shared ground tells the audit log of a refusal, without importing an app."""

from django.conf import settings
from django.http import HttpRequest
from django.utils.module_loading import import_string
from rest_framework.request import Request


def record_security_event(request: HttpRequest | Request, event: str, details: dict[str, object]) -> None:
    """Call the function that SECURITY_EVENT_RECORDER names in the settings."""
    import_string(settings.SECURITY_EVENT_RECORDER)(request, event, details)
