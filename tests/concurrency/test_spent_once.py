"""What can be used once is used once, however many use it at the same moment.

Each guard is one conditional UPDATE. The negative controls, at the end, run the same race through the same service with
guard taken apart into a read and a write, and a barrier between the two: there, more than one wins.
"""

import threading
from collections.abc import Callable
from uuid import UUID

import pyotp
import pytest
from django.conf import settings as django_settings
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from tests.conftest import PASSWORD, RunTogether, make_user
from titanobova.models import OutgoingMail
from users import hashers
from users.lockout import FAILURES_TO_LOCK, LockableQuerySet
from users.models import BackupCode, LoginAttempt, Session, SessionQuerySet, User
from users.services import second_factor, sessions
from users.services.login import WrongCredentials, prove_password
from users.services.sessions import open_session
from users.tokens import RefreshToken

pytestmark = pytest.mark.django_db(transaction=True)

THREADS = 16
NOBODY = Actor(ip_address="192.0.2.1")


def protected_user() -> tuple[User, pyotp.TOTP, list[str]]:
    """Return a person with a second factor, their authenticator and their backup codes."""
    user = make_user("races@example.com")
    enrolment = second_factor.start_enrolment(user, by=NOBODY)
    totp = pyotp.TOTP(enrolment.secret)
    second_factor.confirm_enrolment(user, totp.now(), by=NOBODY)
    User.objects.filter(pk=user.pk).update(totp_last_step=0)
    return user, totp, enrolment.backup_codes


def test_one_backup_code_has_one_winner(run_together: RunTogether) -> None:
    user, _, codes = protected_user()

    outcomes = run_together(THREADS, lambda _: second_factor.spend_code(user, codes[0]))

    assert sorted(outcomes) == [False] * (THREADS - 1) + [True]


def test_one_totp_step_has_one_winner(run_together: RunTogether) -> None:
    user, totp, _ = protected_user()
    code = totp.now()

    outcomes = run_together(THREADS, lambda _: second_factor.spend_code(user, code))

    assert sorted(outcomes) == [False] * (THREADS - 1) + [True]


def count_raises(monkeypatch: pytest.MonkeyPatch, guard: Callable[..., bool]) -> list[bool]:
    """Let `guard` decide who raises a session's generation, and return the list of its answers."""
    answers: list[bool] = []

    def counted(rows: SessionQuerySet, pk: UUID, *, to: int) -> bool:
        answers.append(guard(rows, pk, to=to))
        return answers[-1]

    monkeypatch.setattr(SessionQuerySet, "raise_generation", counted)
    # The manager copied the method when its class was made.
    monkeypatch.setattr(
        type(Session.objects), "raise_generation", lambda self, pk, *, to: counted(self.all(), pk, to=to)
    )
    return answers


