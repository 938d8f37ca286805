"""Sending what is due: one worker claims a mail, tries it, and writes down what came of it.

The claim is committed before the mail service is asked, so no second worker asks it meanwhile, and a worker that is
killed leaves a try that never ended. What is never lost may rarely come twice: docs/mail.md says when.
"""

import logging
import time
from datetime import timedelta

from django.db import InterfaceError, OperationalError, connection, transaction
from django.utils import timezone

from titanobova import faults
from titanobova.letters import without_secrets
from titanobova.mail import sending
from titanobova.mail.answers import Answer, Outcome
from titanobova.mail.pausing import PAUSING, end_pause, is_on, jittered, pause_after, pause_of
from titanobova.metrics import MAIL_TRIES
from titanobova.models import MailPause, MailTry, OutgoingMail

logger = logging.getLogger("titanobova.email")

LEASE = timedelta(minutes=2)  # longer than one try can take (sending.CALL_SECONDS)
FIRST_PAUSE, LONGEST_PAUSE = timedelta(seconds=30), timedelta(hours=1)
PAUSE_IN_DOUBT = timedelta(minutes=2)  # at least, when the service may have the mail: its events may say so first
MAX_FAILURES = 100  # with pauses that grow to an hour: almost four days at the least
PATIENCE = (0.2, 1, 3, 10, 15)  # seconds between tries to settle; with a call of 60 seconds still within the lease
FROZEN = timedelta(seconds=25)  # between claim and call; what a call and the patience above leave of the lease
TOO_LATE = Answer(Outcome.DEFERRED, "The worker stood still after its claim.")
AT_MOST = 100  # mails in a run, so that other jobs get their turn

Status = OutgoingMail.Status


def deliver_due_mail(*, at_most: int = AT_MOST) -> int:
    """Send what is due and return how many mails left. Safe to run in any number of processes at once."""
    way = sending.way_out()
    pause = pause_of(way)
    if is_on(pause):
        return 0
    sent = 0
    for _ in range(at_most):
        attempt = claim()
        if attempt is None:
            break
        answer = try_to_send(attempt)
        if answer.outcome in PAUSING:
            pause_after(way, answer)
            break
        sent += answer.outcome == Outcome.ACCEPTED
        pause = _rest_of(pause, answer)
    return sent


def _rest_of(pause: MailPause | None, answer: Answer) -> MailPause | None:
    if pause is None or answer.outcome != Outcome.ACCEPTED:
        return pause
    end_pause(pause.way)
    return None


def claim() -> MailTry | None:
    """Take one due mail for the length of LEASE, and write down that a try begins; None when nothing is due.

    Workers skip what another one is just taking, and the condition of the UPDATE lets one of them win where the
    database cannot skip. A worker that dies meanwhile leaves the mail to whoever comes when its lease is over.
    """
    with transaction.atomic():
        due = OutgoingMail.objects.due().order_by("next_try_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        mail = due.first()
        if mail is None or not OutgoingMail.objects.due().filter(pk=mail.pk, tries=mail.tries).update(
            next_try_at=timezone.now() + LEASE, tries=mail.tries + 1
        ):
            return None
        mail.tries += 1
        if mail.tries > 1:
            _close_what_never_ended(mail)
        attempt = MailTry.objects.create(mail=mail, number=mail.tries)
    faults.hit("mail.after_claim")
    return attempt


def _close_what_never_ended(mail: OutgoingMail) -> None:
    left = mail.attempts.filter(outcome=Outcome.UNDER_WAY)
    left.update(outcome=Outcome.UNKNOWN, reason="The worker ended in the middle of it.", ended_at=timezone.now())


def try_to_send(attempt: MailTry) -> Answer:
    """Send the mail of a claim and settle what came of it.

    A worker that stood still meanwhile, with its whole machine perhaps, keeps its hands off: another may send it.
    """
    answer = TOO_LATE if timezone.now() - attempt.started_at > FROZEN else sending.send(attempt.mail)
    if answer.outcome != Outcome.ACCEPTED:
        level = logging.ERROR if answer.outcome == Outcome.MISCONFIGURED else logging.WARNING
        logger.log(level, "Mail %s was not taken at try %s: %s", attempt.mail_id, attempt.number, answer.outcome)
    MAIL_TRIES.labels(answer.outcome).inc()
    settle_in_spite_of_outages(attempt, answer)
    faults.hit("mail.after_settle")
    return answer


def settle_in_spite_of_outages(attempt: MailTry, answer: Answer) -> None:
    """Settle a try, again and again while the database is away: what is not written down would be sent once more."""
    for seconds in PATIENCE:
        try:
            return settle(attempt, answer)
        except (OperationalError, InterfaceError):
            logger.warning("The database is away; what came of mail %s is written down later.", attempt.mail_id)
            connection.close()
            time.sleep(seconds)
    return settle(attempt, answer)


@transaction.atomic
def settle(attempt: MailTry, answer: Answer) -> None:
    """Store what came of a try.

    Success counts whoever reports it. A failure counts only for the latest claim: a worker that took longer than its
    lease has no say in a mail that another one tries by now. A mail that was erased meanwhile stays as it is.
    """
    mail = attempt.mail
    waiting = OutgoingMail.objects.filter(pk=mail.pk, status=Status.WAITING, resent=mail.resent)
    if answer.outcome == Outcome.ACCEPTED:
        counts = waiting.update(**as_sent(mail), sent_at=timezone.now())
    else:
        counts = waiting.filter(tries=attempt.number).update(**_not_sent(mail, answer), last_error=answer.reason)
    reason = answer.reason if counts else ""  # it may name the address of somebody who was erased
    MailTry.objects.filter(pk=attempt.pk).update(outcome=answer.outcome, reason=reason, ended_at=timezone.now())


def _not_sent(mail: OutgoingMail, answer: Answer) -> dict[str, object]:
    """Return what becomes of a mail that was not taken.

    What is wrong with all mail (a limit, our key) is not held against this one.
    """
    now = timezone.now()
    if answer.outcome == Outcome.REFUSED:
        return _as_failed(mail)
    if answer.outcome in {Outcome.BUSY, Outcome.MISCONFIGURED}:
        return {"next_try_at": now + (answer.wait or FIRST_PAUSE)}
    failures = mail.failures + 1
    if failures >= MAX_FAILURES:
        return {**_as_failed(mail), "failures": failures}
    return {"next_try_at": now + _pause_after(failures, answer), "failures": failures}


def _pause_after(failures: int, answer: Answer) -> timedelta:
    pause = min(FIRST_PAUSE * 2 ** min(failures - 1, 10), LONGEST_PAUSE)
    if answer.outcome == Outcome.UNKNOWN:
        pause = max(pause, PAUSE_IN_DOUBT)
    return max(jittered(pause), answer.wait or timedelta())


def as_sent(mail: OutgoingMail) -> dict[str, object]:
    """Return what a sent mail holds. Once nobody will send it again, its links open nothing any more from here."""
    return {**_without_links(mail), "status": Status.SENT, "last_error": ""}


def _as_failed(mail: OutgoingMail) -> dict[str, object]:
    return {**_without_links(mail), "status": Status.FAILED}


def _without_links(mail: OutgoingMail) -> dict[str, object]:
    return {"text": without_secrets(mail.text), "button": without_secrets(mail.button)}
