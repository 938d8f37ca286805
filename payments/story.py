"""All that became of one payment, as tables for the page of the staff."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from django.db.models import Model
from django.urls import reverse
from django.utils.html import format_html

from courses.models import EnrollmentGrant
from courses.money import price_text
from payments.models import Payment, WebhookEvent

MOST_ROWS = 100  # of a kind; a payment has a handful


@dataclass(frozen=True)
class Chapter:
    """One table of the story."""

    title: str
    headers: list[str]
    rows: list[list[object]]

    @property
    def table(self) -> dict[str, object]:
        """What the theme's table takes."""
        return {"headers": self.headers, "rows": self.rows}


def story_of(payment: Payment) -> Iterator[Chapter]:
    """Yield what became of a payment, a table for each kind of thing and one query for each table."""
    yield _ledger(payment)
    yield _refunds(payment)
    yield _disputes(payment)
    yield _documents(payment)
    yield _grants(payment)
    yield _events(payment)
    yield _mails(payment)


def _ledger(payment: Payment) -> Chapter:
    rows: list[list[object]] = [
        [
            _time(entry.recorded_at),
            entry.kind,
            price_text(entry.amount, payment.currency) if entry.amount else "",
            entry.reference,
            entry.stripe_event,
        ]
        for entry in payment.ledger.all()[:MOST_ROWS]
    ]
    return Chapter("Ledger", ["Recorded", "Fact", "Amount", "About", "Told by the event"], rows)


def _refunds(payment: Payment) -> Chapter:
    rows: list[list[object]] = [
        [
            _time(refund.created_at),
            price_text(refund.amount, payment.currency),
            refund.status,
            refund.reason,
            refund.requested_by or "Stripe or automatic",
            refund.stripe_id,
            refund.failure_reason,
        ]
        for refund in payment.refunds.select_related("requested_by")[:MOST_ROWS]
    ]
    return Chapter("Refunds", ["Made", "Amount", "Status", "Reason", "Asked for by", "At Stripe", "Failure"], rows)


def _disputes(payment: Payment) -> Chapter:
    rows: list[list[object]] = [
        [
            _time(dispute.opened_at),
            dispute.amount_text,
            dispute.get_status_display(),
            dispute.reason,
            _time(dispute.evidence_due_at),
            dispute.pk,
        ]
        for dispute in payment.disputes.all()[:MOST_ROWS]
    ]
    return Chapter("Disputes", ["Opened", "Amount", "Status", "Reason", "Evidence until", "At Stripe"], rows)


def _documents(payment: Payment) -> Chapter:
    rows: list[list[object]] = [
        [
            _time(document.issued_at),
            _link(document),
            document.get_kind_display(),
            document.gross_text,
            document.tax_text,
            document.refers_to or "",
        ]
        for document in payment.documents.select_related("refers_to")[:MOST_ROWS]
    ]
    return Chapter("Documents", ["Issued", "Number", "Kind", "Amount", "Tax in it", "Refers to"], rows)


def _grants(payment: Payment) -> Chapter:
    """Return the grounds of the enrolment: it may be open for another reason than this payment."""
    grants = EnrollmentGrant.objects.filter(enrollment=payment.enrollment_id).order_by("id")
    rows: list[list[object]] = [
        [
            _time(grant.granted_at),
            grant.kind,
            "this payment" if grant.reference == str(payment.pk) else grant.reference,
            _time(grant.withdrawn_at) or "stands",
        ]
        for grant in (grants[:MOST_ROWS] if payment.enrollment_id else [])
    ]
    return Chapter("Grounds of the enrolment", ["Granted", "Kind", "Reference", "Withdrawn"], rows)


def _events(payment: Payment) -> Chapter:
    found = WebhookEvent.objects.filter(intent_id=payment.intent_id).order_by("received_at").defer("payload")
    rows: list[list[object]] = [
        [_time(event.received_at), event.type, event.get_outcome_display(), _link(event, event.pk)]
        for event in (found[:MOST_ROWS] if payment.intent_id else [])
    ]
    return Chapter("Events of Stripe", ["Received", "Type", "What it did", "Event"], rows)


def _mails(payment: Payment) -> Chapter:
    rows: list[list[object]] = [
        [_time(mail.created_at), mail.recipient, _link(mail, mail.subject or "(erased)"), mail.status]
        for mail in payment.mails.order_by("id").defer("text")[:MOST_ROWS]
    ]
    return Chapter("Mails", ["Written", "To", "Subject", "Status"], rows)


def _link(row: Model, text: str = "") -> str:
    """Return a link to the row's own page in the admin."""
    name = f"admin:{row._meta.app_label}_{row._meta.model_name}_change"
    return format_html('<a class="underline" href="{}">{}</a>', reverse(name, args=[row.pk]), text or str(row))


def _time(instant: datetime | None) -> str:
    return f"{instant:%Y-%m-%d %H:%M:%S}" if instant else ""
