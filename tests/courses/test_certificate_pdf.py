"""The certificate to hang up."""

from datetime import UTC, datetime
from typing import Any

import pytest
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.certificate_pdf import draw_certificate
from courses.models import Certificate, Enrollment
from courses.services.certificates import address_of
from courses.services.completing import complete_by_hand
from courses.services.enrolling import enroll
from tests.conftest import client_of
from tests.courses.conftest import make_course
from tests.shared.pdf_reading import characters_in, texts_in
from users.models import User

URL = "/api/v1/courses/enrollments/{}/certificate.pdf"
pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate(student: User, actor: Actor) -> Certificate:
    """What the student got for a course."""
    complete_by_hand(enroll(student, make_course(title="Ponds", duration_hours=6), by=actor), by=actor)
    return Certificate.objects.get()


def made(**fields: Any) -> Certificate:
    """Return a certificate that is stored nowhere."""
    known = {"code": "0000-1111-2222-3333", "holder_name": "Ada", "course_title": "Ponds"}
    return Certificate(enrollment=Enrollment(), issued_at=datetime(2026, 3, 4, tzinfo=UTC), **known | fields)


@pytest.mark.parametrize(
    "accept", [None, "*/*", "application/pdf", "text/html,application/xhtml+xml", "application/json"]
)
def test_whatever_is_accepted_it_comes_as_a_pdf(student: User, certificate: Certificate, accept: str | None) -> None:
    answer = client_of(student).get(URL.format(certificate.enrollment_id), headers={"Accept": accept} if accept else {})

    assert (answer.status_code, answer["Content-Type"]) == (200, "application/pdf")
    assert answer["Content-Disposition"] == f'inline; filename="certificate-{certificate.code}.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.content.startswith(b"%PDF-1.")
    assert len(answer.content) < 100_000


def test_a_refusal_is_json_even_where_a_pdf_was_asked_for(
    other_student: User, anonymous: APIClient, certificate: Certificate
) -> None:
    address = URL.format(certificate.enrollment_id)
    answers = [
        client.get(address, headers={"Accept": "application/pdf"}) for client in (client_of(other_student), anonymous)
    ]

    assert [(answer.status_code, answer.json()["code"]) for answer in answers] == [
        (404, "not_found"),
        (401, "not_authenticated"),
    ]


def test_the_same_certificate_is_the_same_bytes_at_any_time(student: User, certificate: Certificate) -> None:
    address, client = URL.format(certificate.enrollment_id), client_of(student)
    first = client.get(address).content
    User.objects.update(first_name="Eva")
    make_course(title="Another")

    assert client.get(address).content == first
    assert draw_certificate(Certificate.objects.get()) == first


def test_it_says_who_completed_what_when_and_where_to_verify_it() -> None:
    certificate = made(holder_name="Ada Lovelace", course_title="Ponds and Lakes", duration_hours=12)

    told = texts_in(draw_certificate(certificate))

    assert "Certificate of Completion" in told
    for words in ("Ada Lovelace", "Ponds and Lakes", "4 March 2026", "12 hours", "0000-1111-2222-3333"):
        assert words in told
    assert address_of(certificate) in told


@pytest.mark.parametrize(("hours", "words"), [(None, ""), (1, "(1 hour)"), (2, "(2 hours)")])
def test_the_duration_is_told_where_it_is_known(hours: int | None, words: str) -> None:
    file = draw_certificate(made(duration_hours=hours))

    assert ("Duration" in texts_in(file)) == bool(words)
    assert words.strip("()") in texts_in(file)


@pytest.mark.parametrize("name", ["Siobhán", "Łukasz", "Анна", "山田", "김민준"])
def test_names_keep_their_letters(name: str) -> None:
    assert set(name) <= characters_in(draw_certificate(made(holder_name=name)))


@pytest.mark.parametrize("text", ["x" * 300, "word " * 51, "山" * 255, "()\\ <b>&amp;", "\u202eevil", "\x00"])
def test_any_name_and_title_can_be_drawn(text: str) -> None:
    assert draw_certificate(made(holder_name=text, course_title=text[:255])).startswith(b"%PDF")
