"""The Celery application: jobs that a person need not wait for.

A job only wakes work that lies in a row already, so a broker that is down delays it and loses nothing.
"""

import os

from celery import Celery

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "titanobova.settings")

app = Celery("titanobova")
app.config_from_object("django.conf:settings", namespace="CELERY")
app.conf.imports = [
    "titanobova.email",
    "titanobova.heartbeats",
    "audit.jobs",
    "payments.jobs",
    "titanobova.site.jobs",
    "titanobova.worker_figures",
]
