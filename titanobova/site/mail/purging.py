"""Mail that was kept long enough."""

from collections.abc import Iterator
from datetime import datetime

from django.db import connection
from django.db.models import Q, QuerySet

from titanobova.models import TROUBLES, OutgoingMail
from titanobova.retention import Kept, steps

Status = OutgoingMail.Status


def _delivered(before: datetime) -> Iterator[QuerySet[OutgoingMail]]:
    """Yield the mails that were sent before an instant, and of which no trouble was heard."""
    arrived = Q(status=Status.SENT, sent_at__lt=before) & ~Q(delivery__in=TROUBLES)
    for step in steps(OutgoingMail.objects.all(), before):
        yield step.filter(arrived)


def _undelivered(before: datetime) -> Iterator[QuerySet[OutgoingMail]]:
    """Yield the mails that were given up, or came back, before an instant: until then staff may look into them.

    One that staff sends once more waits, and then is sent, at its new time.
    """
    for step in steps(OutgoingMail.objects.filter(status=Status.FAILED), before):
        yield step.filter(next_try_at__lt=before)  # of a failed mail: the end of its last try
    for trouble in TROUBLES:
        for step in steps(OutgoingMail.objects.filter(delivery=trouble), before):
            yield step.filter(status=Status.SENT, sent_at__lt=before)


def _delete(mails: QuerySet[OutgoingMail]) -> int:
    """Delete mails with their tries and events, in the caller's transaction.

    They are locked by a query that asks their state once more: one that staff has just put into line again stays, and
    so does one that somebody works on right now, until the next run.
    """
    skips = connection.features.has_select_for_update_skip_locked
    held = mails.order_by("pk").select_for_update(skip_locked=skips).values_list("pk", flat=True)
    ids = list(held)
    OutgoingMail.objects.filter(pk__in=ids).delete()
    return len(ids)


DELIVERED = Kept("delivered mail", "MAIL_KEPT_DAYS", _delivered, _delete)
UNDELIVERED = Kept("undelivered mail", "UNDELIVERED_MAIL_KEPT_DAYS", _undelivered, _delete)
