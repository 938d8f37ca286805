"""The catalogue is rendered once and shown many times, and never shown old (contract 4.6)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import time_machine
from django.conf import LazySettings
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from rest_framework.test import APIClient

from courses import catalogue_views
from courses.models import Course
from tests.courses.conftest import make_course
from titanobova import rendered
from titanobova.rendered import RenderedAnswers
from users.models import User

pytestmark = pytest.mark.django_db(transaction=True)

CATALOGUE = "/api/v1/courses/courses/"
CATEGORIES = "/api/v1/courses/categories/"


@pytest.fixture(autouse=True)
def _nothing_kept() -> None:
    """Every test starts as a process does."""
    catalogue_views.answers.clear()


def queries_of(ask: Callable[[], object]) -> list[str]:
    """Return the tables that a call reads of the courses' app."""
    with CaptureQueriesContext(connection) as captured:
        ask()
    return [query["sql"] for query in captured if "courses_" in query["sql"]]


@contextmanager
def another_process() -> Iterator[None]:
    """Ask with the memory of another process, which shares Redis or the database only."""
    own = catalogue_views.answers
    catalogue_views.answers = RenderedAnswers("catalogue")
    try:
        yield
    finally:
        catalogue_views.answers = own


@pytest.mark.parametrize("path", [CATALOGUE, f"{CATALOGUE}?level=beginner", f"{CATALOGUE}known/", CATEGORIES])
def test_the_second_request_asks_nothing_of_the_courses(anonymous: APIClient, path: str) -> None:
    make_course(slug="known", level="beginner", category="web")
    first = anonymous.get(path)

    assert queries_of(lambda: anonymous.get(path)) == []
    second = anonymous.get(path)
    assert (second.status_code, second.content) == (200, first.content)
    assert second["Content-Type"] == "application/json"
    assert second["RateLimit-Remaining"] == str(int(first["RateLimit-Remaining"]) - 2)


def test_an_edit_in_the_admin_is_seen_at_the_next_request_by_every_process(
    anonymous: APIClient, client: Client, staff: User
) -> None:
    course = make_course(slug="known", title="Old")
    client.force_login(staff)
    assert anonymous.get(CATALOGUE).json()["results"][0]["title"] == "Old"
    with another_process():
        assert anonymous.get(CATALOGUE).json()["results"][0]["title"] == "Old"
        other = catalogue_views.answers

    form = {"title": "New", "slug": "known", "description": "", "price": "0", "currency": "usd"}
    assert client.post(f"/admin/courses/course/{course.pk}/change/", form).status_code == 302

    assert anonymous.get(CATALOGUE).json()["results"][0]["title"] == "New"
    assert anonymous.get(f"{CATALOGUE}known/").json()["title"] == "New"
    catalogue_views.answers = other
    assert anonymous.get(CATALOGUE).json()["results"][0]["title"] == "New"


def test_a_withdrawn_course_is_gone_at_once(anonymous: APIClient) -> None:
    make_course(slug="known")
    assert anonymous.get(f"{CATALOGUE}known/").status_code == 200

    Course.objects.update(is_published=False)

    assert anonymous.get(f"{CATALOGUE}known/").status_code == 404
    assert anonymous.get(CATALOGUE).json()["count"] == 0


def test_who_has_the_answer_gets_304_until_it_changes(anonymous: APIClient) -> None:
    make_course()
    first = anonymous.get(CATALOGUE)

    again = anonymous.get(CATALOGUE, headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert again["Cache-Control"] == first["Cache-Control"] == "private, no-cache"

    make_course()
    changed = anonymous.get(CATALOGUE, headers={"If-None-Match": first["ETag"]})
    assert changed.status_code == 200
    assert changed["ETag"] != first["ETag"]


@pytest.mark.parametrize("claimed", ['W/"x"', "*", '"x", "y"', "", "x" * 8000])
def test_a_foreign_etag_is_no_reason_for_a_304(anonymous: APIClient, claimed: str) -> None:
    make_course()

    assert anonymous.get(CATALOGUE, headers={"If-None-Match": claimed}).status_code == 200


def test_each_version_and_host_has_links_of_its_own(anonymous: APIClient, settings: LazySettings) -> None:
    settings.ALLOWED_HOSTS = ["one.example.com", "two.example.com"]
    for _ in range(26):
        make_course()

    for host in settings.ALLOWED_HOSTS:
        for version in ("v1", "v2"):
            answer = anonymous.get(f"/api/{version}/courses/courses/", headers={"Host": host})
            assert answer.json()["next"] == f"http://{host}/api/{version}/courses/courses/?page=2"


def test_refusals_are_not_kept(anonymous: APIClient) -> None:
    assert anonymous.get(f"{CATALOGUE}later/").status_code == 404
    assert anonymous.get(f"{CATALOGUE}?level=none").status_code == 400
    assert anonymous.get(f"{CATALOGUE}?page=9").status_code == 404

    assert len(catalogue_views.answers._entries) == 0


def test_drafts_are_shown_to_their_editors_alone(
    anonymous: APIClient, api: Callable[[User], APIClient], instructor: User, student: User
) -> None:
    make_course(slug="draft", is_published=False, instructor=instructor)

    assert api(instructor).get(f"{CATALOGUE}draft/").status_code == 200
    assert api(student).get(f"{CATALOGUE}draft/").status_code == 404
    assert anonymous.get(f"{CATALOGUE}draft/").status_code == 404


def test_an_answer_lives_a_minute_at_most(anonymous: APIClient, instructor: User) -> None:
    make_course(instructor=instructor)
    with time_machine.travel("2026-11-01T12:00:00Z", tick=False) as clock:
        anonymous.get(CATALOGUE)
        User.objects.update(
            first_name="Renamed", last_name=""
        )  # raises no version: a person is none of the catalogue's
        clock.shift(rendered.LIFETIME + 1)

        with another_process():  # what Redis or the process memory keeps is gone too
            shown = anonymous.get(CATALOGUE).json()["results"][0]["instructor"]["name"]
        own = anonymous.get(CATALOGUE).json()["results"][0]["instructor"]["name"]

    assert (shown, own) == ("Renamed", "Renamed")


def test_a_process_keeps_a_bounded_number_of_answers(anonymous: APIClient, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rendered, "MOST_ENTRIES", 5)
    make_course()

    for number in range(9):
        anonymous.get(f"{CATALOGUE}?x={number}")

    assert len(catalogue_views.answers._entries) == 5


def test_staff_see_their_edits_as_everyone_does(api: Callable[[User], APIClient], staff: User) -> None:
    make_course(slug="known", title="Old")
    client = api(staff)
    client.get(CATALOGUE)

    client.patch(f"{CATALOGUE}known/", {"title": "New"})

    assert client.get(CATALOGUE).json()["results"][0]["title"] == "New"
