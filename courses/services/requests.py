"""Asking for a place without an account."""

from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction

from audit.actor import Actor
from audit.services import record
from courses.models import Course, EnrollmentRequest
from courses.money import why_unpayable
from courses.services.finding import UnknownCourse, get_published_course
from courses.services.redeeming import redeem_requests
from titanobova.constraints import checked_now
from titanobova.errors import FieldError
from titanobova.idempotency import Attempt, claim, digest, give_up
from titanobova.models import IdempotencyKey
from users.erased import is_erased_email
from users.models import User

SAME_FOR = timedelta(minutes=10)  # in which the same request is a second click, not a second wish


def ask_for_a_place(
    *,
    email: str,
    first_name: str,
    by: Actor,
    attempt: Attempt | None = None,
    course: str = "",
    course_title: str = "",
    price: Decimal | None = None,
    currency: str = "",
    paid_at: datetime | None = None,
    **words: str,
) -> EnrollmentRequest:
    """Store that somebody without an account asks for a place, once; a repetition gets what the first one made.

    `course` is a slug or id; where it is given, the course's own title and price are what is asked for. On price and
    payment only the word of staff counts. A repetition comes by the same `attempt`, or with the same words within
    SAME_FOR.

    :raises FieldError: on `course`, when there is no such course; on `price`, when nobody could have paid it.
    :raises IdempotencyKeyReused: when the attempt stands for another body.
    """
    request = EnrollmentRequest(email=email, first_name=first_name, course_title=course_title, **words)
    if course:
        request.course = wanted = _requested_course(course)
        request.course_title, request.price, request.currency = wanted.title, wanted.price, wanted.currency
    if by.user is not None and by.user.is_staff:
        _set_payment(request, price, currency, paid_at)
    same = _same_wish(request)
    with transaction.atomic():
        stored = _first_of_the_same(request, same, attempt)
        if stored and is_erased_email(stored.email):  # whoever asked is gone, and asks anew
            for one in filter(None, (same, attempt)):
                give_up(one, object_id=stored.pk)
            stored = _first_of_the_same(request, same, attempt)
        return stored or _store(request, by=by)


def _requested_course(slug_or_id: str) -> Course:
    try:
        return get_published_course(slug_or_id)
    except UnknownCourse as error:
        raise FieldError("course", error.message, "does_not_exist") from None


def _set_payment(request: EnrollmentRequest, price: Decimal | None, currency: str, paid_at: datetime | None) -> None:
    if price is not None:
        request.price, request.currency = price, currency or request.currency or settings.DEFAULT_CURRENCY
        if reason := why_unpayable(price, request.currency):
            raise FieldError("price", reason)
    request.is_paid, request.paid_at = paid_at is not None, paid_at


def _same_wish(request: EnrollmentRequest) -> Attempt:
    words = (request.first_name, request.last_name, request.phone, request.experience, request.level, request.notes)
    wish = (request.course_id, request.course_title, request.price, request.currency, request.paid_at)
    key = digest("courses: the same request", request.email, *words, *wish)
    return Attempt(key, key)


def _first_of_the_same(request: EnrollmentRequest, same: Attempt, attempt: Attempt | None) -> EnrollmentRequest | None:
    """Return what the first of these requests has stored, or None to the first itself."""
    first = _id_of_the_first(request, same, attempt)
    return EnrollmentRequest.objects.select_related("course").filter(pk=first).first() if first else None


def _id_of_the_first(request: EnrollmentRequest, same: Attempt, attempt: Attempt | None) -> UUID | None:
    if attempt is not None and (first := claim(attempt, request.pk, status=201)):
        return first
    first = claim(same, request.pk, status=201, lifetime=SAME_FOR)
    if attempt is not None and first is not None:
        IdempotencyKey.objects.filter(pk=attempt.key).update(object_id=first)
    return first


def _store(request: EnrollmentRequest, *, by: Actor) -> EnrollmentRequest:
    try:
        with checked_now():
            request.save(force_insert=True)
    except IntegrityError:
        raise FieldError("course", UnknownCourse.message, "does_not_exist") from None
    record("create", "courses.place_requested", by=by, on=request, details={"course": str(request.course_id)})
    if owner := _proved_owner(request, by):
        redeem_requests(owner, by)
    return request


def _proved_owner(request: EnrollmentRequest, by: Actor) -> User | None:
    """Return whose account the request is for, if staff say so or the person themselves, who has proved the address."""
    if by.user is None:
        return None
    owner = User.objects.filter(email_canonical=request.email_canonical, email_verified=True, is_active=True).first()
    return owner if by.user.is_staff or by.user == owner else None
