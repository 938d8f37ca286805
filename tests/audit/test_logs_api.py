"""Reading the audit log over HTTP: staff alone, by any fact, page by page."""

import base64
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from audit.services import record
from users.models import User

pytestmark = pytest.mark.django_db

URL = "/api/v1/audit/logs/"
FIELDS = {
    "id", "user", "action", "event", "resource_type", "resource_id", "outcome", "ip_address", "user_agent",
    "request_id", "timestamp", "details", "sequence",
}  # fmt: skip


@pytest.fixture
def reader(api: Callable[[User], APIClient], staff: User) -> APIClient:
    """A member of the staff who reads the log."""
    return api(staff)


def write(number: int, **facts: Any) -> list[AuditLog]:
    """Write `number` rows of these facts, oldest first."""
    return [AuditLog.objects.create(**{"action": "update", "details": {"event": "x"}, **facts}) for _ in range(number)]


def ids(answer: Any) -> list[str]:
    """Return the ids on a page."""
    return [row["id"] for row in answer.json()["results"]]


def test_visitors_and_people_are_kept_out(
    anonymous: APIClient, api: Callable[[User], APIClient], student: User
) -> None:
    assert anonymous.get(URL).status_code == 401
    assert api(student).get(URL).status_code == 403


def test_who_left_the_staff_or_the_company_is_kept_out(reader: APIClient, staff: User) -> None:
    User.objects.filter(pk=staff.pk).update(is_staff=False)
    assert reader.get(URL).status_code == 403

    User.objects.filter(pk=staff.pk).update(is_staff=True, is_active=False)
    assert reader.get(URL).status_code == 401


def test_a_row_has_the_fields_of_the_guide(reader: APIClient, student: User) -> None:
    by = Actor(user=student, ip_address="192.0.2.1", user_agent="a browser", request_id="request-1")
    row = record("login", "auth.login.succeeded", by=by, on=student)

    (seen,) = reader.get(URL).json()["results"]

    assert set(seen) == FIELDS
    assert (seen["id"], seen["user"], seen["event"]) == (str(row.pk), str(student.pk), "auth.login.succeeded")
    assert (seen["resource_type"], seen["resource_id"]) == ("users.user", str(student.pk))


@pytest.mark.parametrize(
    ("fact", "wanted", "other"),
    [
        ("action", "login", "update"),
        ("outcome", "failure", "success"),
        ("resource_type", "users.user", "courses.course"),
        ("resource_id", "7", "77"),
        ("ip_address", "192.0.2.1", "192.0.2.11"),
        ("ip_address", "2001:db8::1", "2001:db8::11"),
    ],
)
def test_each_fact_filters(reader: APIClient, fact: str, wanted: str, other: str) -> None:
    (right,) = write(1, **{fact: wanted})
    write(1, **{fact: other})

    assert ids(reader.get(URL, {fact: wanted})) == [str(right.pk)]


def test_a_person_filters(reader: APIClient, student: User, other_student: User) -> None:
    (right,) = write(1, user=student)
    write(1, user=other_student)

    assert ids(reader.get(URL, {"user": str(student.pk)})) == [str(right.pk)]


def test_times_filter_from_the_first_instant_to_before_the_last(reader: APIClient) -> None:
    noon = timezone.now().replace(microsecond=0)
    before, at, after = (write(1, timestamp=noon + timedelta(seconds=shift))[0] for shift in (-1, 0, 1))

    assert ids(reader.get(URL, {"since": noon.isoformat()})) == [str(after.pk), str(at.pk)]
    assert ids(reader.get(URL, {"until": noon.isoformat()})) == [str(before.pk)]
    assert ids(reader.get(URL, {"since": noon.isoformat(), "until": (noon + timedelta(seconds=1)).isoformat()})) == [
        str(at.pk)
    ]


