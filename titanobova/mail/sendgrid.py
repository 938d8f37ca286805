"""Handing a mail to SendGrid: the one module that knows its library."""

from email.utils import parseaddr
from typing import Any
from urllib.error import URLError

from django.conf import settings
from django.utils import timezone
from python_http_client.exceptions import HTTPError
from sendgrid import SendGridAPIClient

from titanobova.domains import with_ascii_domain
from titanobova.letters import Letter
from titanobova.mail.answers import Answer, Outcome, answer_of
from titanobova.models import OutgoingMail

SECONDS = 5  # for each step of the connection; the library's own default is to wait for ever


def send(mail: OutgoingMail, letter: Letter, message_id: str) -> Answer:
    """Ask SendGrid to send a mail.

    A failure until the request is sent proves that SendGrid does not have the mail; silence or a cut afterwards proves
    nothing.
    """
    client = SendGridAPIClient(settings.SENDGRID_API_KEY, host=settings.SENDGRID_API_BASE)
    client.client.timeout = SECONDS
    try:
        answer = client.send(message_of(mail, letter, message_id))
    except HTTPError as error:
        return answer_of(error.status_code, error.headers, error.body, now=timezone.now())
    except URLError as error:  # urllib wraps what happens before the request is out, and nothing after
        return Answer(Outcome.DOWN, f"SendGrid cannot be reached: {type(error.reason).__name__}")
    except Exception as error:
        return Answer(Outcome.UNKNOWN, f"SendGrid gave no answer: {type(error).__name__}")
    return answer_of(answer.status_code, answer.headers, answer.body, now=timezone.now())


def message_of(mail: OutgoingMail, letter: Letter, message_id: str) -> dict[str, Any]:
    """Return a mail as SendGrid's API takes it: one recipient, and no field in which a text of somebody's adds another.

    `custom_args` come back with each event about the mail. SendGrid keeps them for long, so they name nobody.
    """
    name, address = parseaddr(settings.DEFAULT_FROM_EMAIL)
    message: dict[str, Any] = {
        "from": {"email": address, **({"name": name} if name else {})},
        "personalizations": [{"to": [{"email": with_ascii_domain(mail.recipient)}]}],
        "subject": letter.subject,
        "content": [{"type": "text/plain", "value": letter.text}, {"type": "text/html", "value": letter.html}],
        "headers": {"Message-ID": message_id},
        "custom_args": {"mail": str(mail.pk), "sending": str(mail.resent)},
        # SendGrid would lead every link through a server of its own, which then knows what the link opens.
        "tracking_settings": {
            "click_tracking": {"enable": False, "enable_text": False},
            "open_tracking": {"enable": False},
        },
    }
    if mail.reply_to:
        message["reply_to"] = {"email": mail.reply_to}
    return message
