"""Rate limits: the guide's figures, exactly; who shares a budget, who has none, and what each answer says of it."""

import time
from collections.abc import Callable

import pytest
from django.conf import LazySettings
from django.conf import settings as django_settings
from django.db import connection, transaction
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD
from tests.shared.conftest import Lines
from titanobova import throttling
from titanobova.models import RateLimitCounter
from users.models import User

pytestmark = pytest.mark.django_db

PROFILE, LOGIN, REGISTER = "/api/v1/users/profile/", "/api/v1/auth/token/", "/api/v1/users/register/"
HEADERS = ["RateLimit-Limit", "RateLimit-Remaining", "RateLimit-Reset"]


@pytest.fixture
def limit(settings: LazySettings) -> Callable[..., None]:
    """Return the function that sets quotas for a minute: `limit(anon=5)`."""

    def set_quotas(**quotas: int) -> None:
        settings.RATE_LIMITS = {**settings.RATE_LIMITS, **{scope: (quota, 60) for scope, quota in quotas.items()}}

    return set_quotas


def test_a_visitor_has_exactly_a_hundred_an_hour_and_refused_requests_count(
    anonymous: APIClient, security_log: Lines
) -> None:
    answers = [anonymous.get(PROFILE) for _ in range(103)]

    assert [answer.status_code for answer in answers] == [401] * 100 + [429] * 3
    assert [answer.headers["RateLimit-Remaining"] for answer in answers[:100]] == [str(99 - n) for n in range(100)]
    assert 3595 <= int(answers[-1].headers["Retry-After"]) <= 3600
    assert AuditLog.objects.filter(details__event="rate_limit.exceeded").count() == 1
    assert [line["event"] for line in security_log()] == ["rate_limit.exceeded"]


def test_tries_with_a_token_that_is_not_valid_count_too(anonymous: APIClient, limit: Callable[..., None]) -> None:
    limit(anon=2)
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer x.y.z")

    assert [anonymous.get(PROFILE).status_code for _ in range(3)] == [401, 401, 429]


def test_a_person_has_a_budget_of_their_own_over_all_sessions(
    api: Callable[[User], APIClient], student: User, other_student: User, limit: Callable[..., None]
) -> None:
    limit(user=6, anon=0)
    laptop, phone = api(student), api(student)

    statuses = [client.get(PROFILE).status_code for client in [laptop, phone] * 4]

    assert statuses == [200] * 6 + [429] * 2
    assert api(other_student).get(PROFILE).status_code == 200


def test_a_persons_limit_is_a_thousand() -> None:
    assert throttling.spend("user", "somebody").verdict == (1000, 999, 3600)


def test_staff_have_no_limit_and_are_told_of_none(
    api: Callable[[User], APIClient], staff: User, limit: Callable[..., None]
) -> None:
    limit(user=2, anon=2)
    client = api(staff)

    answers = [client.get(PROFILE) for _ in range(5)]

    assert {answer.status_code for answer in answers} == {200}
    assert not any(answer.has_header(name) for answer in answers for name in HEADERS)


def test_former_staff_are_limited_like_anyone(
    api: Callable[[User], APIClient], staff: User, limit: Callable[..., None]
) -> None:
    limit(user=1)
    client = api(staff)
    User.objects.filter(pk=staff.pk).update(is_staff=False)

    assert [client.get(PROFILE).status_code for _ in range(2)] == [200, 429]


def test_staff_are_limited_at_the_login(anonymous: APIClient, staff: User, limit: Callable[..., None]) -> None:
    limit(login=2)

    statuses = [anonymous.post(LOGIN, {"email": staff.email, "password": PASSWORD}).status_code for _ in range(3)]

    assert statuses == [200, 200, 429]


@pytest.mark.parametrize(
    ("scope", "url"),
    [
        ("login", LOGIN),
        ("login", "/api/v1/users/verify_2fa/"),
        ("register", REGISTER),
        ("contact", "/api/v1/contacts/contacts/"),
    ],
)
def test_what_an_attacker_repeats_has_a_tighter_limit_of_its_own(
    anonymous: APIClient, limit: Callable[..., None], scope: str, url: str
) -> None:
    limit(**{scope: 3})

    answers = [anonymous.post(url, {}) for _ in range(4)]

    assert [answer.status_code == 429 for answer in answers] == [False, False, False, True]
    assert answers[0].headers["RateLimit-Limit"] == "3"
    assert anonymous.get(PROFILE).headers["RateLimit-Limit"] == "100"


def test_both_versions_share_one_budget(anonymous: APIClient, limit: Callable[..., None]) -> None:
    limit(anon=4)

    statuses = [anonymous.get(f"/api/v{1 + n % 2}/users/profile/").status_code for n in range(6)]

    assert statuses == [401] * 4 + [429] * 2


