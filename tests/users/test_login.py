"""Logging in with e-mail and password."""

from collections.abc import Callable
from typing import Any

import bcrypt
import pytest
from django.contrib.auth.hashers import make_password
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, make_user
from tests.legacy_import.old_passwords import KEPT
from titanobova.models import OutgoingMail
from users import hashers, old_hashers
from users.lockout import FAILURES_TO_LOCK, FIRST_LOCK, LONGEST_LOCK, LockableQuerySet
from users.models import LoginAttempt, UnknownAccount, User

URL = "/api/v1/auth/token/"
# Made by bcryptjs for "Legacy-pass-01" (the old system's person01).
BCRYPT = "bcrypt_node$$2b$10$qLieUXy7ZTv/Ra2MKdxF7OhPLGSgV5Z4HCHz/Y058a5icos7l.FqG"


def fail(client: APIClient, email: str, times: int = 1) -> None:
    for _ in range(times):
        client.post(URL, {"email": email, "password": "wrong-horse-9"})


def test_email_and_password_give_tokens(anonymous: APIClient, student: User) -> None:
    answer = anonymous.post(URL, {"email": student.email, "password": PASSWORD})

    assert answer.status_code == 200
    assert set(answer.json()) == {"access", "refresh", "requires_2fa"}
    assert answer.json()["requires_2fa"] is False
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert anonymous.get("/api/v1/users/profile/").json()["email"] == student.email


@pytest.mark.parametrize("written", ["student@example.com", "STUDENT@Example.COM", "  student@example.com "])
def test_the_email_may_be_called_username_and_written_in_any_case(
    anonymous: APIClient, student: User, written: str
) -> None:
    assert anonymous.post(URL, {"username": written, "password": PASSWORD}).status_code == 200


def test_two_different_emails_are_a_contradiction(anonymous: APIClient, student: User) -> None:
    answer = anonymous.post(URL, {"email": student.email, "username": "a@b.co", "password": PASSWORD})

    assert answer.status_code == 400
    assert answer.json()["errors"]["non_field_errors"][0]["code"] == "contradiction"


def test_a_login_is_recorded(anonymous: APIClient, student: User) -> None:
    anonymous.post(URL, {"email": student.email, "password": PASSWORD}, REMOTE_ADDR="198.51.100.7")

    student.refresh_from_db()
    assert student.last_login_ip == "198.51.100.7"
    assert LoginAttempt.objects.get().outcome == LoginAttempt.Outcome.SUCCESS
    assert AuditLog.objects.get(action="login").details["event"] == "auth.login.succeeded"


def test_every_refusal_looks_the_same(anonymous: APIClient, student: User) -> None:
    inactive = make_user("inactive@example.com", is_active=False)
    locked = make_user("locked@example.com", account_locked_until=timezone.now() + FIRST_LOCK)
    imported = make_user("imported@example.com")
    User.objects.filter(pk=imported.pk).update(password=BCRYPT)
    unusable = make_user("unusable@example.com")
    User.objects.filter(pk=unusable.pk).update(password=make_password(None))
    attempts = [
        (student.email, "wrong-horse-9"),
        ("nobody@example.com", PASSWORD),
        (inactive.email, PASSWORD),
        (locked.email, PASSWORD),
        (imported.email, "wrong-horse-9"),
        (unusable.email, "x"),
        (student.email, "x" * 1000),
    ]

    answers = [anonymous.post(URL, {"email": email, "password": password}) for email, password in attempts]

    assert {answer.status_code for answer in answers} == {401}
    assert len({answer.content for answer in answers}) == 1
    assert answers[0].json()["code"] == "invalid_credentials"


IMPORTED = {
    "bcrypt": BCRYPT,
    "argon2": f"argon2_node${KEPT['argon2id'].password}",
    "scrypt": f"scrypt_node$16384$8$1$c2FsdA==${'A' * 43}=",
    "pbkdf2": f"pbkdf2_node$sha512$10000$c2FsdA==${'A' * 43}=",
    "malformed": "scrypt_node$",
}


