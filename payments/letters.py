"""What people are told of their money, and staff of money that a bank takes back."""

from collections.abc import Iterable

from django.conf import settings

from courses.money import price_text
from payments.ledger import Fact, Kind
from payments.models import Dispute, Payment
from titanobova.email import send_later
from users.erased import is_erased_email

Known = dict[tuple[str, str], Fact]


def tell_buyer(payment: Payment, new: Iterable[Fact], known: Known) -> None:
    """Mail the buyer about each of the `new` facts that they should hear of; `known` are all facts of the payment.

    A fact is new once, in the transaction that records it, so each mail is written once.
    """
    if is_erased_email(payment.user.email):
        return
    for fact in new:
        if fact.kind == Kind.CAPTURED:
            _tell_of_capture(payment, known)
        elif fact.kind == Kind.REFUNDED and (Kind.REFUND_FAILED, fact.reference) not in known:
            _tell_of_refund(payment, fact)


def tell_staff_of_dispute(dispute: Dispute) -> None:
    """Mail the staff that a bank asks about a payment or has taken it back, and until when they can answer."""
    page = f"{settings.PUBLIC_URL}/admin/payments/payment/{dispute.payment_id}/change/"
    send_later(
        "payments_disputed",
        to=settings.SUPPORT_EMAIL,
        subject=f"A payment is disputed: {dispute.payment_id}",
        context={
            "dispute": dispute,
            "is_inquiry": dispute.status in Dispute.INQUIRIES,
            "is_open": dispute.status not in Dispute.CLOSED,
        },
        button=("See the payment", page) if settings.PUBLIC_URL else None,
    )


def _tell_of_capture(payment: Payment, known: Known) -> None:
    is_lost = (Kind.SEAT_LOST, "") in known
    send_later(
        "payments_seat_lost" if is_lost else "payments_succeeded",
        to=payment.user.email,
        subject="Your place was gone, and your money comes back" if is_lost else "We received your payment",
        context={"payment": payment, "user": payment.user, "first_name": payment.user.first_name},
    )


def _tell_of_refund(payment: Payment, fact: Fact) -> None:
    send_later(
        "payments_refunded",
        to=payment.user.email,
        subject="Your money is on its way back",
        context={
            "payment": payment,
            "amount": price_text(fact.amount, payment.currency),
            "is_closed": payment.status == Payment.Status.REFUNDED and payment.enrollment_id is not None,
            "first_name": payment.user.first_name,
        },
    )
