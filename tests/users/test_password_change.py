"""Choosing a new password with the old one (contract 2.12, hardening U9 and U16)."""

import time
from datetime import timedelta

import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from tests.users.mailbox import API, mails_to
from tests.users.test_second_factor import Protected
from users import hashers
from users.models import MailedLink, PendingLogin, Session, User
from users.services import passwords
from users.services.email_flows import send_change_link, send_reset_link, send_unlock_link, send_verification

pytestmark = pytest.mark.django_db

CHANGE, PROFILE, LOGIN = f"{API}change_password/", f"{API}profile/", "/api/v1/auth/token/"
NEW = "quiet-lantern-42"
FORM = {"password": PASSWORD, "new_password": NEW}


def can_log_in(user: User, password: str) -> bool:
    return APIClient().post(LOGIN, {"email": user.email, "password": password}).status_code == 200


def test_the_old_password_opens_the_way_to_a_new_one(student: User) -> None:
    answer = client_of(student).post(CHANGE, FORM)

    assert answer.status_code == 200
    assert can_log_in(student, NEW)
    assert not can_log_in(student, PASSWORD)
    student.refresh_from_db()
    assert student.last_password_change is not None
    assert student.last_password_change > student.created_at
    assert AuditLog.objects.get(details__event="auth.password.changed").user == student


def test_all_other_sessions_end_and_the_owner_is_told(student: User) -> None:
    here, elsewhere = client_of(student), client_of(student)

    here.post(CHANGE, FORM, HTTP_USER_AGENT="Mozilla/5.0 (Windows NT 10.0) Firefox/130.0 Call 0900-1")

    assert (here.get(PROFILE).status_code, elsewhere.get(PROFILE).status_code) == (200, 401)
    (mail,) = mails_to(student.email)
    assert mail.subject == "Your password was changed"
    assert "Firefox on Windows, address 127.0.0.1" in mail.text
    assert "0900" not in mail.text


def test_a_way_back_that_an_attacker_prepared_is_closed(student: User, actor: Actor) -> None:
    send_reset_link(student, by=actor)
    send_unlock_link(student, timezone.now(), actor)
    send_change_link(student, to="evil@example.com")
    send_verification(student)
    PendingLogin.objects.create(user=student, expires_at=timezone.now() + timedelta(minutes=5))

    client_of(student).post(CHANGE, FORM)

    assert [link.purpose for link in MailedLink.objects.open()] == [MailedLink.Purpose.VERIFY_EMAIL]
    assert not PendingLogin.objects.open().exists()


@pytest.mark.parametrize("proof", [{}, {"password": "wrong-horse-9"}, {"token": "123456"}])
def test_without_the_old_password_nothing_changes(student: User, proof: dict[str, str]) -> None:
    answer = client_of(student).post(CHANGE, {**proof, "new_password": NEW})

    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert can_log_in(student, PASSWORD)
    assert not mails_to(student.email)


def test_with_a_second_factor_the_code_is_needed_too(student: User) -> None:
    protected = Protected(student)
    client = client_of(student)

    without = client.post(CHANGE, FORM).status_code
    with_code = client.post(CHANGE, {**FORM, "token": protected.totp.now()}).status_code

    assert (without, with_code) == (403, 200)


@pytest.mark.parametrize("weak", ["short", "password123", "student@example.com", "1234567890123"])
def test_a_weak_password_is_refused_before_a_code_is_used_up(student: User, weak: str) -> None:
    protected = Protected(student)
    form = {**FORM, "token": protected.totp.now()}
    client = client_of(student)

    answer = client.post(CHANGE, {**form, "new_password": weak})

    assert (answer.status_code, list(answer.json()["errors"])) == (400, ["new_password"])
    assert client.post(CHANGE, form).status_code == 200


def test_an_absurdly_long_password_is_refused_unhashed_and_at_once(
    student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = client_of(student)
    monkeypatch.setattr(hashers.Argon2idHasher, "encode", None)
    monkeypatch.setattr(hashers.Argon2idHasher, "verify", None)
    started = time.perf_counter()

    answers = [client.post(CHANGE, {**FORM, "new_password": long}) for long in ("x" * 60_000, "é" * 600)]

    assert [answer.status_code for answer in answers] == [400, 400]
    assert time.perf_counter() - started < 2


def test_a_visitor_has_no_password_to_change(anonymous: APIClient) -> None:
    assert anonymous.post(CHANGE, FORM).status_code == 401


def test_a_session_that_ended_after_its_request_was_let_in_changes_nothing(
    student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    def hash_while_the_owner_resets(password: str) -> str:
        Session.objects.filter(user=student).end("password reset")
        return make_password(password)

    monkeypatch.setattr(passwords, "hash_password", hash_while_the_owner_resets)

    answer = client_of(student).post(CHANGE, FORM)

    assert (answer.status_code, answer.json()["code"]) == (401, "token_not_valid")
    assert can_log_in(student, PASSWORD)
