"""Mail leaves through the outbox: a row in the caller's transaction, delivered after its commit (titanobova/mail/)."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor

from celery import shared_task
from django.conf import settings
from django.db import connections, transaction
from django.utils import timezone

from titanobova.letters import compose, seal
from titanobova.mail.delivering import AT_MOST, deliver_due_mail
from titanobova.mail.pausing import pause_of
from titanobova.mail.sending import is_one_address, way_out
from titanobova.models import OutgoingMail
from titanobova.shared import redis
from titanobova.waking import Waker

logger = logging.getLogger("titanobova.email")

# Sends the mail of the embedded mode, which has no worker. Nobody waits for a mail server, and no answer tells by its
# time whether it caused a mail. At exit Python waits for it.
_embedded_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_next_sweep: threading.Timer | None = None


def send_later(
    template: str,
    *,
    to: str,
    subject: str,
    context: dict[str, object] | None = None,
    reply_to: str = "",
    button: tuple[str, str] | None = None,
) -> OutgoingMail:
    """Put a mail into the outbox, inside the caller's transaction, and wake the delivery when it commits.

    The arguments are those of `write_mail`.
    """
    mail = write_mail(template, to=to, subject=subject, context=context, reply_to=reply_to, button=button)
    mail.save(force_insert=True)
    wake_on_commit()
    return mail


def write_mail(
    template: str,
    *,
    to: str,
    subject: str,
    context: dict[str, object] | None = None,
    reply_to: str = "",
    button: tuple[str, str] | None = None,
) -> OutgoingMail:
    """Return a mail for the outbox, for a caller who stores it together with other rows and calls `wake_on_commit`.

    `template` is a plain text file of templates/mail/, `button` a label and an address. Line breaks in `subject`, with
    which an attacker would add headers, become spaces; a `reply_to` that is not one e-mail address is left out.
    """
    subject = " ".join(subject.split())[:200]
    letter = compose(template, subject=subject, context=context or {}, button=button)
    return OutgoingMail(
        recipient=to,
        subject=subject,
        text=seal(letter.text),
        button=seal(letter.button),
        reply_to=reply_to if is_one_address(reply_to) else "",
    )


def wake_on_commit() -> None:
    """Have the outbox delivered once the caller's transaction commits."""
    transaction.on_commit(wake_delivery, robust=True)


def wake_delivery() -> None:
    """Have the mail that is due delivered soon; nobody waits for it, neither for a mail server nor for the queue."""
    if settings.CELERY_TASK_ALWAYS_EAGER:
        _embedded_worker.submit(_deliver_in_background)
    else:
        _queue_waker.wake()


def _put_into_queue() -> None:
    if redis.failed_a_moment_ago:  # it carries the jobs too
        return
    try:
        deliver_mail.apply_async(retry=False)
    except deliver_mail.OperationalError:
        logger.warning("The job queue is down; the sweep will deliver the mail.")


def _deliver_in_background() -> None:
    try:
        deliver_due_mail()
        _sweep_again()
    except Exception:
        logger.exception("The outbox cannot be read; the next mail tries again.")
    finally:
        connections.close_all()


def _sweep_again() -> None:
    """Wake the embedded delivery when the next waiting mail is due: what beat does every minute in production."""
    global _next_sweep  # noqa: PLW0603 - one timer for the one process of the embedded mode
    waiting = OutgoingMail.objects.filter(status=OutgoingMail.Status.WAITING).order_by("next_try_at")
    due_at = waiting.values_list("next_try_at", flat=True).first()
    if due_at is None:
        return
    pause = pause_of(way_out())
    due_at = max(due_at, pause.ends_at) if pause else due_at
    if _next_sweep is not None:
        _next_sweep.cancel()
    _next_sweep = threading.Timer(max(1.0, (due_at - timezone.now()).total_seconds()), wake_delivery)
    _next_sweep.daemon = True
    _next_sweep.start()


@shared_task
def deliver_mail() -> int:
    """Job: send the mails that are due; woken by each commit that wrote one, and by beat every minute.

    What is left after a run is the next job's, so that a backlog goes as fast as the service takes it, and other jobs
    get their turn.
    """
    sent = deliver_due_mail()
    if sent >= AT_MOST:
        wake_delivery()
    return sent


_queue_waker = Waker(_put_into_queue)
