"""Certificates: who sees them, and what anyone can verify (contract 4.4)."""

import re
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from courses.models import Certificate, Enrollment
from courses.personal_data import erase_courses
from courses.services.certificates import ALPHABET, new_code
from courses.services.completing import complete_by_hand
from courses.services.enrolling import enroll
from tests.conftest import client_of
from tests.courses.conftest import make_course
from users.models import User

MINE = "/api/v1/courses/enrollments/{}/certificate/"
PUBLIC = "/api/v1/courses/certificates/{}/"
NOBODYS = "0190b5a0-0000-7000-8000-000000000000"
pytestmark = pytest.mark.django_db


@pytest.fixture
def certificate(student: User, actor: Actor) -> Certificate:
    """What the student got for a course."""
    return certificate_for(student, actor)


def certificate_for(person: User, actor: Actor) -> Certificate:
    """Let somebody complete a course."""
    complete_by_hand(enroll(person, make_course(title="Ponds & <more>", duration_hours=6), by=actor), by=actor)
    return Certificate.objects.get(enrollment__user=person)


def revoke(certificate: Certificate) -> None:
    Certificate.objects.filter(pk=certificate.pk).update(revoked_at=timezone.now())


def test_codes_are_sixteen_symbols_in_groups_and_never_the_same() -> None:
    codes = {new_code() for _ in range(2000)}

    assert len(codes) == 2000
    assert all(re.fullmatch(rf"(?:[{ALPHABET}]{{4}}-){{3}}[{ALPHABET}]{{4}}", code) for code in codes)
    assert set("".join(codes)) == {*ALPHABET, "-"}


def test_the_holder_sees_where_it_is_verified_and_printed(
    student: User, certificate: Certificate, settings: Settings
) -> None:
    settings.PUBLIC_URL = "https://learn.example.com"

    told = client_of(student).get(MINE.format(certificate.enrollment_id)).json()

    assert told == {
        "code": certificate.code,
        "valid": True,
        "holder_name": "Ada Student",
        "course_title": "Ponds & <more>",
        "duration_hours": 6,
        "issued_at": told["issued_at"],
        "revoked_at": None,
        "verification_url": f"https://learn.example.com/certificates/{certificate.code}/",
        "pdf_url": f"http://testserver/api/v1/courses/enrollments/{certificate.enrollment_id}/certificate.pdf",
    }
    assert client_of(student).get(told["pdf_url"]).status_code == 200


def test_the_second_version_leads_to_the_second_version(student: User, certificate: Certificate) -> None:
    told = client_of(student).get(MINE.format(certificate.enrollment_id).replace("v1", "v2")).json()

    assert "/api/v2/" in told["pdf_url"]


def test_nobody_else_but_staff_sees_it_there(
    other_student: User, instructor: User, staff: User, anonymous: APIClient, certificate: Certificate
) -> None:
    address = MINE.format(certificate.enrollment_id)

    assert client_of(staff).get(address).json()["code"] == certificate.code
    assert [client_of(person).get(address).status_code for person in (other_student, instructor)] == [404, 404]
    assert anonymous.get(address).status_code == 401


@pytest.mark.parametrize("ending", ["", ".pdf"])
def test_before_the_end_of_the_course_there_is_none(student: User, actor: Actor, ending: str) -> None:
    mine = enroll(student, make_course(), by=actor)

    answer = client_of(student).get((MINE.format(mine.pk)[:-1] + ending) if ending else MINE.format(mine.pk))

    assert (answer.status_code, answer.json()["code"]) == (404, "no_certificate")


def test_name_and_title_are_those_of_the_day_of_issue(student: User, certificate: Certificate) -> None:
    User.objects.update(last_name="Married")
    certificate.enrollment.course.title = "Lakes"
    certificate.enrollment.course.save()

    told = client_of(student).get(MINE.format(certificate.enrollment_id)).json()

    assert (told["holder_name"], told["course_title"]) == ("Ada Student", "Ponds & <more>")


def test_who_had_no_name_enters_it_before_printing(student: User, actor: Actor) -> None:
    User.objects.update(first_name="", last_name="")
    student.refresh_from_db()
    certificate = certificate_for(student, actor)
    pdf = MINE.format(certificate.enrollment_id)[:-1] + ".pdf"
    refused = client_of(student).get(pdf)

    client_of(student).patch("/api/v1/users/profile/", {"first_name": "Ada"})

    assert (refused.status_code, refused.json()["code"]) == (409, "name_missing")
    assert client_of(student).get(pdf).status_code == 200
    assert client_of(student).get(MINE.format(certificate.enrollment_id)).json()["holder_name"] == "Ada"


# --- In public --------------------------------------------------------------------------------------------------
def test_anyone_verifies_it_by_its_code(anonymous: APIClient, certificate: Certificate) -> None:
    told = anonymous.get(PUBLIC.format(certificate.code)).json()

    assert (told["valid"], told["holder_name"], told["course_title"]) == (True, "Ada Student", "Ponds & <more>")
    assert set(told) == {
        "code",
        "valid",
        "holder_name",
        "course_title",
        "duration_hours",
        "issued_at",
        "revoked_at",
        "verification_url",
    }


@pytest.mark.parametrize("typed", ["{}", "lower", "dashes", "letters"])
def test_a_code_is_found_as_people_type_it(anonymous: APIClient, certificate: Certificate, typed: str) -> None:
    Certificate.objects.update(code="0101-ABCD-EFGH-JKMN")
    code = {"lower": "0101-abcd-efgh-jkmn", "dashes": "0101ABCDEFGHJKMN", "letters": "oIoL-ABCD-EFGH-JKMN"}.get(
        typed, "0101-ABCD-EFGH-JKMN"
    )

    assert anonymous.get(PUBLIC.format(code)).json()["code"] == "0101-ABCD-EFGH-JKMN"
    assert Client().get(f"/certificates/{code}/").status_code == 200


