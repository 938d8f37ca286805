"""Handing a mail to the SMTP server of EMAIL_HOST, or in development to the console: whatever Django's backend is."""

import ssl
from contextlib import suppress
from smtplib import (
    SMTPAuthenticationError,
    SMTPDataError,
    SMTPNotSupportedError,
    SMTPRecipientsRefused,
    SMTPResponseException,
    SMTPSenderRefused,
)

from django.conf import settings
from django.core.mail import EmailMultiAlternatives, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from titanobova.domains import with_ascii_domain
from titanobova.letters import Letter
from titanobova.mail.answers import ACCEPTED, Answer, Outcome, plain
from titanobova.models import OutgoingMail

CLOSING = 421  # RFC 5321 section 4.2.2: the server is about to shut down
WANTS_LOGIN = frozenset({530, 534, 535, 538})  # RFC 4954 section 6


def send(mail: OutgoingMail, letter: Letter, message_id: str) -> Answer:
    """Ask the server to take a mail.

    What fails while the connection is opened proves that it does not have it; what fails when it is closed comes too
    late to matter, for by then it has.
    """
    connection = get_connection()
    try:
        return _send(connection, _message_of(mail, letter, message_id))
    finally:
        with suppress(Exception):
            connection.close()


def _send(connection: BaseEmailBackend, message: EmailMultiAlternatives) -> Answer:
    try:
        connection.open()
    except Exception as error:
        return _answer_without_connection(error)
    try:
        connection.send_messages([message])
    except Exception as error:
        return _answer_of(error)
    return ACCEPTED


def _message_of(mail: OutgoingMail, letter: Letter, message_id: str) -> EmailMultiAlternatives:
    message = EmailMultiAlternatives(
        letter.subject,
        letter.text,
        settings.DEFAULT_FROM_EMAIL,
        [with_ascii_domain(mail.recipient)],
        reply_to=[mail.reply_to] if mail.reply_to else None,
        headers={"Message-ID": message_id},
    )
    message.attach_alternative(letter.html, "text/html")
    return message


def _answer_without_connection(error: Exception) -> Answer:
    if isinstance(error, SMTPAuthenticationError) and error.smtp_code >= 500:
        return Answer(Outcome.MISCONFIGURED, _said(error.smtp_code, error.smtp_error))
    if isinstance(error, SMTPNotSupportedError | ssl.SSLCertVerificationError):
        return Answer(Outcome.MISCONFIGURED, plain(f"{type(error).__name__}: {error}"))
    return Answer(Outcome.DOWN, f"The SMTP server cannot be reached: {type(error).__name__}")


def _answer_of(error: Exception) -> Answer:
    """Return what a refusal in the middle of the conversation says of the mail."""
    if isinstance(error, SMTPRecipientsRefused):
        [(code, words)] = error.recipients.values()  # there is one
        return Answer(_outcome_of(code, for_good=Outcome.REFUSED), _said(code, words))
    if isinstance(error, SMTPSenderRefused):  # the sender is ours, and the same in every mail
        return Answer(
            _outcome_of(error.smtp_code, for_good=Outcome.MISCONFIGURED), _said(error.smtp_code, error.smtp_error)
        )
    if isinstance(error, SMTPDataError | SMTPResponseException):
        return Answer(_outcome_of(error.smtp_code, for_good=Outcome.REFUSED), _said(error.smtp_code, error.smtp_error))
    if isinstance(error, SMTPNotSupportedError | ValueError):  # the address or a header cannot be written
        return Answer(Outcome.REFUSED, f"It cannot be sent: {type(error).__name__}")
    return Answer(Outcome.UNKNOWN, f"The SMTP server gave no answer: {type(error).__name__}")


def _outcome_of(code: int, *, for_good: Outcome) -> Outcome:
    if code == CLOSING:
        return Outcome.DOWN
    if code in WANTS_LOGIN:
        return Outcome.MISCONFIGURED
    return for_good if code >= 500 else Outcome.DEFERRED


def _said(code: int, words: bytes | str) -> str:
    text = words.decode(errors="replace") if isinstance(words, bytes) else words
    return plain(f"The SMTP server said {code}: {text}")
