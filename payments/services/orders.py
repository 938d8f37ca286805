"""What is to be paid: by the server's reckoning, whatever the client says."""

from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from django.conf import settings

from audit.actor import Actor
from courses.models import Course, Enrollment
from courses.money import price_text
from courses.services.enrolling import AlreadyEnrolled, enroll
from courses.services.finding import get_priced_course
from payments.models import Payment
from payments.money import chargeable, to_minor
from titanobova.errors import DomainError, FieldError
from users.models import User


class PriceChanged(DomainError):
    """The buyer saw another price than the course has now."""

    code, status, message = "price_changed", 409, "The price is another one now."


class UnknownEnrollment(DomainError):
    """This person has no such enrolment: another person's answers like one that never was."""

    code, status, message = "not_found", 404, "There is no such enrolment."


class EnrollmentClosed(DomainError):
    """Nothing is to be paid for an enrolment that was given up or paid back."""

    code, status, message = "enrollment_closed", 409, "This enrolment has ended. Enrol again."


@dataclass(frozen=True)
class Order:
    """An amount, and what it opens: with an enrolment its course, without one nothing."""

    amount: Decimal
    currency: str
    description: str
    course_title: str = ""
    enrollment: Enrollment | None = None

    def is_for(self, payment: Payment) -> bool:
        """Whether `payment` pays exactly this."""
        return (payment.amount, payment.currency) == (self.amount, self.currency)


def order_amount(amount: Decimal | None, currency: str, description: str) -> Order:
    """Return the order of an amount that the client chose, and that opens nothing.

    :raises FieldError: when `amount` is missing.
    :raises BadAmount: when it cannot be charged in its currency.
    """
    if amount is None:
        raise FieldError("amount", "Say what to pay, or for which course.", "required")
    currency = currency or settings.DEFAULT_CURRENCY
    chargeable(amount, currency)
    return Order(amount, currency, description)


def order_course(
    user: User, course: Course, *, seen: Decimal | None, seen_currency: str, description: str, by: Actor
) -> Order:
    """Return the order of a place in `course`, held for `user` from now on, at the price of the course.

    What the client says to have `seen` is only compared: it can be refused, it never becomes the price.

    :raises PriceChanged: when the price is another one; the answer says the right one.
    :raises BadAmount: when either amount cannot be charged in its currency.
    :raises DomainError: what `enroll` refuses.
    """
    chargeable(course.price, course.currency)
    if seen is not None:
        to_minor(seen, seen_currency or course.currency)
    if seen not in {None, course.price} or seen_currency not in {"", course.currency}:
        right = {"amount": price_text(course.price, course.currency), "currency": course.currency}
        raise PriceChanged(details={**right})
    enrollment = enroll(user, course, by=by)
    return Order(course.price, course.currency, description or course.title, course.title, enrollment)


def course_of(user: User, enrollment_id: UUID) -> Course:
    """Return the course of an enrolment of `user` that waits for its payment.

    :raises UnknownEnrollment: when they have no such enrolment.
    :raises AlreadyEnrolled: when it is open already.
    :raises EnrollmentClosed: when it has ended.
    :raises DomainError: what `get_priced_course` refuses.
    """
    enrollment = Enrollment.objects.filter(pk=enrollment_id, user=user).first()
    if enrollment is None:
        raise UnknownEnrollment
    if enrollment.status in Enrollment.SEATED:
        raise AlreadyEnrolled
    if enrollment.status != Enrollment.Status.PENDING:
        raise EnrollmentClosed
    return get_priced_course(str(enrollment.course_id))
