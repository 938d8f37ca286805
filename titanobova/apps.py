from importlib import import_module

from django.apps import AppConfig
from django.conf import settings
from django.db.backends.signals import connection_created

from titanobova import queries, sentry


class TitanobovaConfig(AppConfig):
    """The tables that no domain owns."""

    name = "titanobova"
    verbose_name = "Mail and limits"

    def ready(self) -> None:
        """Count statements, have our figures read, and start the reports of defects where they are wanted."""
        connection_created.connect(queries.watch)
        import_module("titanobova.readings").take_part()  # models can be imported only now
        if settings.SENTRY_DSN:
            sentry.start(settings.SENTRY_DSN, environment=settings.SENTRY_ENVIRONMENT, release=settings.RELEASE)
