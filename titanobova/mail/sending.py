"""One try to send one mail, whichever way it leaves."""

import logging
from email.utils import parseaddr

from django.conf import settings
from django.core.exceptions import ValidationError
from django.core.validators import validate_email

from titanobova import faults
from titanobova.letters import Letter, unseal
from titanobova.mail import sendgrid, smtp
from titanobova.mail.answers import Answer, Outcome
from titanobova.mail.deadline import TookTooLong, within
from titanobova.models import OutgoingMail

logger = logging.getLogger("titanobova.email")

ADDRESS_LENGTH = 254  # RFC 5321 section 4.5.3.1.3, and that of our columns
CALL_SECONDS = 60  # for a whole try, however slowly the service speaks; less than the lease


def way_out() -> str:
    """Return by which way mail leaves: SendGrid when there is a key, else Django's backend."""
    return "sendgrid" if settings.SENDGRID_API_KEY else "smtp"


def send(mail: OutgoingMail) -> Answer:
    """Try once to hand a mail on, and return what came of it; nothing is raised, for one mail must not stop others."""
    if not is_one_address(mail.recipient):
        return Answer(Outcome.REFUSED, "The recipient is not one e-mail address.")
    try:
        letter = Letter(mail.subject, unseal(mail.text), unseal(mail.button))
        call = sendgrid.send if settings.SENDGRID_API_KEY else smtp.send
        answer = within(CALL_SECONDS, lambda: call(mail, letter, message_id_of(mail)))
    except TookTooLong as silence:
        answer = Answer(Outcome.UNKNOWN, f"There was {silence}.")
    except Exception as error:  # a key that is gone, a template that is broken: this mail waits until it is mended
        logger.exception("A mail cannot be put together.")
        return Answer(Outcome.DEFERRED, f"It cannot be put together: {type(error).__name__}")
    faults.hit("mail.after_call")
    return answer


def message_id_of(mail: OutgoingMail) -> str:
    """Return the mail's name for mail servers: the same at each try, so that one that has it already can tell.

    One that staff send once more is another mail, which must not be taken for a repetition.
    """
    domain = parseaddr(settings.DEFAULT_FROM_EMAIL)[1].rpartition("@")[2] or "localhost"
    return f"<{mail.pk}.{mail.resent}@{domain}>"


def is_one_address(text: str) -> bool:
    """Whether `text` is one e-mail address and nothing else: no list, no name, no line break that begins a header."""
    try:
        validate_email(text)
    except ValidationError:
        return False
    return len(text) <= ADDRESS_LENGTH
