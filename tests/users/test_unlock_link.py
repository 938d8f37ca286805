"""Taking a lock off by the link in the mail that tells of it (contract 2.9)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import PASSWORD
from tests.users.mailbox import API, links_to, mails_to, token_for
from tests.users.test_login import fail
from users.models import MailedLink, User
from users.services.email_flows import send_unlock_link

pytestmark = pytest.mark.django_db

UNLOCK, LOGIN = f"{API}unlock/", "/api/v1/auth/token/"


@pytest.fixture
def locked(anonymous: APIClient, student: User, actor: Actor) -> User:
    """A person whose account is locked, and who was told so."""
    fail(anonymous, student.email, 5)
    student.refresh_from_db()
    assert student.account_locked_until is not None
    send_unlock_link(student, student.account_locked_until, actor)
    return student


def login_status(user: User) -> int:
    return APIClient().post(LOGIN, {"email": user.email, "password": PASSWORD}).status_code


def test_the_mailed_link_lets_the_owner_in_again(anonymous: APIClient, locked: User) -> None:
    before = login_status(locked)

    answer = anonymous.post(UNLOCK, {"token": token_for(locked.email)})

    assert (before, answer.status_code, login_status(locked)) == (401, 200, 200)
    assert AuditLog.objects.get(details__event="auth.account.unlocked").user == locked


def test_it_forgets_the_failures_so_that_the_next_lock_is_short_again(anonymous: APIClient, locked: User) -> None:
    anonymous.post(UNLOCK, {"token": token_for(locked.email)})

    locked.refresh_from_db()
    assert (locked.failed_login_attempts, locked.account_locked_until) == (0, None)


def test_it_works_once_so_that_an_attacker_cannot_keep_the_door_open_with_it(
    anonymous: APIClient, locked: User
) -> None:
    token = token_for(locked.email)
    anonymous.post(UNLOCK, {"token": token})
    fail(anonymous, locked.email, 5)

    answer = anonymous.post(UNLOCK, {"token": token})

    assert (answer.status_code, answer.json()["code"]) == (400, "link_not_valid")
    assert login_status(locked) == 401


def test_the_mail_says_until_when_and_its_link_lasts_a_day(student: User, actor: Actor) -> None:
    until = timezone.now() + timedelta(minutes=15)

    send_unlock_link(student, until, actor)

    (mail,) = mails_to(student.email)
    assert f"{until:%H:%M} UTC" in mail.text
    assert "/unlock?token=" in links_to(student.email)[0]
    left = MailedLink.objects.get().expires_at - timezone.now()
    assert timedelta(hours=23, minutes=59) < left <= timedelta(hours=24)


def test_it_proves_nothing_else(anonymous: APIClient, locked: User) -> None:
    anonymous.post(UNLOCK, {"token": token_for(locked.email)})

    locked.refresh_from_db()
    assert not locked.email_verified
