"""A worker of mail that dies without a word at a named place: `python -m tests.mail.killed_worker PLACE celery|once`.

`celery` is Celery's own worker on the queue, in one process; `once` does what one of its jobs does.
"""

import os
import signal
import sys
from functools import partial

import django
from django.utils.module_loading import import_string

from titanobova import faults
from titanobova.celery import app

WORKER = ["worker", "--pool=solo", "--loglevel=ERROR", "--without-gossip", "--without-mingle", "--without-heartbeat"]


def die(at: str, place: str) -> None:
    """End without a word where the test wants it."""
    if place == at:
        os.kill(os.getpid(), signal.SIGKILL)


if __name__ == "__main__":
    place, how = sys.argv[1:]
    django.setup()
    faults.hook = partial(die, place)
    if how == "celery":
        app.worker_main(WORKER)
    else:
        import_string("titanobova.email.deliver_mail")()  # the models need the setup first
