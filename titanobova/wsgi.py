"""The entry point for gunicorn."""

import os

from django.conf import settings
from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "titanobova.settings")

application = get_wsgi_application()

if settings.CELERY_TASK_ALWAYS_EAGER:  # no beat sweeps the outbox of the embedded mode: its own start does
    from titanobova.email import wake_delivery

    wake_delivery()
