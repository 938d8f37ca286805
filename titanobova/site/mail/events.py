"""What SendGrid's events do here."""

import logging
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace

from django.db import transaction

from audit.actor import Actor
from audit.forgeries import record_forgery
from audit.services import record
from titanobova import faults
from titanobova.mail.delivering import as_sent
from titanobova.mail.events import BadMailEvents, BadMailSignature, Told, read_events
from titanobova.models import Delivery, MailEvent, OutgoingMail

logger = logging.getLogger("titanobova.email")

# Which of two events of the same second came later: a mail is processed before it is delivered.
ORDER = list(Delivery)


def receive_events(body: bytes, signature: str, timestamp: str, *, by: Actor) -> int:
    """Store the events in `body`, once its signature is verified, and return how many were new.

    An entry that cannot be read is answered with 400, so that SendGrid's own page shows it and it is sent again; what
    stands beside it is kept.

    :raises BadMailSignature: when SendGrid did not sign it, or too long ago; this leaves a security event.
    :raises BadMailEvents: when something in it is no event.
    :raises MailEventsNotConfigured: without SENDGRID_WEBHOOK_PUBLIC_KEY.
    """
    try:
        events = read_events(body, signature, timestamp)
    except BadMailSignature:
        record_forgery("mail.webhook.bad_signature", by=by)
        raise
    new = apply_events(events.told, by=replace(by, system="sendgrid"))
    if events.odd:
        logger.error("%s events of SendGrid cannot be read.", events.odd)
        raise BadMailEvents(f"{events.odd} entries are not events; the others are stored.")
    return new


def apply_events(told: Iterable[Told], *, by: Actor) -> int:
    """Store events once each and work out anew how the mails they are about stand; return how many were new.

    SendGrid delivers at least once and in any order. The id is the key, so a repetition changes nothing, and the state
    is a function of the set of events, so their order does not matter. The mails are locked first: of two deliveries
    at once the second waits, and sees the events of the first.
    """
    named = {event.id: event for event in told}
    with transaction.atomic():
        wanted = OutgoingMail.objects.filter(pk__in={event.mail_id for event in named.values()})
        mails = {mail.pk: mail for mail in wanted.select_for_update().order_by("pk")}
        known = set(MailEvent.objects.filter(pk__in=named).values_list("pk", flat=True))
        new = [event for event in named.values() if event.id not in known and event.mail_id in mails]
        if not new:
            return 0
        MailEvent.objects.bulk_create([_row_of(event, mails[event.mail_id]) for event in new], ignore_conflicts=True)
        _update_mails([mails[pk] for pk in {event.mail_id for event in new}])
        kinds = Counter(str(event.kind) for event in new)
        record("update", "mail.events.received", by=by, details={"status": dict(kinds)})
    return len(new)


def _row_of(event: Told, mail: OutgoingMail) -> MailEvent:
    reason = event.reason if mail.text else ""  # who was erased is not named again
    told = {"sending": event.sending, "kind": event.kind, "occurred_at": event.occurred_at}
    return MailEvent(id=event.id, mail=mail, reason=reason, **told)


def _update_mails(mails: list[OutgoingMail]) -> None:
    """Let each mail say what its events say. Any event about its latest sending proves that SendGrid has the mail.

    So a mail whose worker died between the call and our UPDATE, or whose call was cut, is not sent once more.
    """
    events: dict[object, list[MailEvent]] = {mail.pk: [] for mail in mails}
    for event in MailEvent.objects.filter(mail__in=mails):
        events[event.mail_id].append(event)
    for mail in mails:
        latest = [event for event in events[mail.pk] if event.sending == mail.resent]
        mail.delivery = state_of(latest)
        if latest and mail.status == OutgoingMail.Status.WAITING:
            for name, value in as_sent(mail).items():
                setattr(mail, name, value)
            mail.sent_at = min(event.occurred_at for event in latest)
    faults.hit("mail.before_states")
    OutgoingMail.objects.bulk_update(mails, ["delivery", "status", "sent_at", "text", "button", "last_error"])


def state_of(events: Iterable[MailEvent]) -> str:
    """Return what the last event says, by SendGrid's clock and not by when we heard of it; empty without any."""
    latest = max(events, key=lambda event: (event.occurred_at, ORDER.index(Delivery(event.kind))), default=None)
    return latest.kind if latest else ""
