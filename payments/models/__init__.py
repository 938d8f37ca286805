"""Payments, what became known of them, what went back, what was put in writing, and the events that Stripe sent."""

from payments.models.documents import Document, DocumentYear
from payments.models.ledger import LedgerEntry
from payments.models.payments import Payment, PaymentQuerySet
from payments.models.reversals import Dispute, Refund, RefundQuerySet
from payments.models.webhooks import WebhookEvent, WebhookEventQuerySet

__all__ = [
    "Dispute",
    "Document",
    "DocumentYear",
    "LedgerEntry",
    "Payment",
    "PaymentQuerySet",
    "Refund",
    "RefundQuerySet",
    "WebhookEvent",
    "WebhookEventQuerySet",
]
