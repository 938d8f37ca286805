"""The audit log as a file (contract 6.3)."""

import csv
import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from audit import exporting
from audit.actor import Actor
from audit.models import AuditLog
from audit.sealing import seal_log
from audit.services import record
from titanobova import downloads
from users.models import User

pytestmark = pytest.mark.django_db

LOGS = "/api/v1/audit/logs/"
CSV, JSONL = f"{LOGS}export.csv", f"{LOGS}export.jsonl"
COLUMNS = [
    "id", "timestamp", "user", "action", "event", "resource_type", "resource_id", "outcome", "ip_address", "user_agent",
    "request_id", "sequence", "seal", "details",
]  # fmt: skip


@pytest.fixture
def reader(api: Callable[[User], APIClient], staff: User) -> APIClient:
    """Somebody of the staff."""
    return api(staff)


def body_of(answer: Any) -> str:
    """Return the whole of a file."""
    assert (answer.status_code, type(answer)) == (200, StreamingHttpResponse)
    return b"".join(answer.streaming_content).decode()


def test_both_files_say_the_same_of_every_row(reader: APIClient, student: User) -> None:
    by = Actor(user=student, ip_address="192.0.2.1", user_agent="=1+1", request_id="request-1")
    record("update", "admin.changed", by=by, on=student, details={"fields": {"bio": {"from": "", "to": "=cmd"}}})
    record("login", "auth.login.failed", by=Actor(), details={"reason": "wrong"}, outcome="failure")
    seal_log()

    table = list(csv.DictReader(io.StringIO(body_of(reader.get(CSV)), newline=""), strict=True))
    lines = [json.loads(line) for line in body_of(reader.get(JSONL)).splitlines()]

    assert [list(row) for row in (*table, *lines)] == [COLUMNS] * len([*table, *lines])
    assert [row["event"] for row in lines] == ["audit.exported"] * 2 + ["auth.login.failed", "admin.changed"]
    assert [row["id"] for row in table[1:]] == [row["id"] for row in lines[2:]]
    assert (table[-1]["user_agent"], lines[-1]["user_agent"]) == ("'=1+1", "=1+1")
    assert lines[-1]["details"]["fields"] == {"bio": {"from": "", "to": "=cmd"}}
    assert json.loads(table[-1]["details"]) == lines[-1]["details"]
    assert (lines[-1]["sequence"], table[-1]["sequence"], len(lines[-1]["seal"])) == (1, "1", 64)


def test_the_file_holds_what_the_list_finds(reader: APIClient, student: User) -> None:
    for number in range(3):
        record("login" if number else "logout", "x", by=Actor(user=student, ip_address=f"192.0.2.{number}"))

    for query in ({"action": "login"}, {"ip_address": "192.0.2.1"}, {"user": str(student.pk)}):
        listed = [row["id"] for row in reader.get(LOGS, query).json()["results"]]
        assert [json.loads(line)["id"] for line in body_of(reader.get(JSONL, query)).splitlines()] == listed


def test_who_took_what_along_is_recorded_before_the_first_byte(reader: APIClient, staff: User) -> None:
    reader.get(CSV, {"action": "login", "strange": "x"})

    row = AuditLog.objects.get(details__event="audit.exported")
    assert (row.user, row.action) == (staff, "create")
    assert row.all_details == {"event": "audit.exported", "format": "csv", "filters": {"action": "login"}}


def test_of_whom_an_export_speaks_is_recorded_by_id_alone(reader: APIClient, student: User) -> None:
    asked = {"user": str(student.pk), "ip_address": "192.0.2.7", "resource_id": student.email}
    reader.get(CSV, asked)

    row = AuditLog.objects.get(details__event="audit.exported")
    assert row.all_details["filters"] == {**dict.fromkeys(asked, "[hidden]"), "user": str(student.pk)}


def test_an_export_that_cannot_be_recorded_hands_nothing_out(
    reader: APIClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **facts: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(exporting, "record", fail)
    reader.raise_request_exception = False

    assert reader.get(CSV).status_code == 500


@pytest.mark.parametrize("url", [CSV, JSONL])
def test_it_is_for_staff_alone(anonymous: APIClient, api: Callable[[User], APIClient], student: User, url: str) -> None:
    assert [client.get(url).status_code for client in (anonymous, api(student))] == [401, 403]
    assert not AuditLog.objects.filter(details__event="audit.exported").exists()


@pytest.mark.parametrize("query", ["action=destroy", "user=x", "since=soon", "ip_address=x"])
def test_a_query_that_makes_no_sense_is_a_400(reader: APIClient, query: str) -> None:
    answer = reader.get(f"{CSV}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert not AuditLog.objects.filter(details__event="audit.exported").exists()


def test_rows_are_fetched_batch_by_batch(reader: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "BATCH", 3)
    for _ in range(7):
        record("update", "x", by=Actor())
    answer: Any = reader.get(JSONL, {"action": "update"})

    with CaptureQueriesContext(connection) as asked:
        lines = b"".join(answer.streaming_content).splitlines()

    assert (len(lines), len(asked)) == (7, 3)


def test_the_admin_exports_what_was_chosen(staff: User) -> None:
    chosen, _ = record("login", "x", by=Actor()), record("login", "y", by=Actor())
    desk = Client()
    desk.force_login(staff, backend="users.backends.SessionOnlyBackend")

    form = {"action": "export_jsonl", "_selected_action": [str(chosen.pk)]}
    lines = body_of(desk.post("/admin/audit/auditlog/?action__exact=login&q=", form)).splitlines()

    assert [json.loads(line)["event"] for line in lines] == ["x"]
    row = AuditLog.objects.get(details__event="audit.exported")
    assert row.all_details["filters"] == {"action__exact": "login", "q": "[hidden]", "chosen": 1}
