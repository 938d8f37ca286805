"""Reading the mail that waits in the outbox, as its recipient would."""

import re
from collections.abc import Callable

from django.db import connection
from django.test.utils import CaptureQueriesContext

from titanobova.letters import unseal
from titanobova.models import OutgoingMail

API = "/api/v1/users/"


def mails_to(email: str) -> list[OutgoingMail]:
    """Return what waits for a mailbox, oldest first."""
    return list(OutgoingMail.objects.filter(recipient=email).order_by("id"))


def links_to(email: str) -> list[str]:
    """Return the links that were mailed to a mailbox, oldest first."""
    texts = [unseal(mail.text) for mail in mails_to(email)]
    return [found[0] for text in texts if (found := re.search(r"\S+\?token=\S+", text))]


def token_for(email: str) -> str:
    """Return the token of the newest link that was mailed to a mailbox."""
    return links_to(email)[-1].partition("?token=")[2]


def statements_of(act: Callable[[], object]) -> list[tuple[str, ...]]:
    """Return verb and table of each statement that `act` makes; savepoints are left out."""
    with CaptureQueriesContext(connection) as captured:
        act()
    told = (re.match(r'(SELECT|INSERT|UPDATE|DELETE)\b.*?(?<=FROM|INTO|DATE) "?(\w+)', q["sql"]) for q in captured)
    return [match.groups() for match in told if match]
