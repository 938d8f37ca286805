"""A file of all rows found holds all that fit, or there is no file; so with every action on all of them."""

import csv
import io
from typing import Any

import pytest
from django.contrib.messages import get_messages
from django.test import Client
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.admin import AuditLogAdmin
from audit.lists import MOST_RELATED
from audit.models import AuditLog
from audit.services import record
from courses.models import Enrollment
from tests.conftest import client_of
from tests.courses.conftest import make_course
from titanobova.ids import uuid7
from users.models import User

pytestmark = pytest.mark.django_db
LOG = "/admin/audit/auditlog/"


def twins(number: int) -> list[User]:
    """Make so many people of one name, each with one row in the log."""
    names = [f"{one}@example.com" for one in range(number)]
    people = User.objects.bulk_create(User(email=name, email_canonical=name, last_name="Twin") for name in names)
    for person in people:
        record("login", "x", by=Actor(user=person))
    return people


def export(desk: Client, address: str, across: str, ticked: list[Any]) -> Any:
    chosen = {"action": "export_csv", "index": "0", "select_across": across, "_selected_action": ticked}
    return desk.post(address, chosen)


def rows_of(answer: Any) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(b"".join(answer).decode())))


def exports() -> list[Any]:
    """Return what the log says was chosen for each file that left."""
    rows = AuditLog.objects.filter(details__event__in=["audit.exported", "admin.exported"]).order_by("pk")
    return [row.all_details["filters"]["chosen"] for row in rows]


def test_as_many_people_as_a_search_follows_make_a_whole_file(desk: Client) -> None:
    twins(MOST_RELATED)

    answer = export(desk, f"{LOG}?q=twin", "1", ["x"])

    assert len(rows_of(answer)) == MOST_RELATED
    assert exports() == ["all"]


@pytest.mark.parametrize("across", ["1", "true", "yes"])
def test_one_person_more_and_there_is_no_file_but_a_word_about_it(desk: Client, across: str) -> None:
    twins(MOST_RELATED + 1)

    answer = export(desk, f"{LOG}?q=twin", across, ["x"])

    assert (answer.status_code, answer["Location"]) == (302, f"{LOG}?q=twin")
    assert [str(message) for message in get_messages(answer.wsgi_request)] == [
        "Nothing was done, for it would not have been all of them. These words fit more than 200 users: add one."
    ]
    assert exports() == []


def test_without_the_refusal_the_file_would_lack_rows(desk: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """The negative control: nobody would have noticed."""
    twins(MOST_RELATED + 1)
    monkeypatch.setattr("audit.lists.is_for_all_found", lambda request: False)

    assert len(rows_of(export(desk, f"{LOG}?q=twin", "1", [str(uuid7())]))) == MOST_RELATED


def test_ticked_rows_of_such_a_search_leave_all_the_same(desk: Client) -> None:
    twins(MOST_RELATED + 1)
    shown = desk.get(f"{LOG}?q=twin").context["cl"].result_list
    ticked = [str(row.pk) for row in shown]

    answer = export(desk, f"{LOG}?q=twin", "0", ticked)

    assert [row["id"] for row in rows_of(answer)] == ticked
    assert exports() == [25]


def test_so_it_is_on_every_page_that_searches_through_others(desk: Client) -> None:
    course, people = make_course(), twins(MOST_RELATED + 1)
    Enrollment.objects.bulk_create(Enrollment(user=person, course=course, status="active") for person in people)

    many, one = (export(desk, f"/admin/courses/enrollment/?q={words}", "1", ["x"]) for words in ("twin", "200@exam"))

    assert many.status_code == 302
    assert [row["user__email"] for row in rows_of(one)] == ["200@example.com"]
    assert exports() == ["all"]


def test_the_api_has_no_search_that_could_lack_rows(staff: User, desk: Client) -> None:
    """Its filters are columns of the log itself; so its file is whole, of however many people."""
    twins(MOST_RELATED + 1)
    client: APIClient = client_of(staff)

    whole = client.get("/api/v1/audit/logs/export.csv", {"action": "login"})

    assert len([row for row in rows_of(whole) if row["event"] == "x"]) == MOST_RELATED + 1
    assert AuditLogAdmin.search_fields[-1] == "user__email"  # the admin's alone goes through people
