"""The second factor: setting it up and logging in with it (contract 2.2 to 2.4)."""

from collections.abc import Iterable

import pyotp
import pytest
from django.conf import settings
from django.core.cache import cache
from django.urls import URLPattern, URLResolver, get_resolver
from django.utils import timezone
from django_redis import get_redis_connection
from pytest_django import Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from users.models import BackupCode, PendingLogin, User

LOGIN = "/api/v1/auth/token/"
VERIFY = "/api/v1/users/verify_2fa/"
ENABLE = "/api/v1/users/enable_2fa/"
CONFIRM = "/api/v1/users/confirm_2fa/"


class Protected:
    """A person whose second factor is on, and what only they know."""

    def __init__(self, user: User) -> None:
        client = client_of(user)
        enrolment = client.post(ENABLE).json()
        self.totp = pyotp.TOTP(enrolment["secret"])
        self.backup_codes: list[str] = enrolment["backup_codes"]
        assert client.post(CONFIRM, {"token": self.totp.now()}).status_code == 200
        User.objects.filter(pk=user.pk).update(totp_last_step=0)  # as if the code that confirmed were long past
        self.user = user

    def pending(self) -> APIClient:
        """Return a client whose password was right and who still owes the code."""
        answer = APIClient().post(LOGIN, {"email": self.user.email, "password": PASSWORD}).json()
        assert answer["requires_2fa"] is True
        assert answer["refresh"] is None
        client = APIClient()
        client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['access']}")
        return client


@pytest.fixture
def protected(student: User) -> Protected:
    """The student, with a second factor."""
    return Protected(student)


def test_enabling_shows_secret_address_picture_and_codes(student: User) -> None:
    answer = client_of(student).post(ENABLE).json()

    assert set(answer) == {"secret", "qr_code_url", "qr_code_svg", "backup_codes"}
    assert len(answer["secret"]) == 32
    assert answer["qr_code_url"].startswith("otpauth://totp/titanobova:student%40example.com?secret=")
    assert answer["qr_code_svg"].startswith("<svg")
    assert len(set(answer["backup_codes"])) == 10


def test_nothing_of_it_lies_in_the_database_in_clear(student: User) -> None:
    answer = client_of(student).post(ENABLE).json()

    student.refresh_from_db()
    stored = student.totp_pending_secret + "".join(BackupCode.objects.values_list("digest", flat=True))
    assert answer["secret"] not in stored
    assert not any(code.replace("-", "") in stored for code in answer["backup_codes"])


def test_the_second_factor_is_off_until_a_code_confirms_it(student: User) -> None:
    client = client_of(student)
    client.post(ENABLE)

    assert client.post(CONFIRM, {"token": "000000"}).json()["code"] == "wrong_second_factor"
    assert APIClient().post(LOGIN, {"email": student.email, "password": PASSWORD}).json()["requires_2fa"] is False


def test_confirming_what_nobody_asked_for_is_refused(student: User) -> None:
    assert client_of(student).post(CONFIRM, {"token": "000000"}).status_code == 409


def test_confirming_ends_the_other_sessions(student: User) -> None:
    client, elsewhere = client_of(student), client_of(student)
    secret = client.post(ENABLE).json()["secret"]
    client.post(CONFIRM, {"token": pyotp.TOTP(secret).now()})

    assert client.get("/api/v1/users/profile/").status_code == 200
    assert elsewhere.get("/api/v1/users/profile/").status_code == 401


def test_enabling_again_leaves_the_active_secret_alone(protected: Protected) -> None:
    client_of(protected.user).post(ENABLE)

    assert protected.pending().post(VERIFY, {"token": protected.totp.now()}).status_code == 200
    assert protected.pending().post(VERIFY, {"token": protected.backup_codes[0]}).status_code == 200


def test_password_and_code_log_in(protected: Protected) -> None:
    answer = protected.pending().post(VERIFY, {"token": protected.totp.now()})

    assert answer.status_code == 200
    assert answer.json()["requires_2fa"] is False
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['access']}")
    assert client.get("/api/v1/users/profile/").json()["totp_enabled"] is True


def test_a_code_is_good_once(protected: Protected) -> None:
    code = protected.totp.now()
    assert protected.pending().post(VERIFY, {"token": code}).status_code == 200

    assert protected.pending().post(VERIFY, {"token": code}).status_code == 401