def test_filters_combine(reader: APIClient) -> None:
    write(1, action="login")
    (right,) = write(1, action="login", outcome="failure")
    write(1, outcome="failure")

    assert ids(reader.get(URL, {"action": "login", "outcome": "failure"})) == [str(right.pk)]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("user", "somebody"),
        ("user", "00000000-0000-0000-0000"),
        ("action", "destroy"),
        ("outcome", "%00"),
        ("ip_address", "not-an-address"),
        ("ip_address", "192.0.2.0/24"),
        ("ip_address", "' OR 1=1 --"),
        ("resource_id", "\x00"),
        ("since", "yesterday"),
        ("since", "0001-01-01T00:00:00+14:00"),
        ("until", "9999-12-31T23:59:59-14:00"),
        ("until", "2026-02-30T00:00:00Z"),
    ],
)
def test_nonsense_in_a_filter_is_a_400_that_names_it(reader: APIClient, name: str, text: str) -> None:
    answer = reader.get(URL, {name: text})

    assert answer.status_code == 400
    assert list(answer.json()["errors"]) == [name]


@pytest.mark.parametrize("version", ["v1", "v2"])
def test_pages_lead_through_all_rows_once_newest_first(reader: APIClient, version: str) -> None:
    rows = write(12)
    url, seen = f"/api/{version}/audit/logs/?page_size=5", []

    while url:
        answer = reader.get(url)
        assert set(answer.json()) == {"next", "previous", "results"}
        seen += ids(answer)
        url = answer.json()["next"]
        assert url is None or f"/api/{version}/audit/logs/" in url

    assert seen == [str(row.pk) for row in reversed(rows)]


def test_rows_that_arrive_meanwhile_shift_no_page(reader: APIClient) -> None:
    rows = write(6)
    first = reader.get(URL, {"page_size": 3})

    write(4)
    second = reader.get(first.json()["next"])
    back = reader.get(second.json()["previous"])

    assert ids(first) + ids(second) == [str(row.pk) for row in reversed(rows)]
    assert ids(back) == ids(first)


@pytest.mark.parametrize(("asked", "given"), [("1000000", 100), ("0", 25), ("-1", 25), ("many", 25), ("100", 100)])
def test_a_page_has_a_hundred_rows_at_most(reader: APIClient, asked: str, given: int) -> None:
    write(101)

    assert len(ids(reader.get(URL, {"page_size": asked}))) == given


@pytest.mark.parametrize("text", ["p=nonsense", "p=1", "p=\x00", "p=' OR 1=1 --", "r=1&p=x", "o=-1", "o=x", "\xff\xfe"])
def test_a_page_that_somebody_made_up_is_a_404(reader: APIClient, text: str) -> None:
    answer = reader.get(URL, {"cursor": base64.b64encode(text.encode("latin-1")).decode()})

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


@pytest.mark.parametrize("cursor", ["nonsense", "é", "\x00", "=", "%", "a" * 4000])
def test_a_page_that_is_no_code_at_all_breaks_nothing(reader: APIClient, cursor: str) -> None:
    assert reader.get(URL, {"cursor": cursor}).status_code in {200, 404}


def test_a_page_costs_two_queries_however_long_it_is(
    reader: APIClient, student: User, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    write(60, user=student, ip_address="192.0.2.1")

    with django_assert_num_queries(2):
        page = reader.get(f"{URL}?page_size=50&ip_address=192.0.2.1&action=update")

    assert len(ids(page)) == 50


def test_rows_of_a_deleted_account_are_listed(reader: APIClient, student: User) -> None:
    write(1, user=student)
    student_id = str(student.pk)
    student.delete()

    assert [row["user"] for row in reader.get(URL).json()["results"]] == [student_id]


@pytest.mark.parametrize("method", ["post", "put", "patch", "delete"])
def test_nobody_writes_it_over_http(reader: APIClient, method: str) -> None:
    (row,) = write(1)

    assert getattr(reader, method)(URL, {"action": "login"}).status_code == 405
    assert getattr(reader, method)(f"{URL}{row.pk}/", {"action": "login"}).status_code == 404
    assert AuditLog.objects.get().action == "update"
