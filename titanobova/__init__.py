"""The shared ground of the domains; see docs/architecture.md."""

from titanobova.celery import app as celery_app

__all__ = ["celery_app"]