def test_a_used_code_stays_used_when_the_cache_forgets_everything(protected: Protected) -> None:
    code = protected.totp.now()
    assert protected.pending().post(VERIFY, {"token": code}).status_code == 200

    cache.clear()
    if settings.REDIS_HOST:
        get_redis_connection("default").flushall()

    assert protected.pending().post(VERIFY, {"token": code}).status_code == 401


def test_the_admin_does_not_look_at_the_token_of_a_pending_login(protected: Protected) -> None:
    User.objects.filter(pk=protected.user.pk).update(is_staff=True, is_superuser=True)

    answer = protected.pending().get("/admin/")

    assert (answer.status_code, answer["Location"]) == (302, "/admin/login/?next=/admin/")


def test_the_code_that_confirmed_does_not_log_in(student: User) -> None:
    client = client_of(student)
    code = pyotp.TOTP(client.post(ENABLE).json()["secret"]).now()
    client.post(CONFIRM, {"token": code})
    answer = APIClient().post(LOGIN, {"email": student.email, "password": PASSWORD}).json()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer['access']}")

    assert client.post(VERIFY, {"token": code}).json()["code"] == "wrong_second_factor"


def test_a_backup_code_works_only_once_however_it_is_written(protected: Protected) -> None:
    code = protected.backup_codes[3]
    assert protected.pending().post(VERIFY, {"token": code.upper().replace("-", " ")}).status_code == 200

    assert protected.pending().post(VERIFY, {"token": code}).status_code == 401


def test_a_pending_login_is_good_for_one_session(protected: Protected) -> None:
    client = protected.pending()
    assert client.post(VERIFY, {"token": protected.totp.now()}).status_code == 200

    assert client.post(VERIFY, {"token": protected.backup_codes[0]}).status_code == 401
    assert BackupCode.objects.unused().count() == 10


def test_five_wrong_codes_end_the_pending_login(protected: Protected, settings: Settings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "verify_2fa": (100, 300)}
    client = protected.pending()
    for _ in range(PendingLogin.MAX_WRONG_CODES):
        assert client.post(VERIFY, {"token": "000000"}).json()["code"] == "wrong_second_factor"

    assert client.post(VERIFY, {"token": protected.totp.now()}).json()["code"] == "token_not_valid"
    assert AuditLog.objects.filter(details__event="auth.2fa.failed").count() == 5


def test_codes_are_limited_for_the_account_over_all_pending_logins(protected: Protected) -> None:
    for _ in range(5):
        assert protected.pending().post(VERIFY, {"token": "000000"}).status_code == 401

    answer = protected.pending().post(VERIFY, {"token": protected.totp.now()})
    assert answer.status_code == 429
    assert int(answer["Retry-After"]) <= 300


def test_a_pending_login_ends_by_itself(protected: Protected) -> None:
    client = protected.pending()
    PendingLogin.objects.update(expires_at=timezone.now())

    assert client.post(VERIFY, {"token": protected.totp.now()}).status_code == 401


def test_a_full_token_is_no_pending_login(student: User) -> None:
    assert client_of(student).post(VERIFY, {"token": "123456"}).json()["code"] == "token_not_valid"


def paths(patterns: Iterable[URLPattern | URLResolver], prefix: str = "/") -> list[str]:
    found = []
    for pattern in patterns:
        whole = prefix + str(pattern.pattern)
        found += paths(pattern.url_patterns, whole) if isinstance(pattern, URLResolver) else [whole]
    return found


PUBLIC = {
    "",
    "schema/",
    "auth/token/",
    "auth/token/refresh/",
    "users/register/",
    "users/verify_2fa/",
    "payments/webhook/",
}


def test_the_token_of_a_pending_login_opens_no_route_that_needs_a_login(
    protected: Protected, settings: Settings
) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (100000, 3600))
    client, visitor = protected.pending(), APIClient()
    known_id = str(protected.user.pk)
    checked = 0
    for route in sorted(set(paths(get_resolver().url_patterns))):
        path = route.replace("<uuid:pk>", known_id)
        relative = route.removeprefix("/api/v1/").removeprefix("/api/v2/")
        if not route.startswith(("/api/v1/", "/api/v2/")) or relative in PUBLIC or "<" in path or "(" in path:
            continue
        for verb in ("get", "post", "patch", "delete"):
            answer, as_visitor = getattr(client, verb)(path), getattr(visitor, verb)(path)
            assert answer.status_code == as_visitor.status_code, (verb, path)
            if answer.status_code == 401:
                assert answer.json()["code"] == "two_factor_required", (verb, path)
                checked += 1
    assert checked >= 20
