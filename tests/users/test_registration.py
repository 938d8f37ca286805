"""New accounts and one's own profile."""

import pytest
from django.urls import reverse
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from users.models import User

URL = "/api/v1/users/register/"
PROFILE = "/api/v1/users/profile/"
SWELLING = "a@" + ".".join(["ß" * 31] * 7) + ".com"  # 229 characters, of which 217 become two each
FORM = {"email": "new@example.com", "password": "quiet-lantern-42", "first_name": "Nia", "last_name": "Okoye"}


def test_a_visitor_registers_as_a_student(anonymous: APIClient, db: None) -> None:
    answer = anonymous.post(URL, FORM)

    assert answer.status_code == 201
    assert answer.json()["user_type"] == "student"
    user = User.objects.get()
    assert (user.first_name, user.last_name, user.is_staff, user.email_verified) == ("Nia", "Okoye", False, False)
    assert user.password.startswith("argon2$argon2id$")
    assert AuditLog.objects.get().details["event"] == "users.registered"


@pytest.mark.parametrize(
    ("name", "first", "last"),
    [("Nia Okoye", "Nia", "Okoye"), ("Nia", "Nia", ""), (" Nia van der Berg ", "Nia", "van der Berg")],
)
def test_the_old_sites_one_name_is_split(anonymous: APIClient, db: None, name: str, first: str, last: str) -> None:
    anonymous.post(URL, {"email": FORM["email"], "password": FORM["password"], "name": name})

    user = User.objects.get()
    assert (user.first_name, user.last_name) == (first, last)


@pytest.mark.parametrize(
    "written", ["NEW@example.com", "new@EXAMPLE.com", "ne\uff57@example.com", "new@e\u2179ample.com"]
)
def test_an_email_has_one_account_whatever_its_case_or_width(anonymous: APIClient, db: None, written: str) -> None:
    anonymous.post(URL, FORM)

    answer = anonymous.post(URL, {**FORM, "email": written})

    assert answer.status_code == 400
    assert answer.json()["errors"]["email"][0]["code"] in {"unique", "invalid"}
    assert User.objects.count() == 1


def test_a_kelvin_sign_is_a_k(anonymous: APIClient, db: None) -> None:
    anonymous.post(URL, {**FORM, "email": "kim@example.com"})

    assert anonymous.post(URL, {**FORM, "email": "\u212aim@example.com"}).status_code == 400
    assert User.objects.count() == 1


def test_the_wish_to_teach_is_kept_for_staff_and_grants_nothing(anonymous: APIClient, db: None) -> None:
    answer = anonymous.post(URL, {**FORM, "user_type": "instructor"})

    assert answer.status_code == 201
    user = User.objects.get()
    assert (user.user_type, user.requested_user_type) == ("student", "instructor")


@pytest.mark.parametrize(
    "bad",
    [
        {"user_type": "admin"},
        {"user_type": "founder"},
        {"password": "short"},
        {"password": "password123"},
        {"password": "Titanobova2026!"},
        {"password": "ChangeMe12!"},
        {"password": "qwertyuiop"},
        {"password": "new@example.com"},
        {"password": "é" * 600},
        {"email": "not an address"},
        {"email": "a@b.co\r\nBcc: c@d.co"},
        {"email": "a@" + "\ufdfa" * 30 + ".co"},
        {"is_staff": True},
        {"first_name": ["x"]},
        {"first_name": "x" * 151},
    ],
)
def test_bad_input_is_refused_in_the_one_shape(anonymous: APIClient, db: None, bad: dict[str, object]) -> None:
    answer = anonymous.post(URL, {**FORM, **bad})

    assert answer.status_code == 400
    assert answer.json()["code"] == "invalid"
    assert list(answer.json()["errors"]) == list(bad)
    assert not User.objects.exists()


def test_long_passwords_of_any_kind_are_taken(anonymous: APIClient, db: None) -> None:
    for number, password in enumerate(["🐍" * 128, "correct horse battery staple " * 4]):
        form = {**FORM, "email": f"p{number}@example.com", "password": password}
        assert anonymous.post(URL, form).status_code == 201
        login = {"email": form["email"], "password": password}
        assert anonymous.post("/api/v1/auth/token/", login).status_code == 200


def test_a_person_changes_their_profile(student: User) -> None:
    answer = client_of(student).patch(PROFILE, {"bio": "Hello", "date_of_birth": "1990-02-28"})

    assert answer.status_code == 200
    student.refresh_from_db()
    assert (student.bio, str(student.date_of_birth), student.first_name) == ("Hello", "1990-02-28", "Ada")


@pytest.mark.parametrize("name", ["user_type", "email_verified", "is_staff", "email", "password", "totp_enabled", "id"])
def test_a_person_changes_nothing_else_there(student: User, name: str) -> None:
    before = User.objects.filter(pk=student.pk).values().get()

    assert client_of(student).patch(PROFILE, {name: "admin"}).status_code == 400
    assert User.objects.filter(pk=student.pk).values().get() == before


def test_a_visitor_has_no_profile(anonymous: APIClient, db: None) -> None:
    answer = anonymous.get(reverse("v1:profile"))

    assert answer.status_code == 401
    assert answer["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("email", [SWELLING, f"a@{'㎒' * 60}.com"])
@pytest.mark.parametrize(
    ("path", "form"),
    [
        ("users/register/", {"password": PASSWORD, "first_name": "Ada"}),
        ("contacts/contacts/", {"name": "Ada", "message": "Hello there", "elapsed_ms": 9000}),
        ("courses/enrollment-requests/", {"first_name": "Ada", "course_title": "Django"}),
    ],
)
def test_an_address_that_swells_beyond_its_column_is_refused(
    db: None, path: str, form: dict[str, object], email: str
) -> None:
    """Folding makes two letters of one and NFKC three, so 254 characters can become more than any column holds."""
    answer = APIClient().post(f"/api/v1/{path}", {**form, "email": email}, format="json")

    assert answer.status_code == 400
    assert "email" in answer.json()["errors"]
