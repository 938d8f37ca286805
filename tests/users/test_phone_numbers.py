"""Phone numbers as they are stored."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from tests.conftest import client_of
from users.models import User
from users.phone_numbers import normalise_phone_number

PROFILE, REGISTER = "/api/v1/users/profile/", "/api/v1/users/register/"
FORM = {"email": "new@example.com", "password": "quiet-lantern-42", "first_name": "Nia"}


@pytest.mark.parametrize(
    ("typed", "stored"),
    [
        ("+49 30 901820", "+4930901820"),
        ("0049 (30) 90-18-20", "+4930901820"),
        (" +1 (555) 123-4567 ", "+15551234567"),
        ("\uff0b\uff14\uff19 30 90\uff11820", "+4930901820"),
        ("+39 06 6982 1234", "+390669821234"),
    ],
)
def test_an_international_number_becomes_e164(student: User, typed: str, stored: str) -> None:
    answer = client_of(student).patch(PROFILE, {"phone_number": typed})

    assert (answer.status_code, answer.json()["phone_number"]) == (200, stored)
    student.refresh_from_db()
    assert student.phone_number == stored


@pytest.mark.parametrize(
    "typed",
    ["030 901820", "555-1234", "+1 555 123 4567 ext 5", "+49 30 901820 after six", "+1", "00", "+999 12345", "n/a", ""],
)
def test_any_other_number_stays_as_it_was_typed(student: User, typed: str) -> None:
    answer = client_of(student).patch(PROFILE, {"phone_number": typed})

    assert (answer.status_code, answer.json()["phone_number"]) == (200, typed)


def test_registering_stores_the_same_form(anonymous: APIClient, db: None) -> None:
    answer = anonymous.post(REGISTER, {**FORM, "phone_number": "0044 20 7946 0958"})

    assert (answer.status_code, answer.json()["phone_number"]) == (201, "+442079460958")


def test_a_number_stays_on_its_line(student: User) -> None:
    answer = client_of(student).patch(PROFILE, {"phone_number": "030\r\n90\t18 20"})

    assert answer.json()["phone_number"] == "030 90 18 20"


@pytest.mark.parametrize("bad", ["+" + "1" * 32, ["+4930901820"], {"a": 1}, None, True, "+49\x0030901820"])
def test_what_is_no_short_text_is_refused(student: User, bad: object) -> None:
    answer = client_of(student).patch(PROFILE, {"phone_number": bad}, format="json")

    assert answer.status_code == 400
    student.refresh_from_db()
    assert student.phone_number == ""


@given(st.text(alphabet="+0123456789 ()-./x\u0661\uff11", max_size=32) | st.text(max_size=32))
def test_no_text_of_the_fields_length_grows_over_it_or_changes_twice(typed: str) -> None:
    stored = normalise_phone_number(typed)

    assert len(stored) <= 32
    assert normalise_phone_number(stored) == stored
