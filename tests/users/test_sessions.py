"""Refresh tokens and sessions (contract 2.6 and 2.7)."""

from datetime import timedelta

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries, Settings
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD, client_of
from titanobova.models import OutgoingMail
from users.models import Session, User
from users.tokens import AccessToken, RefreshToken

REFRESH = "/api/v1/auth/token/refresh/"
PROFILE = "/api/v1/users/profile/"


@pytest.fixture
def tokens(anonymous: APIClient, student: User) -> dict[str, str]:
    """What a login answered."""
    answer: dict[str, str] = anonymous.post(
        "/api/v1/auth/token/", {"email": student.email, "password": PASSWORD}
    ).json()
    return answer


def profile_status(access: str) -> int:
    client = APIClient()
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {access}")
    return int(client.get(PROFILE).status_code)


def test_a_client_that_keeps_its_first_refresh_token_refreshes_for_ever(
    anonymous: APIClient, tokens: dict[str, str]
) -> None:
    for _ in range(5):
        answer = anonymous.post(REFRESH, {"refresh": tokens["refresh"]})
        assert answer.status_code == 200
        assert profile_status(answer.json()["access"]) == 200

    assert Session.objects.get().generation == 0


def test_a_client_that_takes_each_child_refreshes_for_ever(anonymous: APIClient, tokens: dict[str, str]) -> None:
    refresh = tokens["refresh"]
    for _ in range(5):
        refresh = anonymous.post(REFRESH, {"refresh": refresh}).json()["refresh"]

    assert Session.objects.get().generation == 4


def test_a_parent_used_after_its_child_ends_the_session_and_tells_the_owner(
    anonymous: APIClient, tokens: dict[str, str], student: User
) -> None:
    child = anonymous.post(REFRESH, {"refresh": tokens["refresh"]}).json()
    anonymous.post(REFRESH, {"refresh": child["refresh"]})

    assert anonymous.post(REFRESH, {"refresh": tokens["refresh"]}).status_code == 401
    assert profile_status(child["access"]) == 401
    assert OutgoingMail.objects.get().recipient == student.email
    assert AuditLog.objects.filter(details__event="auth.session.reused").count() == 1


def test_refreshing_never_moves_the_end_of_the_session(anonymous: APIClient, tokens: dict[str, str]) -> None:
    end = Session.objects.get().expires_at
    child = anonymous.post(REFRESH, {"refresh": tokens["refresh"]}).json()["refresh"]

    assert Session.objects.get().expires_at == end
    assert abs(RefreshToken.read(child)["exp"] - end.timestamp()) <= 1


def test_a_session_past_its_end_is_refused(anonymous: APIClient, tokens: dict[str, str]) -> None:
    Session.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert anonymous.post(REFRESH, {"refresh": tokens["refresh"]}).status_code == 401
    assert profile_status(tokens["access"]) == 401


def test_one_kind_of_token_is_never_taken_for_another(anonymous: APIClient, tokens: dict[str, str]) -> None:
    assert anonymous.post(REFRESH, {"refresh": tokens["access"]}).status_code == 401
    assert profile_status(tokens["refresh"]) == 401


@pytest.mark.parametrize("text", ["", "null", "x.y.z", "eyJhbGciOiJub25lIn0.e30.", "é", "a" * 3000])
def test_nonsense_is_refused(anonymous: APIClient, db: None, text: str) -> None:
    assert anonymous.post(REFRESH, {"refresh": text}).status_code in {400, 401}
    assert profile_status(text or "-") == 401


def test_a_token_of_an_unknown_session_is_refused(anonymous: APIClient, student: User) -> None:
    session = Session(user=student, expires_at=timezone.now() + timedelta(days=1))

    assert profile_status(str(AccessToken.of(session))) == 401
    assert anonymous.post(REFRESH, {"refresh": str(RefreshToken.of(session, 0))}).status_code == 401


def test_logout_refuses_the_tokens_at_once(anonymous: APIClient, tokens: dict[str, str]) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION=f"Bearer {tokens['access']}")

    assert anonymous.post("/api/v1/auth/logout/").status_code == 204
    assert profile_status(tokens["access"]) == 401
    assert APIClient().post(REFRESH, {"refresh": tokens["refresh"]}).status_code == 401


def test_a_person_sees_and_ends_their_own_sessions_alone(student: User, other_student: User) -> None:
    mine, elsewhere, foreign = client_of(student), client_of(student), client_of(other_student)
    rows = mine.get("/api/v1/users/sessions/").json()["results"]
    other = next(row["id"] for row in rows if not row["is_current"])

    assert len(rows) == 2
    assert foreign.delete(f"/api/v1/users/sessions/{other}/").status_code == 404
    assert mine.delete(f"/api/v1/users/sessions/{other}/").status_code == 204
    assert elsewhere.get(PROFILE).status_code == 401
    assert mine.get(PROFILE).status_code == 200


def test_a_deactivated_account_is_refused_at_once(anonymous: APIClient, tokens: dict[str, str], student: User) -> None:
    User.objects.filter(pk=student.pk).update(is_active=False)

    assert profile_status(tokens["access"]) == 401
    assert anonymous.post(REFRESH, {"refresh": tokens["refresh"]}).status_code == 401


def test_the_last_use_is_noted_once_a_minute_at_most(
    student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(student)
    Session.objects.update(last_used_at=timezone.now() - timedelta(hours=1))

    with django_assert_num_queries(2):
        client.get(PROFILE, REMOTE_ADDR="198.51.100.9", HTTP_USER_AGENT="curl/8.0")
    with django_assert_num_queries(1):
        client.get(PROFILE)

    session = Session.objects.get()
    assert (session.ip_address, session.user_agent) == ("198.51.100.9", "curl/8.0")
    assert session.last_used_at > timezone.now() - timedelta(minutes=1)


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:130.0) Gecko/20100101 Firefox/130.0", "Firefox on Windows"),
        (
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) AppleWebKit/605.1.15 Safari/605.1",
            "Safari on macOS",
        ),
        ("Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36", "Chrome on Android"),
        ("Mozilla/5.0 (Windows NT 10.0) AppleWebKit/537.36 Chrome/126.0 Safari/537.36 Edg/126.0", "Edge on Windows"),
        ("curl/8.0", "curl"),
        ("", "unknown device"),
    ],
)
def test_a_session_names_its_device(student: User, agent: str, device: str) -> None:
    client = client_of(student)
    Session.objects.update(user_agent=agent)

    assert client.get("/api/v1/users/sessions/").json()["results"][0]["device"] == device


def test_an_authenticated_request_costs_one_query_for_who_asks(
    student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    client = client_of(student)

    with django_assert_num_queries(1):
        assert client.get(PROFILE).status_code == 200


def test_refreshing_counts_against_the_session_and_not_against_the_address(
    anonymous: APIClient, tokens: dict[str, str], settings: Settings
) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (1, 3600), "user": (3, 3600)}
    forged = {"refresh": tokens["refresh"][:-4] + "AAAA"}
    statuses = [anonymous.post(REFRESH, {"refresh": tokens["refresh"]}).status_code for _ in range(4)]

    assert statuses == [200, 200, 200, 429]
    assert [anonymous.post(REFRESH, forged).status_code for _ in range(2)] == [429, 429]
    assert [anonymous.post(REFRESH, [1]).status_code for _ in range(2)] == [429, 429]
