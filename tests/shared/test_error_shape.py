"""Every refusal has one shape: `{"detail", "code"}`, on a 400 `errors` too, and nothing of what went on inside."""

from collections.abc import Callable
from typing import Any

import pytest
from django.conf import LazySettings
from django.test import Client
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.conftest import PASSWORD
from tests.shared.conftest import Lines
from tests.shared.failing_urls import DETAIL
from users.models import User

pytestmark = [pytest.mark.django_db, pytest.mark.urls("tests.shared.failing_urls")]

PROFILE, LOGS, LOGIN = "/api/v1/users/profile/", "/api/v1/audit/logs/", "/api/v1/auth/token/"


def refusal(answer: Any, status: int, code: str) -> dict[str, Any]:
    """Return the body of `answer`, which must be a refusal of this status and code in the one shape."""
    assert answer.headers["Content-Type"] == "application/json"
    body: dict[str, Any] = answer.json()
    assert (answer.status_code, body["code"]) == (status, code)
    assert isinstance(body["detail"], str)
    assert body["detail"]
    assert set(body) == {"detail", "code", "errors"} if status == 400 else {"detail", "code"}
    assert "hunter2" not in answer.content.decode()
    return body


def test_a_bad_field_is_named_with_its_place_in_the_whole(anonymous: APIClient) -> None:
    answer = anonymous.post("/api/v1/failing/nested/", {"lessons": [{"title": "fine"}, {"title": "too long"}, {}]})

    errors = refusal(answer, 400, "invalid")["errors"]
    assert {name: [error["code"] for error in found] for name, found in errors.items()} == {
        "name": ["required"],
        "lessons.1.title": ["max_length"],
        "lessons.2.title": ["required"],
    }
    assert all(set(error) == {"message", "code"} for found in errors.values() for error in found)


def test_fields_called_message_and_code_are_fields(anonymous: APIClient) -> None:
    answer = anonymous.post("/api/v1/failing/nested/", {"name": "x", "lessons": [], "message": "long", "code": "long"})

    errors = refusal(answer, 400, "invalid")["errors"]
    assert set(errors) == {"message", "code"}
    assert [error["code"] for error in errors["code"]] == ["max_length"]


def test_unknown_members_are_named(anonymous: APIClient) -> None:
    answer = anonymous.post(LOGIN, {"email": "a@example.com", "password": "x", "code": 1, "message": 2})

    errors = refusal(answer, 400, "invalid")["errors"]
    assert {name: found[0]["code"] for name, found in errors.items()} == {"code": "unknown", "message": "unknown"}


def test_what_is_wrong_with_the_whole_form_stands_under_one_name(anonymous: APIClient) -> None:
    answer = anonymous.post(LOGIN, {"email": "a@example.com", "username": "b@example.com", "password": "x"})

    errors = refusal(answer, 400, "invalid")["errors"]
    assert errors == {"non_field_errors": [{"message": "`email` and `username` differ.", "code": "contradiction"}]}


def test_what_only_the_database_knows_is_named_alike(anonymous: APIClient, student: User) -> None:
    answer = anonymous.post("/api/v1/users/register/", {"email": student.email, "password": PASSWORD})

    assert refusal(answer, 400, "invalid")["errors"]["email"][0]["code"] == "unique"


def test_who_does_not_say_who_they_are_is_asked(anonymous: APIClient) -> None:
    answer = anonymous.get(PROFILE)

    refusal(answer, 401, "not_authenticated")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize(("method", "url"), [("get", PROFILE), ("post", "/api/v1/auth/token/refresh/")])
def test_a_token_that_is_not_valid_is_refused(anonymous: APIClient, method: str, url: str) -> None:
    anonymous.credentials(HTTP_AUTHORIZATION="Bearer x.y.z")

    answer = getattr(anonymous, method)(url, {"refresh": "x.y.z"} if method == "post" else None)

    refusal(answer, 401, "token_not_valid")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_wrong_password_is_a_401_that_names_the_scheme(anonymous: APIClient, student: User) -> None:
    answer = anonymous.post(LOGIN, {"email": student.email, "password": "wrong-password"})

    refusal(answer, 401, "invalid_credentials")
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_who_may_not_is_refused_and_recorded_once(
    api: Callable[[User], APIClient], student: User, security_log: Lines
) -> None:
    answer = api(student).get(LOGS)

    refusal(answer, 403, "permission_denied")
    row = AuditLog.objects.get(details__event="access.denied")
    assert (row.user, row.outcome, row.all_details["path"]) == (student, "failure", LOGS)
    assert [line["event"] for line in security_log()] == ["access.denied"]


