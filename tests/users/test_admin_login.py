"""The admin is entered by the same login as the API."""

import pyotp
import pytest
from django.test import Client
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from users.lockout import FAILURES_TO_LOCK
from users.models import LoginAttempt, User

URL = "/admin/login/?next=/admin/"


def enter(email: str, password: str = PASSWORD, token: str = "") -> bool:
    """Try the admin's login page; true when it lets in."""
    answer = Client().post(URL, {"username": email, "password": password, "token": token})
    return answer.status_code == 302


def test_staff_enter_with_their_password(staff: User) -> None:
    assert enter(staff.email)
    assert LoginAttempt.objects.get().outcome == LoginAttempt.Outcome.SUCCESS
    assert AuditLog.objects.filter(action="login").count() == 1


def test_others_stay_outside(student: User, staff: User) -> None:
    assert not enter(student.email)
    assert not enter(staff.email, "wrong-horse-9")


def test_a_lock_counts_for_both_doors(staff: User, anonymous: APIClient) -> None:
    for _ in range(FAILURES_TO_LOCK):
        enter(staff.email, "wrong-horse-9")

    assert not enter(staff.email)
    login = {"email": staff.email, "password": PASSWORD}
    assert anonymous.post("/api/v1/auth/token/", login).status_code == 401


def test_the_second_factor_guards_this_door_too(staff: User) -> None:
    api = client_of(staff)
    totp = pyotp.TOTP(api.post("/api/v1/users/enable_2fa/").json()["secret"])
    api.post("/api/v1/users/confirm_2fa/", {"token": totp.now()})
    User.objects.filter(pk=staff.pk).update(totp_last_step=0)

    assert not enter(staff.email)
    assert not enter(staff.email, token="000000")
    assert enter(staff.email, token=totp.now())
    assert not enter(staff.email, token=totp.now())


@pytest.mark.parametrize("path", ["users/user/", "users/session/", "users/loginattempt/", "audit/auditlog/", ""])
def test_the_pages_open_for_staff(staff: User, client: Client, path: str) -> None:
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    assert client.get(f"/admin/{path}").status_code == 200


def test_no_secret_is_shown_on_a_persons_page(staff: User, student: User, client: Client) -> None:
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    page = client.get(f"/admin/users/user/{student.pk}/change/").content.decode()

    assert student.email in page
    assert student.password not in page
    assert "totp_secret" not in page


def test_the_second_factor_can_be_made_compulsory(staff: User, settings: Settings) -> None:
    settings.REQUIRE_STAFF_2FA = True

    assert not enter(staff.email)
