"""Who asks, in the table of who may do what."""

from collections.abc import Callable
from datetime import timedelta

import pyotp
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from tests.conftest import client_of, make_user
from users.models import PendingLogin, User
from users.services.second_factor import confirm_enrolment, start_enrolment
from users.tokens import PendingLoginToken

ROLES = ("anonymous", "pending", "inactive", "other", "owner", "instructor", "staff", "superuser")


def make_owner() -> User:
    """Make the person whose things are asked for."""
    return make_user("owner@example.com")


def client_as(role: str, owner: User) -> APIClient:
    """Return a client of a role; the account is made here."""
    made: dict[str, Callable[[], APIClient]] = {
        "anonymous": APIClient,
        "pending": _pending,
        "inactive": _inactive,
        "other": lambda: client_of(make_user("other@example.com")),
        "owner": lambda: client_of(owner),
        "instructor": lambda: client_of(make_user("instructor@example.com", user_type=User.Type.INSTRUCTOR)),
        "staff": lambda: client_of(make_user("staff@example.com", is_staff=True)),
        "superuser": lambda: client_of(make_user("root@example.com", is_staff=True, is_superuser=True)),
    }
    return made[role]()


def _pending() -> APIClient:
    """Somebody whose password was right and who still owes the second factor."""
    user = make_user("pending@example.com")
    secret = start_enrolment(user, by=Actor()).secret
    confirm_enrolment(user, pyotp.TOTP(secret).now(), by=Actor())
    waiting = PendingLogin.objects.create(user=user, expires_at=timezone.now() + timedelta(minutes=5))
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {PendingLoginToken.of(waiting)}")
    return client


def _inactive() -> APIClient:
    """Somebody who was deactivated while logged in."""
    user = make_user("inactive@example.com")
    client = client_of(user)
    User.objects.filter(pk=user.pk).update(is_active=False)
    return client
