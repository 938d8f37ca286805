from django.apps import AppConfig
from django.conf import settings

from titanobova import sentry


class TitanobovaConfig(AppConfig):
    """The tables that no domain owns."""

    name = "titanobova"
    verbose_name = "Mail and limits"

    def ready(self) -> None:
        """Start the reports of defects, where they are wanted."""
        if settings.SENTRY_DSN:
            sentry.start(settings.SENTRY_DSN, environment=settings.SENTRY_ENVIRONMENT, release=settings.RELEASE)
