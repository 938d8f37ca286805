"""Certificates: issued once, found by their code, checked by anyone.

An attacker may try codes (80 random bits, and every try counts against the limit of an address), forge a paper (its
code leads to our page, which says what was really issued), or keep one after a refund (the page says it is revoked).
"""

import secrets

from django.conf import settings

from audit.actor import Actor
from audit.services import record
from courses.models import Certificate, Enrollment
from titanobova.errors import DomainError

ALPHABET = (
    "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: without I, L, O and U, https://www.crockford.com/base32.html
)
LOOK_ALIKES = str.maketrans("OIL", "011", "- ")
LENGTH = 16  # characters of 5 bits each, in groups of GROUP
GROUP = 4


class UnknownCertificate(DomainError):
    """No certificate has this code."""

    code, status, message = "not_found", 404, "There is no certificate with this code."


class NoCertificate(DomainError):
    """There is nothing to show before the course is completed."""

    code, status, message = "no_certificate", 404, "This course is not completed, so there is no certificate."


class CertificateRevoked(DomainError):
    """What does not count any more is not printed."""

    code, status, message = "certificate_revoked", 409, "This certificate has been revoked."


class NameMissing(DomainError):
    """A certificate for nobody would certify nothing."""

    code, status, message = "name_missing", 409, "Enter your name in your profile first, so that it can be printed."


def issue_certificate(enrollment: Enrollment, *, by: Actor) -> Certificate:
    """Return the certificate of a completed enrolment, made now if there is none, in the caller's transaction.

    The caller holds the enrolment locked. Name, title and duration are those of today.
    """
    course = enrollment.course
    certificate, is_new = Certificate.objects.get_or_create(
        enrollment=enrollment,
        defaults={
            "code": new_code(),
            "holder_name": enrollment.user.full_name,
            "course_title": course.title,
            "duration_hours": course.duration_hours,
        },
    )
    if is_new:
        record("create", "courses.certificate.issued", by=by, on=certificate, details={"enrollment": enrollment.pk})
    return certificate


def find_certificate(code: str) -> Certificate:
    """Return the certificate with this code, as people type it: in small letters, without dashes, with O for 0.

    :raises UnknownCertificate: when there is none.
    """
    certificates = Certificate.objects.select_related("enrollment__user")
    found = certificates.filter(code=_grouped(code.upper().translate(LOOK_ALIKES))).first()
    if found is None:
        raise UnknownCertificate
    return found


def certificate_of(enrollment: Enrollment) -> Certificate:
    """Return the certificate of an enrolment.

    :raises NoCertificate: before it is completed.
    """
    found = Certificate.objects.select_related("enrollment__user").filter(enrollment=enrollment).first()
    if found is None:
        raise NoCertificate
    return found


def certificate_to_print(enrollment: Enrollment) -> Certificate:
    """Return the certificate of an enrolment, if it is one to hang up.

    :raises NoCertificate: before it is completed.
    :raises CertificateRevoked: when it does not count any more.
    :raises NameMissing: when nobody knows whose it is.
    """
    certificate = certificate_of(enrollment)
    if not certificate.is_valid:
        raise CertificateRevoked
    if not certificate.holder:
        raise NameMissing
    return certificate


def address_of(certificate: Certificate) -> str:
    """Return the address of our page about the certificate, where anyone can verify it."""
    return f"{settings.PUBLIC_URL or settings.FRONTEND_URL}/certificates/{certificate.code}/"


def new_code() -> str:
    """Return a code that nobody can guess: 80 random bits."""
    return _grouped("".join(secrets.choice(ALPHABET) for _ in range(LENGTH)))


def _grouped(symbols: str) -> str:
    return "-".join(symbols[start : start + GROUP] for start in range(0, len(symbols), GROUP))
