"""A site that Prometheus may read."""

import pytest
from django.conf import LazySettings

from tests.monitoring.figures import TOKEN
from tests.shared.conftest import everything_log, log_folder, sendgrid

__all__ = ["everything_log", "log_folder", "sendgrid"]


@pytest.fixture(autouse=True)
def _prometheus_is_known(settings: LazySettings) -> None:
    settings.METRICS_TOKEN = TOKEN
