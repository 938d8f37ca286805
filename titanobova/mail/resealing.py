"""Encrypting the links of waiting mail anew, while mail is being sent."""

import logging
from collections.abc import Iterator

from titanobova.letters import holds_secrets, reseal
from titanobova.models import OutgoingMail

logger = logging.getLogger("titanobova.email")

BATCH = 500  # rows


def reseal_waiting_mail() -> int:
    """Encrypt the links of all mail that waits with the first key; return how many mails there were. Safe to run again.

    A mail is written only if it still waits and says what was read: one that a worker sends meanwhile keeps what the
    worker left of it. One that no key opens could not be sent before either: it is named in the log and left alone, for
    the others must not lose their key on its account.
    """
    return sum(_reseal(mail) for mail in _waiting_with_links())


def _waiting_with_links() -> Iterator[OutgoingMail]:
    """Yield the mails batch by batch, in the order of an index; sent mail, which is most of the table, is not read."""
    waiting = OutgoingMail.objects.filter(status=OutgoingMail.Status.WAITING).order_by("pk").only("text", "button")
    some = list(waiting[:BATCH])
    while some:
        yield from (mail for mail in some if holds_secrets(mail.text + mail.button))
        some = list(waiting.filter(pk__gt=some[-1].pk)[:BATCH])


def _reseal(mail: OutgoingMail) -> int:
    try:
        fresh = {"text": reseal(mail.text), "button": reseal(mail.button)}
    except ValueError:
        logger.warning("Mail %s has a link that no key of FIELD_ENCRYPTION_KEYS opens.", mail.pk)
        return 0
    same = OutgoingMail.objects.filter(pk=mail.pk, status=mail.Status.WAITING, text=mail.text, button=mail.button)
    return same.update(**fresh)
