"""Writing the audit log: what a row holds, what it never holds, and when it stands."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from uuid import UUID

import pytest
from django.db import transaction
from django.test import RequestFactory
from django.utils import timezone
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.details import DETAILS_BYTES
from audit.models import AuditLog
from audit.services import SECURITY_EVENTS, record, record_refusal
from tests.shared.conftest import Lines
from users.models import Session, User

pytestmark = pytest.mark.django_db

HOSTILE = "a\nb\x00c\x1b[31md\u2028e\ud800f\x85g"


def stored(row: AuditLog) -> AuditLog:
    """Return the row as the database has it."""
    return AuditLog.objects.get(pk=row.pk)


def test_a_row_says_who_did_what_to_which_object_and_from_where(student: User, staff: User) -> None:
    by = Actor(user=staff, ip_address="192.0.2.10", user_agent="a browser", request_id="request-1")

    row = stored(record("update", "users.profile.updated", by=by, on=student, details={"fields": ["bio"]}))

    assert (row.user, row.action, row.outcome) == (staff, "update", "success")
    assert (row.resource_type, row.resource_id) == ("users.user", str(student.pk))
    assert (row.ip_address, row.user_agent, row.request_id) == ("192.0.2.10", "a browser", "request-1")
    assert row.details == {"event": "users.profile.updated", "fields": ["bio"]}
    assert timezone.now() - row.timestamp < timedelta(minutes=1)


def test_a_part_of_the_system_acts_without_a_person() -> None:
    row = stored(record("create", "import.finished", by=Actor.from_system("import")))

    assert (row.user, row.ip_address, row.resource_type, row.resource_id) == (None, None, "", "")
    assert row.details == {"event": "import.finished", "system": "import"}


def test_secrets_are_cut_out_however_deep_they_lie(actor: Actor) -> None:
    details: dict[str, object] = {
        "password": "hunter2",
        "form": {"first_name": "Ada", "refresh": "hunter2", "rows": [{"api_key": "hunter2", "n": 1}]},
        "note": "sent with Bearer hunter2hunter2",
    }

    row = stored(record("update", "x", by=actor, details=details))

    assert "hunter2" not in json.dumps(row.all_details)
    assert row.all_details["form"] == {
        "first_name": "Ada", "refresh": "[hidden]", "rows": [{"api_key": "[hidden]", "n": 1}]
    }  # fmt: skip


def test_details_hold_four_kibibytes_and_say_what_was_left_out(actor: Actor) -> None:
    around = len(json.dumps({"event": "x", "note": ""}))

    full = stored(record("update", "x", by=actor, details={"note": "n" * (DETAILS_BYTES - around)}))
    over = stored(record("update", "x", by=actor, details={"note": "n" * (DETAILS_BYTES - around + 1)}))

    assert len(full.all_details["note"]) == DETAILS_BYTES - around
    assert over.details == {"event": "x", "left_out": "details over 4 KiB", "keys": ["note"]}


def test_hostile_text_is_recorded_on_every_database(actor: Actor) -> None:
    row = stored(record("update", "x", by=actor, details={"note": HOSTILE, HOSTILE: [HOSTILE]}))

    kept = HOSTILE.replace("\x00", "\ufffd").replace("\ud800", "\ufffd")
    assert row.all_details == {"event": "x", "note": kept, kept: [kept]}


def test_values_that_are_no_json_are_written_as_text(actor: Actor) -> None:
    moment = datetime(2026, 1, 2, 3, 4, tzinfo=UTC)

    row = stored(record("update", "x", by=actor, details={"at": moment, "price": Decimal("9.90"), "id": UUID(int=1)}))

    assert (row.all_details["at"], row.all_details["price"]) == ("2026-01-02 03:04:00+00:00", "9.90")
    assert row.all_details["id"] == "00000000-0000-0000-0000-000000000001"


def test_a_row_stands_exactly_when_the_change_stands(actor: Actor, student: User) -> None:
    with pytest.raises(RuntimeError):
        change_and_fail(student, by=actor)

    student.refresh_from_db()
    assert student.bio == ""
    assert not AuditLog.objects.exists()


@transaction.atomic
def change_and_fail(user: User, *, by: Actor) -> None:
    """Change a person and record it in a transaction that is rolled back."""
    User.objects.filter(pk=user.pk).update(bio="changed")
    record("update", "x", by=by, on=user)
    raise RuntimeError


def test_a_row_outlives_the_account_it_speaks_of(student: User) -> None:
    row = record("login", "auth.login.succeeded", by=Actor(user=student), on=student)
    student_id = student.pk

    student.delete()

    assert stored(row).user_id == student_id


@pytest.mark.parametrize("event", sorted(SECURITY_EVENTS))
def test_a_security_event_has_one_line_in_its_log(student: User, security_log: Lines, event: str) -> None:
    by = Actor(user=student, ip_address="192.0.2.10", request_id="request-1")

    record("login", event, by=by, outcome="failure")

    (line,) = security_log()
    assert (line["event"], line["user_id"], line["ip_address"]) == (event, str(student.pk), "192.0.2.10")


def test_any_other_event_has_none(actor: Actor, security_log: Lines) -> None:
    record("update", "users.profile.updated", by=actor)

    assert security_log() == []


def test_the_actor_of_a_request_is_what_it_really_came_with(api: Callable[[User], APIClient], student: User) -> None:
    client = api(student)

    client.patch(
        "/api/v1/users/profile/",
        {"bio": "new"},
        headers={"User-Agent": f"{HOSTILE[:3]}\x1b" + "x" * 500, "X-Forwarded-For": "198.51.100.1"},
        REMOTE_ADDR="192.0.2.33",
    )

    row = AuditLog.objects.get(details__event="users.profile.updated")
    assert (row.user, row.ip_address) == (student, "192.0.2.33")
    assert row.user_agent == "a b " + "x" * 296


def test_a_visitor_is_nobody_and_a_session_has_its_id(student: User) -> None:
    request = RequestFactory().get("/")
    request.user = student
    request.auth = Session(user=student)  # type: ignore[attr-defined]  # what DRF's request carries

    assert Actor.from_request(request).session_id == request.auth.pk  # type: ignore[attr-defined]  # as above
    assert Actor(ip_address="192.0.2.1").as_user(student).user == student


def test_an_address_in_a_path_that_is_refused_stays_out_of_the_log(rf: RequestFactory, student: User) -> None:
    request = rf.get("/api/enrollments/ada%40example.com/")
    request.user = student

    record_refusal(request, "access.denied", {})

    assert AuditLog.objects.get().all_details["path"] == "/api/enrollments/[hidden]/"