def test_visitors_from_other_addresses_have_budgets_of_their_own(limit: Callable[..., None]) -> None:
    limit(anon=1)

    statuses = [APIClient(REMOTE_ADDR=f"192.0.2.{n}").get(PROFILE).status_code for n in (1, 1, 2, 2)]

    assert statuses == [401, 429, 401, 429]


@pytest.mark.parametrize(
    "path", ["/api/v1/", "/api/v2/", "/api/v1/schema/", "/api/v1/?script", "/health/live", "/api/v1/nothing/"]
)
def test_documentation_and_health_are_exempt(anonymous: APIClient, limit: Callable[..., None], path: str) -> None:
    limit(anon=0)

    answer = anonymous.get(path)

    assert answer.status_code != 429
    assert not any(answer.has_header(name) for name in HEADERS)


@pytest.mark.parametrize(
    ("status", "request_line", "kinds"),
    [
        (401, f"GET {PROFILE}", "json json"),
        (401, f"OPTIONS {PROFILE}", "json json"),
        (400, f"POST {LOGIN}", "json json"),
        (415, f"POST {LOGIN}", "xml json"),
        (406, f"POST {LOGIN}", "json xml"),
        (405, f"PUT {LOGIN}", "json json"),
        (404, "GET /api/v1/courses/courses/00000000-0000-7000-8000-000000000000/", "json json"),
        (200, "GET /api/v1/courses/courses/", "json json"),
    ],
)
def test_every_answer_of_a_limited_route_says_what_is_left(
    anonymous: APIClient, status: int, request_line: str, kinds: str
) -> None:
    method, url = request_line.split()
    sent, wanted = (f"application/{kind}" for kind in kinds.split())

    answer = anonymous.generic(method, url, "x", content_type=sent, headers={"Accept": wanted})

    quota = 30 if url == LOGIN else 100
    assert answer.status_code == status
    assert [int(answer.headers[name]) for name in HEADERS] == [quota, quota - 1, 3600]


def test_a_refused_answer_says_so_too(anonymous: APIClient, limit: Callable[..., None]) -> None:
    limit(anon=1)
    anonymous.get(PROFILE)

    answer = anonymous.get(PROFILE)

    assert [answer.headers[name] for name in HEADERS] == ["1", "0", answer.headers["Retry-After"]]


def test_browsers_may_read_the_headers(anonymous: APIClient) -> None:
    answer = anonymous.get(PROFILE, headers={"Origin": "http://localhost:5173"})

    exposed = answer.headers["Access-Control-Expose-Headers"].split(", ")
    assert {*HEADERS, "Retry-After", "X-Request-ID"} <= set(exposed)


def test_a_window_closes_after_its_period() -> None:
    counters = [throttling.memory.count, throttling.count_in_database]
    counters += [throttling.count_in_redis] if django_settings.REDIS_HOST else []

    before = [[count("key", 1).used for _ in range(3)] for count in counters]
    time.sleep(1.1)
    after = [count("key", 1) for count in counters]

    assert before == [[1, 2, 3]] * len(counters)
    assert [window.used for window in after] == [1] * len(counters)
    assert all(0.5 < window.closes_in <= 1 for window in after)


def test_a_window_that_is_forgotten_begins_anew(limit: Callable[..., None]) -> None:
    limit(verify_2fa=1)
    throttling.spend("verify_2fa", "somebody")

    throttling.forget("verify_2fa", "somebody")

    assert throttling.spend("verify_2fa", "somebody").is_allowed
    assert not throttling.spend("verify_2fa", "somebody").is_allowed


def test_closed_windows_leave_the_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "MEMORY_KEYS", 10)
    counters = throttling.MemoryCounters()

    for number in range(100):
        counters.count(f"closed at once {number}", 0)
    for number in range(15):
        counters.count(f"open {number}", 60)

    assert len(counters._windows) < 30
    assert counters.count("open 0", 60).used == 2


def test_closed_windows_leave_the_database(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(throttling, "SWEEP_EVERY", 1)
    RateLimitCounter.objects.create(key="closed", used=1, window_ends_ms=1)
    throttling.count_in_database("open", 60)

    throttling.count_in_database("another", 60)

    assert set(RateLimitCounter.objects.values_list("key", flat=True)) == {"open", "another"}


if django_settings.DB_HOST:

    @pytest.mark.django_db(transaction=True)
    def test_counting_relaxes_no_transaction_but_its_own() -> None:
        def setting() -> str:
            with connection.cursor() as cursor:
                cursor.execute("SHOW synchronous_commit")
                return str(cursor.fetchone()[0])

        throttling.count_in_database("key", 60)
        assert setting() == "on"
        with transaction.atomic():
            throttling.count_in_database("key", 60)
            assert setting() == "on"

        assert throttling.count_in_database("key", 60).used == 3
