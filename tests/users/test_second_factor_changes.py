"""Turning the second factor off, replacing its codes, and rotating the keys that encrypt it (contract 2.5)."""

import pyotp
import pytest
from cryptography.fernet import Fernet
from django.core.management import call_command
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from tests.users.test_second_factor import CONFIRM, ENABLE, VERIFY, Protected
from titanobova.crypto import decrypt
from titanobova.models import OutgoingMail
from users.models import BackupCode, Session, User

DISABLE = "/api/v1/users/disable_2fa/"
CODES = "/api/v1/users/regenerate_backup_codes/"
STATUS = "/api/v1/users/two_factor_status/"


@pytest.fixture
def protected(student: User) -> Protected:
    """The student, with a second factor."""
    return Protected(student)


@pytest.fixture
def client(protected: Protected) -> APIClient:
    """Their client, logged in."""
    return client_of(protected.user)


def test_password_and_code_turn_it_off(protected: Protected, client: APIClient) -> None:
    elsewhere = client_of(protected.user)

    assert client.post(DISABLE, {"password": PASSWORD, "token": protected.totp.now()}).status_code == 204
    assert client.get(STATUS).json() == {"enabled": False, "backup_codes_left": 0}
    assert elsewhere.get(STATUS).status_code == 401
    assert not BackupCode.objects.exists()
    assert AuditLog.objects.filter(details__event="auth.2fa.disabled").count() == 1


@pytest.mark.parametrize("path", [DISABLE, CODES])
@pytest.mark.parametrize(
    "proof", [{}, {"password": PASSWORD}, {"password": "wrong-horse-9", "token": "now"}, {"token": "now"}]
)
def test_less_than_both_is_refused(protected: Protected, client: APIClient, path: str, proof: dict[str, str]) -> None:
    sent = {name: protected.totp.now() if text == "now" else text for name, text in proof.items()}

    answer = client.post(path, sent)

    assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")
    assert client.get(STATUS).json() == {"enabled": True, "backup_codes_left": 10}


def test_guessing_the_password_of_a_stolen_session_locks(protected: Protected, client: APIClient) -> None:
    for _ in range(5):
        client.post(DISABLE, {"password": "wrong-horse-9", "token": protected.totp.now()})

    assert client.post(DISABLE, {"password": PASSWORD, "token": protected.totp.now()}).status_code == 403


def test_new_backup_codes_replace_the_old(protected: Protected, client: APIClient) -> None:
    new = client.post(CODES, {"password": PASSWORD, "token": protected.backup_codes[0]}).json()["backup_codes"]

    assert len(new) == 10
    verify = "/api/v1/users/verify_2fa/"
    assert protected.pending().post(verify, {"token": protected.backup_codes[1]}).status_code == 401
    assert protected.pending().post(verify, {"token": new[0]}).status_code == 200
    assert client.get(STATUS).json()["backup_codes_left"] == 9


def test_without_a_second_factor_there_is_nothing_to_change(student: User) -> None:
    client = client_of(student)

    assert client.post(DISABLE, {"password": PASSWORD}).json()["code"] == "no_second_factor"
    assert client.post(CODES, {"password": PASSWORD}).json()["code"] == "no_second_factor"


def test_keys_are_rotated_while_people_log_in(protected: Protected, settings: Settings) -> None:
    old, new = Fernet.generate_key().decode(), Fernet.generate_key().decode()
    settings.FIELD_ENCRYPTION_KEYS = [old]
    secret = client_of(protected.user).post("/api/v1/users/enable_2fa/")  # a pending secret under the old key
    assert secret.status_code == 200
    User.objects.filter(pk=protected.user.pk).update(totp_enabled=False, totp_secret="")

    settings.FIELD_ENCRYPTION_KEYS = [new, old]
    call_command("rotate_keys")
    settings.FIELD_ENCRYPTION_KEYS = [new]

    stored = User.objects.get(pk=protected.user.pk).totp_pending_secret
    assert pyotp.TOTP(decrypt(stored)).secret == secret.json()["secret"]


def test_a_secret_that_no_key_fits_is_named_and_not_lost(protected: Protected, settings: Settings) -> None:
    before = User.objects.get(pk=protected.user.pk).totp_secret
    settings.FIELD_ENCRYPTION_KEYS = [Fernet.generate_key().decode()]

    with pytest.raises(ValueError, match="FIELD_ENCRYPTION_KEYS lacks"):
        call_command("rotate_keys")

    assert User.objects.get(pk=protected.user.pk).totp_secret == before


def test_the_owner_hears_that_it_is_on_and_that_it_is_off(protected: Protected, client: APIClient) -> None:
    client.post(DISABLE, {"password": PASSWORD, "token": protected.totp.now()})

    subjects = list(OutgoingMail.objects.order_by("id").values_list("subject", flat=True))
    assert subjects == ["Your second factor is on", "Your second factor is off"]


def test_wrong_codes_at_every_door_count_together(protected: Protected, client: APIClient) -> None:
    User.objects.filter(pk=protected.user.pk).update(is_staff=True)
    at_the_admin = {"username": protected.user.email, "password": PASSWORD, "token": "000000"}
    for _ in range(2):
        Client().post("/admin/login/", at_the_admin)
        client.post(DISABLE, {"password": PASSWORD, "token": "000000"})
    protected.pending().post("/api/v1/users/verify_2fa/", {"token": "000000"})

    refused = protected.pending().post("/api/v1/users/verify_2fa/", {"token": protected.totp.now()})

    assert refused.status_code == 429
    assert client.post(DISABLE, {"password": PASSWORD, "token": protected.totp.now()}).status_code == 429
    assert Client().post("/admin/login/", {**at_the_admin, "token": protected.totp.now()}).status_code == 200


def test_a_stolen_session_puts_no_other_app_in_the_place_of_the_owners(protected: Protected, client: APIClient) -> None:
    secret = client.post(ENABLE).json()["secret"]

    for proof in ({}, {"password": PASSWORD}, {"password": PASSWORD, "current_token": "000000"}):
        answer = client.post(CONFIRM, {"token": pyotp.TOTP(secret).now(), **proof})
        assert (answer.status_code, answer.json()["code"]) == (403, "step_up_required")

    assert protected.pending().post(VERIFY, {"token": protected.totp.now()}).status_code == 200


def test_the_owner_replaces_it_with_password_and_a_code_of_the_old_one(protected: Protected, client: APIClient) -> None:
    enrolment = client.post(ENABLE).json()
    new = pyotp.TOTP(enrolment["secret"])
    proof = {"password": PASSWORD, "current_token": protected.backup_codes[0]}

    assert client.post(CONFIRM, {"token": new.now(), **proof}).status_code == 200

    User.objects.filter(pk=protected.user.pk).update(totp_last_step=0)
    assert protected.pending().post(VERIFY, {"token": protected.backup_codes[1]}).status_code == 401
    assert protected.pending().post(VERIFY, {"token": new.now()}).status_code == 200


def test_a_session_that_ended_meanwhile_confirms_nothing(student: User, monkeypatch: pytest.MonkeyPatch) -> None:
    client = client_of(student)
    secret = client.post(ENABLE).json()["secret"]
    monkeypatch.setattr("users.services.second_factor.count_try", lambda *_, **__: Session.objects.all().end("test"))

    assert client.post(CONFIRM, {"token": pyotp.TOTP(secret).now()}).status_code == 401

    student.refresh_from_db()
    assert student.totp_enabled is False
