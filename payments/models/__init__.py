"""Payments, what became known of them, what went back, and the events that Stripe sent."""

from payments.models.ledger import LedgerEntry
from payments.models.payments import Payment, PaymentQuerySet
from payments.models.reversals import Dispute, Refund, RefundQuerySet
from payments.models.webhooks import WebhookEvent, WebhookEventQuerySet

__all__ = [
    "Dispute",
    "LedgerEntry",
    "Payment",
    "PaymentQuerySet",
    "Refund",
    "RefundQuerySet",
    "WebhookEvent",
    "WebhookEventQuerySet",
]