@pytest.mark.parametrize("kind", ["wrong", "unknown", "unusable", "inactive", "digest", *IMPORTED])
def test_every_refusal_costs_one_call_of_one_hasher(
    anonymous: APIClient, student: User, monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    calls: list[str] = []

    def counted(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any) -> Any:
            calls.append(name)
            return method(*args)

        return call

    over_digest = old_hashers.wrap_digest("ab", "md5", order="hmac", salt=b"s", iterations=1)
    argon2_encode, argon2_verify = hashers.Argon2idHasher.encode, hashers.Argon2idHasher.verify
    imported_verify = old_hashers.OldHasher.verify
    monkeypatch.setattr(hashers.Argon2idHasher, "encode", counted("argon2", argon2_encode))
    monkeypatch.setattr(hashers.Argon2idHasher, "verify", counted("argon2", argon2_verify))
    monkeypatch.setattr(old_hashers.OldHasher, "verify", counted("imported", imported_verify))
    changes: dict[str, dict[str, Any]] = {
        "digest": {"password": over_digest},
        **{name: {"password": stored} for name, stored in IMPORTED.items()},
        "unusable": {"password": "!x"},
        "inactive": {"is_active": False},
    }
    User.objects.filter(pk=student.pk).update(**changes.get(kind, {"bio": ""}))
    email = "nobody@example.com" if kind == "unknown" else student.email

    anonymous.post(URL, {"email": email, "password": "wrong-horse-9"})

    # Of a digest the imported hasher asks Argon2 about what it made of the password: one call that takes time.
    asked = {"digest": ["imported", "argon2"], **{name: ["imported"] for name in IMPORTED}}
    assert calls == asked.get(kind, ["argon2"])


def test_a_refusal_answers_no_earlier_than_the_set_time(
    anonymous: APIClient, db: None, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.LOGIN_REFUSAL_SECONDS = 5.0
    waited: list[float] = []
    monkeypatch.setattr("users.services.login.time.sleep", waited.append)

    fail(anonymous, "nobody@example.com")

    assert len(waited) == 1
    assert 3.0 < waited[0] <= 5.0


def test_five_failures_lock_the_account_for_fifteen_minutes(anonymous: APIClient, student: User) -> None:
    fail(anonymous, student.email, FAILURES_TO_LOCK)

    assert anonymous.post(URL, {"email": student.email, "password": PASSWORD}).status_code == 401
    student.refresh_from_db()
    assert student.account_locked_until is not None
    assert abs((student.account_locked_until - timezone.now()) - FIRST_LOCK).total_seconds() < 30
    assert LoginAttempt.objects.filter(outcome=LoginAttempt.Outcome.LOCKED).count() == 1


def test_the_owner_of_a_locked_account_gets_one_mail(anonymous: APIClient, student: User) -> None:
    fail(anonymous, student.email, FAILURES_TO_LOCK + 3)

    assert [mail.recipient for mail in OutgoingMail.objects.all()] == [student.email]
    assert AuditLog.objects.filter(details__event="auth.account.locked").count() == 1


def test_each_further_lock_lasts_twice_as_long_up_to_a_day(anonymous: APIClient, student: User) -> None:
    lengths = []
    for _ in range(9):
        User.objects.filter(pk=student.pk).update(account_locked_until=None)
        for _ in range(FAILURES_TO_LOCK):
            LockableQuerySet(User).reserve_attempt(student.pk)
        student.refresh_from_db()
        assert student.account_locked_until is not None
        lengths.append(round((student.account_locked_until - timezone.now()).total_seconds() / 900))

    assert lengths[:4] == [1, 2, 4, 8]
    assert lengths[-1] == LONGEST_LOCK.total_seconds() / 900


def test_a_success_forgets_the_failures(anonymous: APIClient, student: User) -> None:
    fail(anonymous, student.email, FAILURES_TO_LOCK - 1)
    assert anonymous.post(URL, {"email": student.email, "password": PASSWORD}).status_code == 200
    fail(anonymous, student.email, FAILURES_TO_LOCK - 1)

    assert anonymous.post(URL, {"email": student.email, "password": PASSWORD}).status_code == 200


def test_an_unknown_email_is_locked_alike(anonymous: APIClient, db: None) -> None:
    fail(anonymous, "nobody@example.com", FAILURES_TO_LOCK + 1)

    assert UnknownAccount.objects.get().is_locked
    assert list(LoginAttempt.objects.values_list("outcome", flat=True)) == ["locked", *["wrong"] * FAILURES_TO_LOCK]
    assert not OutgoingMail.objects.exists()


def test_an_imported_password_logs_in_and_becomes_argon2(anonymous: APIClient, student: User) -> None:
    User.objects.filter(pk=student.pk).update(password=BCRYPT)

    assert anonymous.post(URL, {"email": student.email, "password": "Legacy-pass-01"}).status_code == 200
    student.refresh_from_db()
    assert student.password.startswith("argon2$argon2id$v=19$m=19456,t=2,p=1$")
    assert anonymous.post(URL, {"email": student.email, "password": "Legacy-pass-01"}).status_code == 200


@pytest.mark.parametrize("stored", ["bcrypt_node$", "bcrypt_node$$2b$10$short", "bcrypt_node$plain", "", "nonsense"])
def test_a_malformed_hash_is_a_refusal_and_no_error(anonymous: APIClient, student: User, stored: str) -> None:
    User.objects.filter(pk=student.pk).update(password=stored)

    assert anonymous.post(URL, {"email": student.email, "password": "Legacy-pass-01"}).status_code == 401


def test_a_password_over_72_bytes_of_an_imported_account_logs_in(anonymous: APIClient, student: User) -> None:
    whole = "é" * 50  # 100 bytes, of which Node's bcrypt read 72
    made = bcrypt.hashpw(whole.encode()[:72], bcrypt.gensalt(4, prefix=b"2a")).decode()
    User.objects.filter(pk=student.pk).update(password=f"bcrypt_node${made}")

    assert anonymous.post(URL, {"email": student.email, "password": whole}).status_code == 200
    assert anonymous.post(URL, {"email": student.email, "password": whole[:36]}).status_code == 401


def test_a_login_makes_a_bounded_number_of_queries(
    anonymous: APIClient, student: User, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    with django_assert_max_num_queries(16):
        anonymous.post(URL, {"email": student.email, "password": PASSWORD})


def test_logging_in_to_an_account_of_ones_own_gives_no_new_guesses_at_others(
    anonymous: APIClient, student: User, settings: Settings
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "login": (10, 3600)}
    victims = [make_user(f"victim{number}@example.com") for number in range(4)]
    guesses = 0
    for victim in victims:
        for _ in range(4):
            guesses += anonymous.post(URL, {"email": victim.email, "password": "wrong-horse-9"}).status_code == 401
        anonymous.post(URL, {"email": student.email, "password": PASSWORD})

    assert guesses <= 10


def test_an_absurd_password_is_refused_before_anything_hashes_it(
    anonymous: APIClient, student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hashers.Argon2idHasher, "verify", lambda *_: pytest.fail("it was hashed"))

    assert anonymous.post(URL, {"email": student.email, "password": "x" * 1025}).status_code == 400
    assert anonymous.post(URL, {"email": student.email, "password": "é" * 1000}).status_code == 401
