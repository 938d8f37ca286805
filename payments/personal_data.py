"""What payments hold of a person: handed out to them, and taken out when they are erased."""

from typing import Any

from django.db.models import F, Q, QuerySet
from django.utils import timezone

from audit.actor import Actor
from courses.money import price_text
from payments.models import Dispute, Document, Payment, Refund, WebhookEvent
from users import extension_points
from users.models import User

EXPORTED = (
    "id",
    "enrollment_id",
    "course_title",
    "amount",
    "amount_refunded",
    "currency",
    "description",
    "status",
    "intent_id",
    "created_at",
    "updated_at",
)
# What stays of an event: which it was and of what money. Stripe's objects also hold names, addresses and cards.
OF_EVENT = ("id", "object", "type", "created", "livemode", "api_version")
OF_SUBJECT = (
    "id",
    "object",
    "amount",
    "amount_received",
    "amount_refunded",
    "currency",
    "status",
    "payment_intent",
    "latest_charge",
    "reason",
)
OF_METADATA = ("payment_id", "user_id", "enrollment_id", "refund_id")
REFUND = ("id", "payment_id", "amount", "status", "created_at", "updated_at")
DOCUMENT = (
    "id",
    "payment_id",
    "kind",
    "issued_at",
    "subject",
    "currency",
    "gross",
    "tax",
    "tax_rate",
    "seller_name",
    "buyer_name",
)
DISPUTE = ("id", "payment_id", "amount", "currency", "reason", "status", "opened_at", "closed_at")


def take_part() -> None:
    """Be asked whenever a person wants their data or is erased."""
    extension_points.export_person.append(export_payments)
    extension_points.erase_person.append(erase_payments)


def export_payments(user: User) -> dict[str, Any]:
    """Return the person's payments, what went back of them, and what they were given in writing."""
    rows = Payment.objects.filter(user=user).order_by("pk").values(*EXPORTED)
    refunds = Refund.objects.filter(payment__user=user).order_by("pk").values(*REFUND, currency=F("payment__currency"))
    disputes = Dispute.objects.filter(payment__user=user).order_by("opened_at").values(*DISPUTE)
    documents = Document.objects.filter(payment__user=user)
    return {
        "payments": [_in_words(row) for row in rows],
        "refunds": [_in_words(row) for row in refunds],
        "disputes": [_in_words(row) for row in disputes],
        "documents": [{"number": document.number_text, **_written(document)} for document in documents],
    }


def erase_payments(user: User, by: Actor) -> None:
    """Take the person's words out of their payments, and the person out of what Stripe sent; the money stays.

    Receipts and credit notes stay as they were issued, with the buyer's name: whoever sells must keep them for years,
    unaltered (docs/decisions/0012). Nobody but staff sees them any more.
    """
    now = timezone.now()
    _hold_payments_of(user)
    _take_names_out_of_events(user)
    Payment.objects.filter(user=user).update(
        description=F("course_title"), network_digest="", attempt="", updated_at=now
    )
    Refund.objects.filter(payment__user=user).update(reason="", updated_at=now)


def _hold_payments_of(user: User) -> None:
    """Wait for what is told of the person's payments just now, and let nobody tell more until this transaction ends.

    An event that is under way holds its payment and cannot be read before its commit: whoever read the events first
    would miss it, and its names would outlive the person. One that comes later finds the account erased.
    """
    held = Payment.objects.select_for_update(no_key=True).filter(user=user).order_by("pk")
    list(held.values_list("pk"))


def _take_names_out_of_events(user: User) -> None:
    events = list(events_of(user))
    for event in events:
        event.payload = of_the_money(event.payload)
    WebhookEvent.objects.bulk_update(events, ["payload"], batch_size=100)


def events_of(user: User) -> "QuerySet[WebhookEvent]":
    """Return the events about the person's payments that may name them, each found by an index.

    They say whose they are, or about which intent; an event that says neither was stored without names.
    """
    intents = list(Payment.objects.filter(user=user).exclude(intent_id="").values_list("intent_id", flat=True))
    of_intents = Q(intent_id__in=intents) & ~Q(intent_id="")  # the index has no others, and the database must know it
    return WebhookEvent.objects.filter(Q(buyer_id=user.pk) | of_intents)


def _in_words(row: dict[str, Any]) -> dict[str, Any]:
    """Return a row with its amounts as people write them in its currency."""
    amounts = {name: price_text(value, row["currency"]) for name, value in row.items() if name.startswith("amount")}
    return {**row, **amounts}


def _written(document: Document) -> dict[str, Any]:
    """Return what a document says, amounts as people write them."""
    row = {name: getattr(document, name) for name in DOCUMENT}
    return {**row, "gross": document.gross_text, "tax": document.tax_text, "tax_rate": document.tax_rate_text}


def of_the_money(payload: dict[str, Any]) -> dict[str, Any]:
    """Return what stays of an event once its person is erased."""
    subject = payload["data"]["object"]
    kept = _only(subject, OF_SUBJECT)
    if isinstance(metadata := subject.get("metadata"), dict):
        kept["metadata"] = _only(metadata, OF_METADATA)
    return {**_only(payload, OF_EVENT), "data": {"object": kept}}


def _only(members: dict[str, Any], names: tuple[str, ...]) -> dict[str, Any]:
    return {name: members[name] for name in names if name in members and not isinstance(members[name], dict | list)}
