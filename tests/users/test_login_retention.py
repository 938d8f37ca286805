"""Traces of logins go after their days; what lockout, erasure and those who are logged in need stays."""

from datetime import timedelta
from typing import Any

import pytest
from django.conf import LazySettings
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from tests.shared.aged import days_ago, made
from titanobova import retention
from titanobova.models import OutgoingMail
from titanobova.site.retention import apply_retention
from users.models import LoginAttempt, PendingLogin, Session, UnknownAccount, User
from users.personal_data import erase_account_data
from users.services.sessions import open_session

pytestmark = pytest.mark.django_db
LOGIN = "/api/v1/auth/token/"
NIGHT = Actor.from_system("retention")


@pytest.fixture(autouse=True)
def _ninety_days(settings: LazySettings) -> None:
    settings.LOGINS_KEPT_DAYS = 90


def attempt(days: float, outcome: str = "wrong", email: str = "nobody@example.com", **fields: Any) -> LoginAttempt:
    """Store a try of so many days ago."""
    return LoginAttempt.objects.create(email=email, outcome=outcome, ip_address="192.0.2.1", **made(days), **fields)


def tried(email: str, times: int) -> None:
    """Try to log in so many times with a wrong password."""
    for _ in range(times):
        assert APIClient().post(LOGIN, {"email": email, "password": "wrong"}).status_code == 401


def age_attempts(days: float) -> None:
    """Let all tries so far be so many days old."""
    for row in LoginAttempt.objects.all():
        LoginAttempt.objects.filter(pk=row.pk).update(**made(days))


def test_tries_go_after_their_days_and_the_log_says_how_many() -> None:
    kept = [attempt(days) for days in (1, 89)]
    for days in (91, 400):
        attempt(days)

    run = apply_retention(by=NIGHT)

    assert set(LoginAttempt.objects.all()) == set(kept)
    assert run.gone["login attempts"] == 2
    told = AuditLog.objects.get(details__event="site.retention.applied").details
    assert (told["of"], told["kind"], told["count"]) == ("users.loginattempt", "login attempts", 2)


def test_with_nought_days_all_stay_for_ever(settings: LazySettings, student: User) -> None:
    settings.LOGINS_KEPT_DAYS = 0
    attempt(4000)
    open_session(student, by=NIGHT)
    Session.objects.update(**made(4000), expires_at=days_ago(3970))

    apply_retention(by=NIGHT)

    assert (LoginAttempt.objects.count(), Session.objects.count()) == (1, 1)


@pytest.mark.parametrize("step", [1, 2000])
def test_the_last_login_with_each_address_stays(
    student: User, other_student: User, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "STEP", step)
    before, now = "before@example.com", student.email
    last = [
        attempt(400, "success", before, user=student),
        attempt(300, "second_factor", now, user=student),
        attempt(350, "success", other_student.email, user=other_student),
    ]
    for row in ((500, "success", before), (399, "wrong", before), (310, "success", now), (250, "wrong", now)):
        attempt(*row, user=student)

    apply_retention(by=NIGHT)

    assert set(LoginAttempt.objects.all()) == set(last)


def test_mail_to_an_earlier_address_is_still_erased_with_its_person(student: User) -> None:
    """Only a login says that the address was theirs; so the last one with it must not go before them."""
    attempt(400, "success", "before@example.com", user=student)
    OutgoingMail.objects.create(recipient="before@example.com", subject="Hello Ada", text="x", status="sent")
    User.objects.update(created_at=days_ago(500))
    student.refresh_from_db()
    apply_retention(by=NIGHT)

    erase_account_data(student)

    assert OutgoingMail.objects.get().subject == ""
    assert not LoginAttempt.objects.exists()


def test_a_lock_does_not_depend_on_tries_that_are_kept(student: User) -> None:
    tried(student.email, 5)
    age_attempts(400)

    apply_retention(by=NIGHT)

    assert not LoginAttempt.objects.exists()
    assert APIClient().post(LOGIN, {"email": student.email, "password": PASSWORD}).status_code == 401
    student.refresh_from_db()
    assert (student.failed_login_attempts, student.is_locked) == (5, True)


def test_what_counts_tries_at_an_address_without_account_goes_with_the_last_of_them() -> None:
    tried("once@example.com", 1)
    tried("again@example.com", 1)
    age_attempts(91)
    tried("again@example.com", 1)

    apply_retention(by=NIGHT)

    assert [row.email for row in LoginAttempt.objects.all()] == ["again@example.com"]
    left = UnknownAccount.objects.get()
    assert (left.pk, left.failed_login_attempts) == (UnknownAccount.digest_of("again@example.com"), 2)


def test_an_address_without_account_that_is_locked_stays_locked() -> None:
    tried("nobody@example.com", 5)
    age_attempts(400)  # no lock is as old as that: only the guard is tried

    apply_retention(by=NIGHT)
    assert UnknownAccount.objects.get().is_locked

    UnknownAccount.objects.update(account_locked_until=timezone.now() - timedelta(seconds=1))
    attempt(400)
    apply_retention(by=NIGHT)
    assert not UnknownAccount.objects.exists()


def test_sessions_and_unfinished_logins_go_once_they_have_been_over_for_so_long(student: User) -> None:
    rows = {
        "open": {**made(100), "expires_at": timezone.now() + timedelta(days=1)},
        "over lately": {**made(100), "expires_at": days_ago(80)},
        "ended lately": {**made(100), "expires_at": days_ago(70), "ended_at": days_ago(89)},
        "over": {**made(130), "expires_at": days_ago(100)},
        "ended": {**made(95), "expires_at": days_ago(65), "ended_at": days_ago(94)},
    }
    for name, row in rows.items():
        Session.objects.create(user=student, user_agent=name, **row)
    for days in (91, 89):
        PendingLogin.objects.create(user=student, id=made(days)["id"], expires_at=days_ago(days))

    run = apply_retention(by=NIGHT)

    left = set(Session.objects.values_list("user_agent", flat=True))
    assert left == {"open", "over lately", "ended lately"}
    assert (run.gone["sessions"], run.gone["unfinished logins"], PendingLogin.objects.count()) == (2, 1, 1)


def test_who_is_logged_in_stays_so_however_old_the_session_is(student: User) -> None:
    client = client_of(student)
    Session.objects.update(created_at=days_ago(400), expires_at=timezone.now() + timedelta(hours=1))

    apply_retention(by=NIGHT)

    assert client.get("/api/v1/users/profile/").status_code == 200