def count_hashes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the list that every password is put into when it is hashed to be checked."""
    hashed: list[str] = []
    verify = hashers.Argon2idHasher.verify

    def counted(hasher: hashers.Argon2idHasher, password: str, encoded: str) -> bool:
        hashed.append(password)
        return verify(hasher, password, encoded)

    monkeypatch.setattr(hashers.Argon2idHasher, "verify", counted)
    return hashed


def test_first_uses_of_one_refresh_token_raise_the_generation_once_and_end_nothing(
    run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
) -> None:
    session = open_session(make_user("races@example.com"), by=NOBODY)
    child = str(RefreshToken.of(session, 1))

    raised = count_raises(monkeypatch, SessionQuerySet.raise_generation)

    outcomes = run_together(THREADS, lambda _: sessions.refresh(child, by=NOBODY).generation)

    session.refresh_from_db()
    assert outcomes == [2] * THREADS
    assert raised.count(True) == 1
    assert (session.generation, session.ended_at) == (1, None)


def test_of_many_wrong_passwords_at_once_five_are_hashed(
    run_together: RunTogether, monkeypatch: pytest.MonkeyPatch
) -> None:
    user = make_user("races@example.com")
    hashed = count_hashes(monkeypatch)

    def try_twice(number: int) -> None:
        for attempt in range(2):
            with pytest.raises(WrongCredentials):
                prove_password(user.email, f"wrong-{number}-{attempt}", by=NOBODY)

    outcomes = run_together(32, try_twice)

    assert outcomes == [None] * 32
    assert len(hashed) == FAILURES_TO_LOCK
    assert LoginAttempt.objects.count() == 64
    assert OutgoingMail.objects.count() == 1
    user.refresh_from_db()
    assert (user.failed_login_attempts, user.is_locked) == (FAILURES_TO_LOCK, True)


def test_one_email_registered_at_once_gives_one_account_and_clear_answers(run_together: RunTogether) -> None:
    form = {"email": "races@example.com", "password": PASSWORD + "-quiet"}

    outcomes = run_together(8, lambda _: APIClient().post("/api/v1/users/register/", form).status_code)

    assert sorted(outcomes) == [201] + [400] * 7
    assert User.objects.count() == 1


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    @pytest.fixture
    def everyone_has_read() -> threading.Barrier:
        """Stand between the check and the act of a guard that was taken apart."""
        return threading.Barrier(THREADS, timeout=30)

    def test_control_a_backup_code_checked_before_it_is_written_wins_often(
        run_together: RunTogether, everyone_has_read: threading.Barrier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user, _, codes = protected_user()

        def read_then_write(user: User, code: str) -> bool:
            found = user.backup_codes.unused().filter(digest=second_factor.digest_backup_code(user, code)).first()
            everyone_has_read.wait()
            if found is not None:
                BackupCode.objects.filter(pk=found.pk).update(used_at=timezone.now())
            return found is not None

        monkeypatch.setattr(second_factor, "_spend_backup_code", read_then_write)

        assert run_together(THREADS, lambda _: second_factor.spend_code(user, codes[0])).count(True) > 1

    def test_control_a_totp_step_checked_before_it_is_written_wins_often(
        run_together: RunTogether, everyone_has_read: threading.Barrier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user, totp, _ = protected_user()
        code, step = totp.now(), totp.timecode(timezone.now())

        def read_then_write(user: User, code: str) -> bool:
            unused = User.objects.get(pk=user.pk).totp_last_step < step
            everyone_has_read.wait()
            User.objects.filter(pk=user.pk).update(totp_last_step=step)
            return unused

        monkeypatch.setattr(second_factor, "_spend_totp", read_then_write)

        assert run_together(THREADS, lambda _: second_factor.spend_code(user, code)).count(True) > 1

    def test_control_a_generation_checked_before_it_is_written_is_raised_often(
        run_together: RunTogether, everyone_has_read: threading.Barrier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        session = open_session(make_user("races@example.com"), by=NOBODY)
        child = str(RefreshToken.of(session, 1))

        def read_then_write(rows: SessionQuerySet, pk: UUID, *, to: int) -> bool:
            first = rows.get(pk=pk).generation == to - 1
            everyone_has_read.wait()
            Session.objects.filter(pk=pk).update(generation=to)
            return first

        raised = count_raises(monkeypatch, read_then_write)
        run_together(THREADS, lambda _: sessions.refresh(child, by=NOBODY))

        assert raised.count(True) > 1

    def test_control_failures_checked_before_they_are_counted_let_more_passwords_through(
        run_together: RunTogether, everyone_has_read: threading.Barrier, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        user = make_user("races@example.com")
        hashed = count_hashes(monkeypatch)

        def read_then_write(rows: LockableQuerySet, pk: object) -> bool:
            seen = User.objects.get(pk=user.pk).failed_login_attempts
            everyone_has_read.wait()
            User.objects.filter(pk=user.pk).update(failed_login_attempts=seen + 1)
            return seen < FAILURES_TO_LOCK

        monkeypatch.setattr(LockableQuerySet, "reserve_attempt", read_then_write)
        run_together(THREADS, lambda _: prove_password(user.email, "wrong-horse-9", by=NOBODY))

        assert len(hashed) > FAILURES_TO_LOCK
