"""What belongs to the owner, one for each kind of id that a route takes."""

import re
from datetime import timedelta
from decimal import Decimal

from django.utils import timezone

from contacts.models import Contact
from courses.models import Certificate, Course, Enrollment
from courses.services.certificates import new_code
from payments.models import Document, Payment
from users.models import Session, User


def make_objects(owner: User) -> dict[str, str]:
    """Return the id of one object of `owner` by the start of the route that takes it."""
    session = Session.objects.create(user=owner, expires_at=timezone.now() + timedelta(days=1))
    contact = Contact.objects.create(name="Owner", email=owner.email, message="Hello", user=owner)
    course = Course.objects.create(title="Free", slug="free", is_published=True)
    taken = Course.objects.create(title="Taken", slug="taken", is_published=True)
    lesson = taken.lessons.create(position=1, title="First")
    enrollment = Enrollment.objects.create(user=owner, course=taken, status="completed")
    enrollment.grants.create(kind="free")
    certificate = Certificate.objects.create(enrollment=enrollment, code=new_code(), holder_name="Olga Owner")
    payment = Payment.objects.create(user=owner, amount=Decimal("10.00"), currency="usd")
    written = {"year": 2026, "number": 1, "currency": "usd", "gross": payment.amount, "tax": 0, "tax_rate": 0}
    document = Document.objects.create(payment=payment, kind="receipt", **written)
    return {
        "api/v1/users/sessions/": str(session.pk),
        "api/v1/contacts/": str(contact.pk),
        "api/v1/courses/certificates/": certificate.code,
        "api/v1/courses/enrollments/": str(enrollment.pk),
        "api/v1/courses/lessons/": str(lesson.pk),
        "api/v1/courses/": str(course.pk),
        "api/v1/payments/documents/": str(document.pk),
        "api/v1/payments/": str(payment.pk),
    }


def path_for(route: str, objects: dict[str, str]) -> str:
    """Return the path of `route` with the owner's object in it.

    :raises LookupError: for a route whose object nobody has made here yet.
    """
    if "<" not in route:
        return f"/{route}"
    for start, identifier in objects.items():
        if route.startswith(start):
            return "/" + re.sub(r"<[^>]+>", identifier, route)
    raise LookupError(route)
