"""What the outbox holds of people."""

from titanobova.models import MailEvent, MailQuerySet, MailTry, OutgoingMail


def blank_mail(mails: MailQuerySet, *, recipient: str) -> int:
    """Take all words out of mails, in the caller's transaction; how many were sent when, and which failed, stays.

    `recipient` stands where the address stood. A mail that still waits is not sent any more.
    """
    waiting, failed = OutgoingMail.Status.WAITING, OutgoingMail.Status.FAILED
    mails.filter(status=waiting).update(status=failed)
    for told in (MailTry.objects.filter(mail__in=mails), MailEvent.objects.filter(mail__in=mails)):
        told.exclude(reason="").update(reason="")  # servers like to name the address
    return mails.update(recipient=recipient, subject="", text="", button="", reply_to="", last_error="erased")
