"""A login whose password is being hashed while its owner shuts everybody out: it opens nothing afterwards.

Hashing takes a tenth of a second, and longer in a queue that a thief can fill. What the owner does meanwhile is done
here by the hasher itself, at the moment in which it has said yes.
"""

from collections.abc import Callable

import pytest
from django.contrib.auth.hashers import make_password
from rest_framework.test import APIClient

from tests.conftest import PASSWORD
from tests.users.test_login import BCRYPT, URL
from users import hashers
from users.models import PendingLogin, Session, User
from users.services import login

NEW_HASH = make_password("another-horse-10")


def deactivate(user: User) -> None:
    User.objects.filter(pk=user.pk).update(is_active=False)


def change_the_password(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password=NEW_HASH)


def upgrade_the_hash(user: User) -> None:
    User.objects.filter(pk=user.pk).update(password=make_password("Legacy-pass-01"))


def turn_the_second_factor_on(user: User) -> None:
    User.objects.filter(pk=user.pk).update(totp_enabled=True, totp_secret="x")


@pytest.fixture
def meanwhile(student: User, monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[User], None]], None]:
    """Let something happen once while a password is hashed."""

    def schedule(happen: Callable[[User], None]) -> None:
        waiting = [happen]

        def verify(password: str, encoded: str) -> tuple[bool, bool]:
            said = hashers.verify(password, encoded)
            if waiting:
                waiting.pop()(student)
            return said

        monkeypatch.setattr(login, "verify", verify)

    return schedule


def log_in(user: User, password: str = PASSWORD) -> int:
    """Return the status."""
    status: int = APIClient().post(URL, {"email": user.email, "password": password}).status_code
    return status


@pytest.mark.parametrize("shut_out", [change_the_password, deactivate])
def test_the_old_password_opens_nothing(
    student: User, meanwhile: Callable[[Callable[[User], None]], None], shut_out: Callable[[User], None]
) -> None:
    meanwhile(shut_out)

    assert log_in(student) == 401
    assert not Session.objects.exists()


def test_a_second_factor_that_was_turned_on_is_asked_for(
    student: User, meanwhile: Callable[[Callable[[User], None]], None]
) -> None:
    meanwhile(turn_the_second_factor_on)

    assert log_in(student) == 200
    assert (Session.objects.count(), PendingLogin.objects.count()) == (0, 1)


@pytest.mark.parametrize("shut_out", [change_the_password, deactivate, turn_the_second_factor_on])
def test_without_a_second_look_each_of_them_would_open_a_session(
    student: User,
    meanwhile: Callable[[Callable[[User], None]], None],
    shut_out: Callable[[User], None],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The negative control."""
    monkeypatch.setattr(login, "held_as_proved", lambda proved: proved)
    meanwhile(shut_out)

    assert log_in(student) == 200
    assert Session.objects.count() == 1


def test_of_two_first_logins_of_an_imported_account_both_get_in(
    student: User, meanwhile: Callable[[Callable[[User], None]], None]
) -> None:
    User.objects.filter(pk=student.pk).update(password=BCRYPT)
    meanwhile(upgrade_the_hash)

    assert log_in(student, "Legacy-pass-01") == 200


def test_a_first_login_during_a_change_of_the_password_stays_outside(
    student: User, meanwhile: Callable[[Callable[[User], None]], None]
) -> None:
    User.objects.filter(pk=student.pk).update(password=BCRYPT)
    meanwhile(change_the_password)

    assert log_in(student, "Legacy-pass-01") == 401
    assert not Session.objects.exists()
