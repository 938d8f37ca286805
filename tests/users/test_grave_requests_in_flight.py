"""A grave request whose password is being hashed while the owner shuts everybody out: it changes nothing afterwards.

A thief has a session and the old password. What the owner does meanwhile is done by the hasher, once it has said yes.
"""

from collections.abc import Callable
from typing import Any

import pyotp
import pytest
from django.test import Client
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of, desk_of
from titanobova.models import OutgoingMail
from users import forms, hashers, serializers
from users.models import LoginAttempt, MailedLink, User
from users.services import links, login, passwords

pytestmark = pytest.mark.django_db
NEW, THIEFS = "owners-new-horse-10", "thiefs-new-horse-11"
Meanwhile = Callable[[Callable[[], Any]], None]


@pytest.fixture
def meanwhile(monkeypatch: pytest.MonkeyPatch) -> Meanwhile:
    """Let something happen once while a password is checked."""

    def schedule(happen: Callable[[], Any]) -> None:
        waiting = [happen]

        def verify(password: str, encoded: str) -> tuple[bool, bool]:
            said = hashers.verify(password, encoded)
            if waiting:
                waiting.pop()()
            return said

        monkeypatch.setattr(login, "verify", verify)

    return schedule


def change_the_password(owner: APIClient, **proof: str) -> Callable[[], None]:
    def change() -> None:
        sent = {"password": PASSWORD, "new_password": NEW, **proof}
        assert owner.post("/api/v1/users/change_password/", sent).status_code == 200

    return change


def with_second_factor(owner: APIClient) -> list[str]:
    """Turn it on and return the backup codes."""
    made = owner.post("/api/v1/users/enable_2fa/").json()
    code = pyotp.TOTP(made["secret"]).now()
    assert owner.post("/api/v1/users/confirm_2fa/", {"token": code}).status_code == 200
    codes: list[str] = made["backup_codes"]
    return codes


def test_a_session_that_was_ended_erases_nobody(student: User, meanwhile: Meanwhile) -> None:
    thief = client_of(student)
    meanwhile(change_the_password(client_of(student)))

    assert thief.delete("/api/v1/users/profile/", {"password": PASSWORD}).status_code == 401
    student.refresh_from_db()
    assert student.email == "student@example.com"


@pytest.mark.parametrize("path", ["disable_2fa", "regenerate_backup_codes"])
def test_a_session_that_was_ended_leaves_the_second_factor_alone(
    student: User, meanwhile: Meanwhile, path: str
) -> None:
    owner = client_of(student)
    codes = with_second_factor(owner)
    thief = client_of(student)
    before = set(student.backup_codes.values_list("digest", flat=True))
    meanwhile(change_the_password(owner, token=codes[0]))

    answer = thief.post(f"/api/v1/users/{path}/", {"password": PASSWORD, "token": codes[1]})

    assert answer.status_code == 401
    student.refresh_from_db()
    assert student.totp_enabled
    assert set(student.backup_codes.values_list("digest", flat=True)) == before


def test_of_two_new_passwords_the_one_that_was_set_first_stands(staff: User, monkeypatch: pytest.MonkeyPatch) -> None:
    owner, waiting = client_of(staff), [1]

    def hash_password(password: str) -> str:
        made = hashers.hash_password(password)
        if waiting:
            waiting.pop()
            change_the_password(owner)()
        return made

    monkeypatch.setattr(passwords, "hash_password", hash_password)
    form = {"old_password": PASSWORD, "new_password1": THIEFS, "new_password2": THIEFS, "token": ""}

    assert desk_of(staff).post("/admin/password_change/", form).status_code == 200  # the form again, with an error
    staff.refresh_from_db()
    assert staff.check_password(NEW)
    assert owner.get("/api/v1/users/profile/").status_code == 200