@pytest.mark.parametrize("code", ["0000-0000-0000-0000", "x", "-", "a" * 500, NOBODYS])
def test_an_unknown_code_is_not_found(anonymous: APIClient, certificate: Certificate, code: str) -> None:
    answer = anonymous.get(PUBLIC.format(code))

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_a_bad_token_does_not_hide_it(anonymous: APIClient, certificate: Certificate) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer null")

    assert anonymous.get(PUBLIC.format(certificate.code)).status_code == 200


def test_a_revoked_one_says_so_and_is_not_printed(
    student: User, anonymous: APIClient, certificate: Certificate
) -> None:
    revoke(certificate)

    told = anonymous.get(PUBLIC.format(certificate.code)).json()
    pdf = client_of(student).get(MINE.format(certificate.enrollment_id)[:-1] + ".pdf")

    assert (told["valid"], told["revoked_at"] is not None) == (False, True)
    assert (pdf.status_code, pdf.json()["code"]) == (409, "certificate_revoked")


def test_of_an_erased_holder_the_certificate_stays_and_the_name_goes(
    student: User, anonymous: APIClient, actor: Actor, certificate: Certificate
) -> None:
    erase_courses(student, actor)
    User.objects.update(first_name="", last_name="", is_active=False)

    told = anonymous.get(PUBLIC.format(certificate.code)).json()

    assert (told["valid"], told["holder_name"], told["course_title"]) == (True, "", "Ponds & <more>")
    assert "The holder&#x27;s name was removed." in page(certificate) or "The holder's name was removed." in page(
        certificate
    )


@pytest.mark.parametrize(("address", "queries"), [(MINE, 3), (PUBLIC, 1)])
def test_each_costs_few_queries(
    student: User,
    certificate: Certificate,
    django_assert_num_queries: DjangoAssertNumQueries,
    address: str,
    queries: int,
) -> None:
    client = client_of(student) if address == MINE else APIClient()

    with django_assert_num_queries(queries):  # who asks, the enrolment, the certificate with its holder
        client.get(address.format(certificate.enrollment_id if address == MINE else certificate.code))


# --- The page ---------------------------------------------------------------------------------------------------
def page(certificate: Certificate) -> str:
    return Client().get(f"/certificates/{certificate.code}/").content.decode()


def test_the_page_says_what_was_certified_and_that_it_counts(certificate: Certificate) -> None:
    html = page(certificate)

    assert "Genuine and valid" in html
    assert "<bdi>Ada Student</bdi>" in html
    assert "<bdi>Ponds &amp; &lt;more&gt;</bdi>" in html
    assert f"{certificate.issued_at:%-d %B %Y}" in html
    assert (certificate.code in html, "6 hours" in html) == (True, True)


def test_the_page_of_a_revoked_one_says_so(certificate: Certificate) -> None:
    revoke(certificate)

    html = page(certificate)

    assert "Revoked on" in html
    assert "valid" not in re.sub(r"<style>.*?</style>", "", html, flags=re.DOTALL)


def test_the_page_of_who_gave_no_name_says_so(student: User, certificate: Certificate) -> None:
    Certificate.objects.update(holder_name="")
    User.objects.update(first_name="", last_name="")

    assert "No name was given." in page(certificate)


def test_the_page_can_load_and_run_nothing_and_is_kept_nowhere(certificate: Certificate) -> None:
    answer = Client().get(f"/certificates/{certificate.code}/")

    policy = answer["Content-Security-Policy"]
    assert policy.startswith("default-src 'none'")
    assert "script-src" not in policy
    assert "no-store" in answer["Cache-Control"]
    assert answer["X-Robots-Tag"] == "noindex"
    assert not re.findall(r"<script|\son\w+=|\bsrc=|https?://|@import|url\(", answer.content.decode())
    assert '<html lang="en">' in answer.content.decode()


def test_the_page_of_an_unknown_code_is_in_the_same_style() -> None:
    answer = Client().get("/certificates/0000-0000-0000-0000/")

    assert (answer.status_code, answer["Content-Type"]) == (404, "text/html; charset=utf-8")
    assert "not ours" in answer.content.decode()
    assert answer["Content-Security-Policy"].startswith("default-src 'none'")


@pytest.mark.parametrize("method", ["post", "put", "delete"])
def test_the_page_is_only_read(certificate: Certificate, method: str) -> None:
    assert getattr(Client(), method)(f"/certificates/{certificate.code}/").status_code == 405


def test_looking_codes_up_is_limited_as_any_visitor_is(certificate: Certificate, settings: Settings) -> None:
    settings.RATE_LIMITS = settings.RATE_LIMITS | {"anon": (2, 3600)}
    answers: list[Any] = [Client().get(f"/certificates/{certificate.code}/") for _ in range(3)]

    assert [answer.status_code for answer in answers] == [200, 200, 429]
    assert int(answers[2]["Retry-After"]) > 0
    assert "Please wait a little" in answers[2].content.decode()
    assert APIClient().get(PUBLIC.format(certificate.code)).status_code == 429


def test_the_page_costs_one_query(certificate: Certificate, django_assert_num_queries: DjangoAssertNumQueries) -> None:
    with django_assert_num_queries(1):
        page(certificate)


def test_one_enrolment_has_one_certificate(certificate: Certificate, actor: Actor) -> None:
    again = Enrollment.objects.get()

    complete_by_hand(again, by=actor)

    assert Certificate.objects.get() == certificate
