"""Sending a mail once more."""

from datetime import timedelta

from django.db import transaction
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from titanobova.email import wake_on_commit
from titanobova.errors import DomainError
from titanobova.models import OutgoingMail

Status = OutgoingMail.Status
A_MOMENT = timedelta(minutes=1)
LINK_CUT_OUT = "?token=..."


class MailStillWaits(DomainError):
    """It will be sent anyway."""

    code, status, message = "mail_still_waits", 409, "This mail still waits and is tried again by itself."


class MailJustSent(DomainError):
    """Somebody clicked twice."""

    code, status, message = "mail_just_sent", 409, "This mail was sent a moment ago."


class MailIsGone(DomainError):
    """What it said is not here any more."""

    code, status = "mail_is_gone", 409
    message = "The words or the link of this mail are gone: the person can ask for a new one."


@transaction.atomic
def resend(mail: OutgoingMail, *, by: Actor) -> OutgoingMail:
    """Put a mail that was sent or given up into line again, as a mail of its own for whoever receives it.

    :raises MailStillWaits: when it is in line already; of two clicks at once the second one ends here,
    :raises MailJustSent: or here, when the first one's mail has left by then.
    :raises MailIsGone: when its link was cut out, as with each mail that left, when its person was erased, or when it
        has just been deleted because it was kept long enough.
    """
    held = OutgoingMail.objects.select_for_update().filter(pk=mail.pk).first()
    if held is None:
        raise MailIsGone
    if held.status == Status.WAITING:
        raise MailStillWaits
    if held.sent_at and timezone.now() - held.sent_at < A_MOMENT:
        raise MailJustSent
    if not held.text or LINK_CUT_OUT in held.text + held.button:
        raise MailIsGone
    held.status, held.delivery, held.last_error = Status.WAITING, "", ""
    held.failures, held.resent, held.next_try_at = 0, held.resent + 1, timezone.now()
    held.save(update_fields=["status", "delivery", "last_error", "failures", "resent", "next_try_at"])
    record("update", "mail.resent", by=by, on=held)
    wake_on_commit()
    return held
