"""The second step of a login and a new password at the same moment: one waits for the other, and neither is refused."""

import threading
from typing import Any

import pyotp
import pytest
from rest_framework.test import APIClient

from tests.conftest import PASSWORD, RunTogether, client_of
from users.models import User
from users.services import eviction, login, passwords, second_factor

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.external]  # SQLite has one writer at a time
PATIENCE = 2.0  # seconds until each goes on without having met the other


def test_a_login_by_backup_code_and_a_new_password_wait_in_no_ring(
    student: User, run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
) -> None:
    owner = client_of(student)
    made = owner.post("/api/v1/users/enable_2fa/").json()
    owner.post("/api/v1/users/confirm_2fa/", {"token": pyotp.TOTP(made["secret"]).now()})
    half = APIClient().post("/api/v1/auth/token/", {"email": student.email, "password": PASSWORD}).json()
    late = APIClient(raise_request_exception=False)
    late.credentials(HTTP_AUTHORIZATION=f"Bearer {half['access']}")
    code_is_spent, password_is_stored = threading.Event(), threading.Event()

    def finish(user: User, *, by: Any) -> Any:
        code_is_spent.set()
        password_is_stored.wait(PATIENCE)
        return login.finish_login(user, by=by)

    def evict(user: User, *, by: Any, reason: str) -> int:
        password_is_stored.set()
        code_is_spent.wait(PATIENCE)
        return eviction.evict_others(user, by=by, reason=reason)

    monkeypatch.setattr(second_factor, "finish_login", finish)
    monkeypatch.setattr(passwords, "evict_others", evict)
    owner.raise_request_exception = False
    change = {"password": PASSWORD, "new_password": "owners-new-horse-10", "token": made["backup_codes"][1]}

    def act(number: int) -> int:
        if number:
            code_is_spent.wait(PATIENCE)
            return owner.post("/api/v1/users/change_password/", change).status_code
        return late.post("/api/v1/users/verify_2fa/", {"token": made["backup_codes"][0]}).status_code

    let_in, changed = run_together(2, act)

    assert changed == 200
    assert let_in in (200, 401)  # let in and ended at once, or too late
    student.refresh_from_db()
    assert student.check_password("owners-new-horse-10")
    assert student.sessions.live().count() == 1
