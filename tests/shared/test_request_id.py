"""One id names a request in its answer, in the log files and in the audit log."""

import re
from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from audit.models import AuditLog
from tests.shared.conftest import Lines
from users.models import Session, User

pytestmark = pytest.mark.django_db

LOGIN, PROFILE = "/api/v1/auth/token/", "/api/v1/users/profile/"


@pytest.mark.parametrize("claimed", ["12345678", "A-b_c.9-trace", "f" * 64])
def test_a_sane_id_of_the_caller_is_kept(anonymous: APIClient, claimed: str) -> None:
    answer = anonymous.get("/health/live", headers={"X-Request-ID": claimed})

    assert answer.headers["X-Request-ID"] == claimed


OTHERS = [
    "",
    "1234567",
    "f" * 65,
    "with spaces here",
    "line\nbreak-12",
    "12345678\n",
    "\x1b[31m-red-id",
    "é" * 9,
    "<b>bold</b>",
]


@pytest.mark.parametrize("claimed", OTHERS)
def test_any_other_is_replaced(anonymous: APIClient, claimed: str) -> None:
    answer = anonymous.get("/health/live", headers={"X-Request-ID": claimed})

    assert re.fullmatch("[0-9a-f]{32}", answer.headers["X-Request-ID"])


def test_each_request_has_another(anonymous: APIClient) -> None:
    assert len({anonymous.get("/health/live").headers["X-Request-ID"] for _ in range(20)}) == 20


def test_all_that_a_request_leaves_behind_carries_its_id(
    anonymous: APIClient, everything_log: Lines, security_log: Lines
) -> None:
    answer = anonymous.post(LOGIN, {"email": "a@example.com", "password": "x"})

    request_id = answer.headers["X-Request-ID"]
    assert AuditLog.objects.get().request_id == request_id
    lines = everything_log() + security_log()
    assert len(lines) == 3
    assert {line["request_id"] for line in lines} == {request_id}


def test_the_line_of_a_request_says_who_did_what_and_how_long_it_took(
    api: Callable[[User], APIClient], student: User, everything_log: Lines
) -> None:
    api(student).get(f"{PROFILE}?search=private", REMOTE_ADDR="192.0.2.44")

    (line,) = [line for line in everything_log() if line["logger"] == "titanobova.requests"]
    assert line["method"] == "GET"
    assert line["path"] == PROFILE
    assert line["status"] == 200
    assert line["user_id"] == str(student.pk)
    assert line["ip_address"] == "192.0.2.44"
    assert line["session_id"] == str(Session.objects.get(user=student).pk)
    assert 0 < line["database_ms"] < line["duration_ms"] < 10_000
    assert line["queries"] == 1


def test_the_statements_of_one_request_are_not_counted_for_another(
    anonymous: APIClient, api: Callable[[User], APIClient], student: User, everything_log: Lines
) -> None:
    client = api(student)
    Session.objects.count()  # of nobody's request

    for _ in range(2):
        client.get(PROFILE)
    anonymous.get("/health/live")

    lines = [line for line in everything_log() if line["logger"] == "titanobova.requests"]
    assert [line["queries"] for line in lines] == [1, 1, 0]


def test_the_line_of_the_admin_names_who_is_logged_in_there(staff: User, everything_log: Lines) -> None:
    client = Client()
    client.force_login(staff, backend="users.backends.SessionOnlyBackend")

    client.get("/admin/users/user/")

    (line,) = [line for line in everything_log() if line["logger"] == "titanobova.requests"]
    assert line["user_id"] == str(staff.pk)


def test_a_request_that_no_view_takes_has_its_line_too(anonymous: APIClient, everything_log: Lines) -> None:
    anonymous.get("/nowhere/secret-in-a-path/")

    (line,) = [line for line in everything_log() if line["logger"] == "titanobova.requests"]
    assert (line["status"], line["user_id"]) == (404, None)
    assert "secret-in-a-path" not in str(line)