def test_a_page_for_people_that_is_refused_is_recorded_once_too(anonymous: APIClient, security_log: Lines) -> None:
    answer = anonymous.get("/api/v1/failing/denied/")

    refusal(answer, 403, "permission_denied")
    assert AuditLog.objects.filter(details__event="access.denied").count() == 1
    assert [line["event"] for line in security_log()] == ["access.denied"]


@pytest.mark.parametrize("debug", [True, False])
@pytest.mark.parametrize("method", ["get", "post", "delete", "options"])
@pytest.mark.parametrize("path", ["/api/v1/nothing/", "/api/v3/", "/api/v1/users/profile/more/"])
def test_an_address_that_is_none_is_a_404(settings: LazySettings, debug: bool, method: str, path: str) -> None:
    settings.DEBUG = debug

    refusal(getattr(Client(enforce_csrf_checks=True), method)(path), 404, "not_found")


@pytest.mark.parametrize("path", [PROFILE, LOGIN, LOGS, "/api/v2/auth/token/"])
@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_a_write_without_the_slash_is_told_where_it_belongs(method: str, path: str) -> None:
    browserless = Client(enforce_csrf_checks=True)  # a program sends no cookie, and must not be asked for one

    body = refusal(getattr(browserless, method)(path.rstrip("/"), {"email": "x"}), 404, "slash_missing")

    assert body["detail"].endswith(path)


def test_a_read_without_the_slash_is_sent_on_with_its_query(anonymous: APIClient) -> None:
    answer = anonymous.get("/api/v1/audit/logs?action=login&x=%2F")

    assert (answer.status_code, answer.headers["Location"]) == (301, "/api/v1/audit/logs/?action=login&x=%2F")


def test_a_method_that_an_address_has_not_is_named_with_those_it_has(anonymous: APIClient) -> None:
    answer = anonymous.put(LOGIN, {})

    refusal(answer, 405, "method_not_allowed")
    assert "POST" in answer.headers["Allow"]


def test_an_answer_in_another_format_is_refused(anonymous: APIClient) -> None:
    refusal(anonymous.post(LOGIN, {}, headers={"Accept": "text/turtle"}), 406, "not_acceptable")


@pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", "nonsense"])
def test_a_body_in_another_format_is_refused(anonymous: APIClient, kind: str) -> None:
    refusal(anonymous.post(LOGIN, "--x--", content_type=kind), 415, "unsupported_media_type")


def test_a_body_over_64_kib_is_refused(anonymous: APIClient) -> None:
    body = b'{"email": "%s"}' % (b"x" * 64 * 1024)

    refusal(anonymous.post(LOGIN, body, content_type="application/json"), 413, "payload_too_large")


def test_too_many_requests_say_when_to_come_back(anonymous: APIClient, settings: LazySettings) -> None:
    settings.RATE_LIMITS = {**settings.RATE_LIMITS, "anon": (1, 60)}
    anonymous.post(LOGIN, {})

    answer = anonymous.post(LOGIN, {})

    refusal(answer, 429, "rate_limited")
    assert 59 <= int(answer.headers["Retry-After"]) <= 60


@pytest.mark.parametrize("path", ["/api/v1/failing/busy/", "/api/v1/failing/cut/"])
def test_a_database_that_does_not_answer_is_a_503(anonymous: APIClient, path: str) -> None:
    answer = anonymous.get(path)

    refusal(answer, 503, "temporarily_unavailable")
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_defect_tells_nothing_but_that_it_is_one(everything_log: Lines) -> None:
    answer = Client(raise_request_exception=False).get("/api/v1/failing/defect/?token=hunter3")

    refusal(answer, 500, "server_error")
    (defect,) = [line for line in everything_log() if line["level"] == "ERROR"]
    assert defect["request_id"] == answer.headers["X-Request-ID"]
    assert DETAIL.partition(" and ")[0] in defect["exception"]
    assert "hunter3" not in str(everything_log())


def test_a_foreign_host_is_refused(settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["testserver"]

    answer = Client(SERVER_NAME="evil.example").get("/api/v1/")

    assert (answer.status_code, answer.json()["code"]) == (400, "bad_request")


@pytest.mark.parametrize(
    ("path", "status", "code"),
    [
        ("/page/busy/", 503, "temporarily_unavailable"),
        ("/page/full/", 507, "insufficient_storage"),
        ("/api/v1/failing/full/", 507, "insufficient_storage"),
    ],
)
def test_an_outage_is_no_defect_wherever_it_is_met(settings: LazySettings, path: str, status: int, code: str) -> None:
    settings.DEBUG = False

    answer = Client(raise_request_exception=False).get(path)

    refusal(answer, status, code)
    assert int(answer.headers["Retry-After"]) >= 1


def test_a_file_that_may_not_be_read_is_a_defect(settings: LazySettings) -> None:
    settings.DEBUG = False

    answer = Client(raise_request_exception=False).get("/api/v1/failing/file/")

    refusal(answer, 500, "server_error")
