"""SendGrid and its key, as the tests of mail know them."""

import pytest
from django.conf import LazySettings

from tests.mail.signing import PUBLIC_KEY
from tests.shared.conftest import everything_log, log_folder, security_log, sendgrid

__all__ = ["everything_log", "log_folder", "security_log", "sendgrid"]  # fixtures


@pytest.fixture
def webhook(settings: LazySettings) -> None:
    """Let SendGrid's events be checked with the key of the tests."""
    settings.SENDGRID_WEBHOOK_PUBLIC_KEYS = [PUBLIC_KEY]
