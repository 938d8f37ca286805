"""Versions of what every process caches: who changes it raises its version, who has an older one drops it.

The number lives in Redis, or without REDIS_HOST in a database row that is raised in the transaction of the change. It
is an instant, not a count, so that a Redis that lost it never says an old number again.
"""

import time

from django.conf import settings
from django.db import transaction
from rest_framework.request import Request

from titanobova.models import SharedVersion
from titanobova.shared import redis


def raise_on_commit(name: str) -> None:
    """Make every process drop what it caches under `name`, from the moment at which the caller's transaction commits.

    A Redis that is down at that moment is told nothing; then what is cached lives for the rest of its own time.
    """
    if settings.REDIS_HOST:
        transaction.on_commit(lambda: redis.set_version(name, time.time_ns()), robust=True)
        return
    SharedVersion.objects.update_or_create(pk=name, defaults={"number": time.time_ns()})


def current_version(name: str, request: Request | None = None) -> int | None:
    """Return the version of `name`; None when nobody can tell, and nothing cached may be used.

    With `request`, the one that counting it has brought along is good enough.
    """
    if request is not None and (known := request.META.get("titanobova.versions", {}).get(name)):
        return int(known)
    if settings.REDIS_HOST:
        return redis.version(name)
    number = SharedVersion.objects.filter(pk=name).values_list("number", flat=True).first()
    return number or 0
