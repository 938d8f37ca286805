"""A lock is no weapon: an attacker elsewhere locks only elsewhere."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.actor import Actor
from tests.conftest import PASSWORD
from titanobova.models import OutgoingMail
from users.lockout import FAILURES_TO_LOCK, LockableQuerySet
from users.models import KnownSource, User
from users.services.sources import fingerprint

URL = "/api/v1/auth/token/"
HOME, ELSEWHERE = "198.51.100.10", "203.0.113.66"
TRIES_A_DAY = 35  # what an attacker gets on the first day: seven rounds of five, before the lock lasts longer than it


def login(user: User, password: str, address: str) -> int:
    answer = APIClient().post(URL, {"email": user.email, "password": password}, REMOTE_ADDR=address)
    return int(answer.status_code)


@pytest.fixture
def at_home(student: User, settings: Settings) -> User:
    """A person who has logged in from home; the limits for an address are out of the way."""
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (100000, 3600))
    assert login(student, PASSWORD, HOME) == 200
    return student


def test_the_owner_gets_in_from_home_while_an_attacker_elsewhere_locks_the_account(at_home: User) -> None:
    for number in range(50):
        login(at_home, "wrong-horse-9", f"203.0.113.{number}")

    assert login(at_home, PASSWORD, ELSEWHERE) == 401
    assert login(at_home, PASSWORD, HOME) == 200


def test_a_login_from_home_gives_the_attacker_no_new_tries(at_home: User) -> None:
    for _ in range(FAILURES_TO_LOCK):
        login(at_home, "wrong-horse-9", ELSEWHERE)
    login(at_home, PASSWORD, HOME)

    assert login(at_home, PASSWORD, ELSEWHERE) == 401
    at_home.refresh_from_db()
    assert at_home.failed_login_attempts == FAILURES_TO_LOCK


def test_guessing_from_home_is_counted_too(at_home: User) -> None:
    for _ in range(FAILURES_TO_LOCK):
        login(at_home, "wrong-horse-9", HOME)

    assert login(at_home, PASSWORD, HOME) == 401
    assert KnownSource.objects.get().is_locked


def test_an_ipv6_home_is_a_whole_network(at_home: User) -> None:
    login(at_home, PASSWORD, "2001:db8:1:2::1")

    known = KnownSource.objects.filter(fingerprint=fingerprint(at_home, Actor(ip_address="2001:db8:1:2:ffff::9")))
    assert known.exists()


def test_the_network_itself_is_not_kept(at_home: User) -> None:
    assert HOME not in KnownSource.objects.get().fingerprint


def test_an_attacker_gets_a_bounded_number_of_tries_a_day(at_home: User) -> None:
    start, tries = timezone.now(), 0
    accounts = LockableQuerySet(User)

    for minute in range(0, 24 * 60, 15):
        with time_machine.travel(start + timedelta(minutes=minute, seconds=1), tick=False):
            tries += sum(accounts.reserve_attempt(at_home.pk) for _ in range(8))

    assert tries == TRIES_A_DAY


def test_a_login_from_somewhere_new_is_mailed_and_the_first_one_is_not(at_home: User) -> None:
    assert not OutgoingMail.objects.exists()

    login(at_home, PASSWORD, ELSEWHERE)
    login(at_home, PASSWORD, ELSEWHERE)

    mail = OutgoingMail.objects.get()
    assert (mail.recipient, mail.subject) == (at_home.email, "A login from somewhere new")
    assert ELSEWHERE in mail.text
