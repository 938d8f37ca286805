"""When the mail service fails, all mail waits a while: one failure tells what the next hundred tries would.

Otherwise each waiting mail costs a worker a time-out, payments wait for that worker, and a service that asks for
patience is asked again at once.
"""

import random
from datetime import timedelta

from django.db.models import F
from django.utils import timezone

from titanobova.mail.answers import Answer, Outcome
from titanobova.models import MailPause

FIRST, LONGEST = timedelta(seconds=15), timedelta(minutes=5)
WHEN_BUSY = timedelta(minutes=1)  # where a 429 does not say how long
PAUSING = frozenset({Outcome.BUSY, Outcome.DOWN, Outcome.UNKNOWN, Outcome.MISCONFIGURED})


def pause_of(way: str) -> MailPause | None:
    """Return the pause of a way out, which may be over; None when its last try was a success."""
    return MailPause.objects.filter(way=way).first()


def is_on(pause: MailPause | None) -> bool:
    """Whether no mail may be tried now."""
    return pause is not None and pause.ends_at > timezone.now()


def pause_after(way: str, answer: Answer) -> None:
    """Let all mail wait if `answer` says that another would end alike; longer after each failure in a row.

    Several workers may say so at once: the later end counts.
    """
    if answer.outcome not in PAUSING:
        return
    MailPause.objects.get_or_create(way=way, defaults={"ends_at": timezone.now()})
    failing = MailPause.objects.filter(way=way)
    failing.update(failures=F("failures") + 1, reason=answer.reason)
    ends_at = timezone.now() + _length(answer, failing.values_list("failures", flat=True).get())
    failing.filter(ends_at__lt=ends_at).update(ends_at=ends_at)


def end_pause(way: str) -> None:
    """Note that the way out works again; a pause that another worker has begun meanwhile stays."""
    MailPause.objects.filter(way=way, ends_at__lte=timezone.now()).delete()


def _length(answer: Answer, failures: int) -> timedelta:
    if answer.wait is not None:
        return jittered(answer.wait)
    if answer.outcome == Outcome.BUSY:
        return jittered(WHEN_BUSY)
    return jittered(min(FIRST * 2 ** min(failures - 1, 10), LONGEST))


def jittered(pause: timedelta) -> timedelta:
    """Return a pause up to a quarter longer, so that many who failed together do not come back together."""
    return pause * random.uniform(1, 1.25)  # noqa: S311 - nothing is secret about it
