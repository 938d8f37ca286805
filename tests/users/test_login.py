"""Logging in with e-mail and password."""

from rest_framework.test import APIClient

from tests.conftest import PASSWORD
from users.models import User

URL = "/api/v1/auth/token/"


def test_email_and_password_give_tokens(anonymous: APIClient, student: User) -> None:
    answer = anonymous.post(URL, {"email": student.email, "password": PASSWORD})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "requires_2fa"}
    assert answer.json()["requires_2fa"] is False
