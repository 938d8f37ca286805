"""Mail leaves through the outbox: a row in the caller's transaction, delivered after its commit."""

import logging
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.db import connection, connections, transaction
from django.utils import timezone
from sendgrid import SendGridAPIClient
from sendgrid.helpers.mail import ClickTracking, Mail, OpenTracking, ReplyTo, TrackingSettings

from titanobova.letters import Letter, compose, seal, unseal, without_secrets
from titanobova.models import OutgoingMail
from titanobova.shared import redis
from titanobova.waking import Waker

logger = logging.getLogger("titanobova.email")

MAX_TRIES = 12
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(hours=3)
LEASE = timedelta(minutes=2)  # longer than one try can take, so that no second worker sends the same mail meanwhile
SENDGRID_TIMEOUT = 5  # seconds; the client's own default is to wait for ever

# Sends the mail of the embedded mode, which has no worker. Nobody waits for a mail server, and no answer tells by its
# time whether it caused a mail. At exit Python waits for it.
_embedded_worker = ThreadPoolExecutor(max_workers=1, thread_name_prefix="mail")
_next_sweep: threading.Timer | None = None


class MailRefused(Exception):
    """The mail service will never take this mail; trying again cannot help."""


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

    `template` is a plain text file of templates/mail/, `button` a label and an address. Line breaks in `subject` and
    `reply_to`, which an attacker would use to add headers, become spaces or drop the address.
    """
    subject = " ".join(subject.split())[:200]
    letter = compose(template, subject=subject, context=context or {}, button=button)
    return OutgoingMail(
        recipient=to,
        subject=subject,
        text=seal(letter.text),
        button=seal(letter.button),
        reply_to="" if any(char in reply_to for char in "\r\n,") else reply_to,
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
    if _next_sweep is not None:
        _next_sweep.cancel()
    _next_sweep = threading.Timer(max(1.0, (due_at - timezone.now()).total_seconds()), wake_delivery)
    _next_sweep.daemon = True
    _next_sweep.start()


@shared_task
def deliver_mail() -> int:
    """Job: send the mails that are due; woken by each commit that wrote one, and by beat every minute."""
    return deliver_due_mail()


def deliver_due_mail(*, at_most: int = 100) -> int:
    """Send what is due and return how many mails left. Safe to run in any number of processes at once."""
    sent = 0
    for _ in range(at_most):
        mail = _lease_one()
        if mail is None:
            break
        sent += _try_to_send(mail)
    return sent


def _lease_one() -> OutgoingMail | None:
    """Take one due mail for the length of LEASE; a worker that dies meanwhile leaves it to the next sweep."""
    with transaction.atomic():
        due = OutgoingMail.objects.due().order_by("next_try_at")
        if connection.features.has_select_for_update_skip_locked:
            due = due.select_for_update(skip_locked=True)
        mail = due.first()
        if mail is None or not OutgoingMail.objects.due().filter(pk=mail.pk).update(
            next_try_at=timezone.now() + LEASE, tries=mail.tries + 1
        ):
            return None
        mail.tries += 1
    return mail


def _try_to_send(mail: OutgoingMail) -> bool:
    try:
        _send(mail)
    except MailRefused as error:
        _settle(mail, status=OutgoingMail.Status.FAILED, last_error=str(error)[:300])
        return False
    except Exception as error:  # whatever a network does, the mail stays and is tried again
        pause = min(FIRST_PAUSE * 2 ** (mail.tries - 1), LONGEST_PAUSE)
        given_up = mail.tries >= MAX_TRIES
        status = OutgoingMail.Status.FAILED if given_up else OutgoingMail.Status.WAITING
        _settle(mail, status=status, last_error=type(error).__name__, next_try_at=timezone.now() + pause)
        logger.warning("A mail was not taken: %s, try %s", type(error).__name__, mail.tries)
        return False
    _settle(mail, status=OutgoingMail.Status.SENT, sent_at=timezone.now(), last_error="")
    return True


def _settle(mail: OutgoingMail, *, status: OutgoingMail.Status, **changes: object) -> None:
    """Store what came of a try. Once nobody will send the mail again, its links open nothing any more from here."""
    if status != OutgoingMail.Status.WAITING:
        changes |= {"text": without_secrets(mail.text), "button": without_secrets(mail.button)}
    OutgoingMail.objects.filter(pk=mail.pk).update(status=status, **changes)


def _send(mail: OutgoingMail) -> None:
    letter = Letter(mail.subject, unseal(mail.text), unseal(mail.button))
    if settings.SENDGRID_API_KEY:
        _send_by_sendgrid(mail, letter)
        return
    message = EmailMultiAlternatives(mail.subject, letter.text, settings.DEFAULT_FROM_EMAIL, [mail.recipient])
    message.reply_to = [mail.reply_to] if mail.reply_to else []
    message.attach_alternative(letter.html, "text/html")
    message.send()


def _send_by_sendgrid(mail: OutgoingMail, letter: Letter) -> None:
    client = SendGridAPIClient(settings.SENDGRID_API_KEY, host=settings.SENDGRID_API_BASE)
    client.client.timeout = SENDGRID_TIMEOUT
    message = Mail(
        from_email=settings.DEFAULT_FROM_EMAIL,
        to_emails=mail.recipient,
        subject=mail.subject,
        plain_text_content=letter.text,
        html_content=letter.html,
    )
    # SendGrid would lead every link through a server of its own, which then knows what the link opens.
    message.tracking_settings = TrackingSettings(ClickTracking(False, False), OpenTracking(False))
    if mail.reply_to:
        message.reply_to = ReplyTo(mail.reply_to)
    try:
        client.send(message)
    except Exception as error:
        # python_http_client raises a class for each status; 4xx but 401, 403 and 429 says the mail itself is wrong.
        status = getattr(error, "status_code", None)
        if isinstance(status, int) and 400 <= status < 500 and status not in {401, 403, 408, 429}:
            raise MailRefused(f"SendGrid refused it with status {status}") from error
        raise


_queue_waker = Waker(_put_into_queue)