def test_a_request_from_before_the_second_factor_does_not_replace_it(
    student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The thief holds the owner's access token, and sends the body of the request late."""
    client = client_of(student)
    secrets: list[str] = []
    genuine = serializers.ConfirmationInput.is_valid

    def is_valid(form: Any, **options: Any) -> bool:
        if not secrets:
            secrets.append("")
            with_second_factor(client)
            secrets[0] = client.post("/api/v1/users/enable_2fa/").json()["secret"]
            form.initial_data = {"token": pyotp.TOTP(secrets[0]).now()}
        return genuine(form, **options)

    monkeypatch.setattr(serializers.ConfirmationInput, "is_valid", is_valid)
    answer = client.post("/api/v1/users/confirm_2fa/", {"token": "000000"})

    assert (answer.status_code, answer.json()["code"]) == (409, "no_pending_second_factor")


def test_a_reset_that_an_erasure_overtakes_mails_nothing(student: User, monkeypatch: pytest.MonkeyPatch) -> None:
    owner = client_of(student)
    genuine = links.has_room

    def has_room(purpose: Any, email: str) -> bool:
        assert owner.delete("/api/v1/users/profile/", {"password": PASSWORD}).status_code == 204
        return genuine(purpose, email)

    monkeypatch.setattr(passwords, "has_room", has_room)
    APIClient().post("/api/v1/users/password_reset/", {"email": "student@example.com"})

    assert not MailedLink.objects.filter(email="student@example.com").exists()
    assert not OutgoingMail.objects.filter(recipient="student@example.com").exists()


def test_a_login_that_an_erasure_overtakes_is_nobodys(student: User, meanwhile: Meanwhile) -> None:
    owner = client_of(student)
    meanwhile(lambda: owner.delete("/api/v1/users/profile/", {"password": PASSWORD}))

    answer = APIClient().post("/api/v1/auth/token/", {"email": "student@example.com", "password": "wrong-horse-10"})

    assert answer.status_code == 401
    assert not LoginAttempt.objects.filter(user=student).exists()


def test_a_login_that_the_admin_refuses_and_an_erasure_overtakes_is_nobodys(
    student: User, meanwhile: Meanwhile
) -> None:
    owner = client_of(student)
    meanwhile(lambda: owner.delete("/api/v1/users/profile/", {"password": PASSWORD}))

    Client().post("/admin/login/", {"username": student.email, "password": PASSWORD})

    assert not LoginAttempt.objects.filter(user=student).exists()
    assert not LoginAttempt.objects.filter(email="student@example.com").exists()


def test_a_login_to_the_admin_asks_for_a_second_factor_that_was_turned_on_meanwhile(
    staff: User, meanwhile: Meanwhile, settings: Any
) -> None:
    settings.REQUIRE_STAFF_2FA = False
    owner = client_of(staff)
    meanwhile(lambda: with_second_factor(owner))
    browser = Client()

    page = browser.post("/admin/login/", {"username": staff.email, "password": PASSWORD})

    assert page.status_code == 200
    assert browser.get("/admin/").status_code == 302


def test_a_new_password_closes_the_page_of_the_second_factor_until_the_end(
    staff: User, monkeypatch: pytest.MonkeyPatch, settings: Any
) -> None:
    settings.REQUIRE_STAFF_2FA = True
    browser, owner = Client(), client_of(staff)
    browser.post("/admin/login/", {"username": staff.email, "password": PASSWORD})
    secret = str(browser.get("/admin/second-factor/").context["secret"])
    genuine = forms.CodeForm.is_valid

    def is_valid(form: forms.CodeForm) -> bool:
        change_the_password(owner)()
        return genuine(form)

    monkeypatch.setattr(forms.CodeForm, "is_valid", is_valid)
    page = browser.post("/admin/second-factor/", {"token": pyotp.TOTP(secret).now()})

    assert page.status_code == 400
    staff.refresh_from_db()
    assert not staff.totp_enabled
    assert browser.get("/admin/").status_code == 302


def test_whoever_is_no_staff_has_not_logged_in_to_the_admin(student: User) -> None:
    codes = with_second_factor(client_of(student))

    page = Client().post("/admin/login/", {"username": student.email, "password": PASSWORD, "token": codes[0]})

    assert page.status_code == 200
    student.refresh_from_db()
    assert student.last_login is None
    assert student.known_sources.count() == 0
    assert student.backup_codes.unused().count() == 10
    assert [one.outcome for one in LoginAttempt.objects.all()] == ["wrong"]
    refused = AuditLog.objects.get(details__event="auth.login.failed")
    assert refused.details["reason"] == "no staff"
    assert not AuditLog.objects.filter(details__event="auth.login.succeeded").exists()
