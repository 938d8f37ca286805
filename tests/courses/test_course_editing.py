"""Making courses and changing them (contract 4.2)."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.models import AuditLog
from courses.models import Course, Enrollment
from tests.conftest import make_user
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/courses/"
pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]


@pytest.fixture
def editor(api: Login, instructor: User) -> APIClient:
    """The instructor's client."""
    return api(instructor)


@pytest.fixture
def draft(instructor: User) -> Course:
    """A draft of the instructor's."""
    return make_course(title="Draft", slug="draft", price="49.90", is_published=False, instructor=instructor)


@pytest.fixture
def colleague(db: None) -> User:
    """Another instructor."""
    return make_user("colleague@example.com", user_type=User.Type.INSTRUCTOR)


def logged(event: str) -> Any:
    """Return the details of the one row of the log with this event."""
    return AuditLog.objects.get(details__event=event).all_details


def refusals(answer: Any) -> dict[str, str]:
    """Return the code of the first refusal of each field."""
    assert answer.status_code == 400, answer.content
    return {field: errors[0]["code"] for field, errors in answer.json()["errors"].items()}


def test_an_instructor_makes_a_draft_of_their_own(editor: APIClient, instructor: User) -> None:
    form = {"title": "Oil painting", "price": "49.90", "currency": "EUR", "level": "beginner", "capacity": 12}

    answer = editor.post(URL, form)

    assert answer.status_code == 201
    course = Course.objects.get()
    assert answer.json()["id"] == str(course.pk)
    assert (course.title, course.slug, course.level, course.capacity) == (
        "Oil painting",
        "oil-painting",
        "beginner",
        12,
    )
    assert (course.price_text, course.currency, course.instructor) == ("49.90", "eur", instructor)
    assert (course.is_published, course.is_featured) == (False, False)
    log = AuditLog.objects.get(details__event="courses.course.created")
    assert (log.action, log.user_id, log.resource_id) == ("create", instructor.pk, str(course.pk))
    assert log.details["fields"] == ["capacity", "currency", "level", "price", "title"]


def test_courses_are_made_by_who_teaches(anonymous: APIClient, api: Login, student: User) -> None:
    assert anonymous.post(URL, {"title": "A"}).status_code == 401
    answer = api(student).post(URL, {"title": "A"})
    assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert not Course.objects.exists()


def test_staff_make_a_course_for_an_instructor(api: Login, staff: User, instructor: User) -> None:
    form = {"title": "A", "instructor": str(instructor.pk), "is_featured": True}

    answer = api(staff).post(URL, form)

    assert answer.json()["instructor"] == {"id": str(instructor.pk), "name": "Ines"}
    assert answer.json()["is_featured"] is True


def test_staff_make_a_course_of_their_own_or_of_nobody(api: Login, staff: User) -> None:
    assert api(staff).post(URL, {"title": "A"}).json()["instructor"]["id"] == str(staff.pk)
    assert api(staff).post(URL, {"title": "B", "instructor": None}).json()["instructor"] is None


@pytest.mark.parametrize("field", ["instructor", "is_featured", "is_published", "id", "thumbnail", "created_at"])
def test_an_instructor_does_not_set_what_is_not_theirs(editor: APIClient, draft: Course, field: str) -> None:
    before = Course.objects.values().get()

    assert refusals(editor.post(URL, {"title": "A", field: None})) == {field: "unknown"}
    assert refusals(editor.patch(f"{URL}draft/", {field: None})) == {field: "unknown"}
    assert Course.objects.values().get() == before


def test_who_cannot_teach_is_named_by_no_course(api: Login, staff: User, student: User, instructor: User) -> None:
    User.objects.filter(pk=instructor.pk).update(is_active=False)

    for nobody in (student.pk, instructor.pk, "0" * 32):
        answer = api(staff).post(URL, {"title": "A", "instructor": str(nobody)})
        assert refusals(answer) == {"instructor": "does_not_exist"}
    assert refusals(api(staff).post(URL, {"title": "A", "instructor": 5})) == {"instructor": "invalid"}
    assert not Course.objects.exists()


@pytest.mark.parametrize(
    ("title", "slug"),
    [
        ("UI/UX Design", "uiux-design"),
        ("Taken", "taken-3"),
        ("Живопись", "course"),
        ("山田", "course"),
        ("x" * 255, "x" * 100),
        ("0190a5b0-0000-7000-8000-000000000000", "0190a5b0-0000-7000-8000-000000000000-2"),
        ("0" * 31, "0" * 31),
        ("--- ---", "course"),
    ],
)
def test_a_slug_is_made_from_the_title(editor: APIClient, anonymous: APIClient, title: str, slug: str) -> None:
    make_course(slug="taken")
    make_course(slug="taken-2")

    made = editor.post(URL, {"title": title}).json()

    assert made["slug"] == slug
    assert editor.get(f"{URL}{slug}/").json()["id"] == made["id"]


def test_a_second_slug_never_reads_as_an_id(editor: APIClient) -> None:
    make_course(slug="0" * 31)

    assert editor.post(URL, {"title": "0" * 31}).json()["slug"] == "0" * 31 + "-10"


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({}, {"title": "required"}),
        ({"title": " "}, {"title": "blank"}),
        ({"title": "x" * 256}, {"title": "max_length"}),
        ({"title": "A", "slug": "taken"}, {"slug": "unique"}),
        ({"title": "A", "slug": "no slug"}, {"slug": "invalid"}),
        ({"title": "A", "slug": ""}, {"slug": "blank"}),
        ({"title": "A", "slug": "x" * 121}, {"slug": "max_length"}),
        ({"title": "A", "slug": "0190a5b0-0000-7000-8000-000000000000"}, {"slug": "invalid"}),
        ({"title": "A", "slug": "0190a5b0000070008000000000000000"}, {"slug": "invalid"}),
        ({"title": "A", "level": "expert"}, {"level": "invalid_choice"}),
        ({"title": "A", "price": "1_000"}, {"price": "invalid_price"}),
        ({"title": "A", "price": " 5"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "1e3"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "\u0665"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "-1"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "+1"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "5\n"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "100000000"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "1.2345"}, {"price": "invalid_price"}),
        ({"title": "A", "price": True}, {"price": "invalid_price"}),
        ({"title": "A", "price": [1]}, {"price": "invalid_price"}),
        ({"title": "A", "price": "1.005"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "1.5", "currency": "jpy"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "0.49"}, {"price": "invalid_price"}),
        ({"title": "A", "price": "9.99", "currency": "xau"}, {"price": "invalid_price"}),
        ({"title": "A", "currency": "zzz"}, {"currency": "invalid_price"}),
        ({"title": "A", "currency": "dollars"}, {"currency": "invalid"}),
        ({"title": "A", "capacity": 0}, {"capacity": "min_value"}),
        ({"title": "A", "capacity": 2**31}, {"capacity": "max_value"}),
        ({"title": "A", "duration_hours": 32768}, {"duration_hours": "max_value"}),
        ({"title": "A", "titel": "B"}, {"titel": "unknown"}),
    ],
)
def test_a_course_that_cannot_be_is_refused_in_words(
    editor: APIClient, form: dict[str, Any], refused: dict[str, str]
) -> None:
    make_course(slug="taken")

    assert refusals(editor.post(URL, form)) == refused
    assert Course.objects.count() == 1


@pytest.mark.parametrize("body", ["[]", '"text"', "null", "5", "{", '{"title": "\\u0000"}', '{"price": NaN}'])
def test_a_body_that_is_no_form_is_a_400(editor: APIClient, draft: Course, body: str) -> None:
    assert editor.post(URL, body, content_type="application/json").status_code == 400
    assert editor.patch(f"{URL}draft/", body, content_type="application/json").status_code == 400


@pytest.mark.parametrize(
    ("price", "currency", "text"), [(49.9, "usd", "49.90"), (500, "jpy", "500"), ("1.250", "kwd", "1.250")]
)
def test_a_price_is_a_text_or_a_number(editor: APIClient, price: Any, currency: str, text: str) -> None:
    answer = editor.post(URL, {"title": "A", "price": price, "currency": currency}, format="json")

    assert (answer.status_code, answer.json()["price"]) == (201, text)


def test_an_edit_is_stored_and_the_log_says_what_changed(editor: APIClient, draft: Course) -> None:
    form = {"title": "Better", "slug": "better", "price": "59.5", "category": "Art", "capacity": None}

    answer = editor.patch(f"{URL}{draft.pk}/", form, format="json")

    assert answer.status_code == 200
    draft.refresh_from_db()
    assert (draft.title, draft.slug, draft.price_text, draft.category) == ("Better", "better", "59.50", "Art")
    assert logged("courses.course.changed")["fields"] == {
        "title": {"from": "Draft", "to": "Better"},
        "slug": {"from": "draft", "to": "better"},
        "price": {"from": "49.900", "to": "59.5"},
        "category": {"from": "", "to": "Art"},
    }


def test_an_edit_that_changes_nothing_writes_nothing(editor: APIClient, draft: Course) -> None:
    for form in ({}, {"title": "Draft", "price": "49.90"}):
        assert editor.patch(f"{URL}draft/", form).status_code == 200
    assert Course.objects.get().updated_at == draft.updated_at
    assert not AuditLog.objects.filter(details__event="courses.course.changed").exists()


def test_longest_texts_fit_into_the_log(editor: APIClient, draft: Course) -> None:
    form = {"title": "я" * 255, "slug": "x" * 120, "description": "я" * 20_000, "category": "я" * 100}

    assert editor.patch(f"{URL}draft/", form).status_code == 200
    assert editor.patch(f"{URL}{'x' * 120}/", {name: text[:90] for name, text in form.items()}).status_code == 200
    for log in AuditLog.objects.filter(details__event="courses.course.changed"):
        assert set(log.details["fields"]) == set(form)


def test_only_the_currency_changes_and_the_price_cannot_be_paid_in_it(editor: APIClient, draft: Course) -> None:
    assert refusals(editor.patch(f"{URL}draft/", {"currency": "jpy"})) == {"currency": "invalid_price"}
    assert editor.patch(f"{URL}draft/", {"currency": "jpy", "price": "5000"}).status_code == 200


def test_an_old_price_or_slug_that_makes_no_sense_does_not_keep_a_title_from_being_mended(
    editor: APIClient, draft: Course
) -> None:
    Course.objects.update(price="1.005", slug="0" * 32)

    assert editor.patch(f"{URL}{draft.pk}/", {"title": "Better"}).status_code == 200


def test_a_slug_of_another_course_is_refused(editor: APIClient, draft: Course) -> None:
    make_course(slug="taken")

    assert refusals(editor.patch(f"{URL}draft/", {"slug": "taken"})) == {"slug": "unique"}
    assert editor.patch(f"{URL}draft/", {"slug": "draft"}).status_code == 200


def test_the_slug_of_a_published_course_stays(editor: APIClient, draft: Course) -> None:
    Course.objects.update(is_published=True)

    answer = editor.patch(f"{URL}draft/", {"slug": "better", "title": "Better"})

    assert (answer.status_code, answer.json()["code"]) == (409, "slug_is_public")
    assert Course.objects.get().title == "Draft"
    editor.post(f"{URL}draft/unpublish/")
    assert editor.patch(f"{URL}draft/", {"slug": "better"}).status_code == 200


@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_a_foreign_draft_is_not_there_and_a_foreign_course_is_refused(
    api: Login, colleague: User, draft: Course, verb: str
) -> None:
    client = api(colleague)

    unseen = getattr(client, verb)(f"{URL}draft/")
    Course.objects.update(is_published=True)
    refused = getattr(client, verb)(f"{URL}draft/")

    assert (unseen.status_code, unseen.json()["code"]) == (404, "not_found")
    assert (refused.status_code, refused.json()["code"]) == (403, "permission_denied")
    assert Course.objects.get().title == "Draft"


@pytest.mark.parametrize("step", ["publish", "unpublish", "lessons", "lessons/order", "thumbnail"])
def test_no_step_is_taken_on_a_foreign_course(api: Login, colleague: User, draft: Course, step: str) -> None:
    client = api(colleague)
    send = client.put if step == "thumbnail" else client.post
    kind = "multipart" if step == "thumbnail" else "json"

    assert send(f"{URL}draft/{step}/", {}, format=kind).status_code == 404
    Course.objects.update(is_published=True)
    assert send(f"{URL}draft/{step}/", {}, format=kind).status_code == 403


def test_who_is_no_instructor_any_more_changes_nothing(editor: APIClient, instructor: User, draft: Course) -> None:
    User.objects.filter(pk=instructor.pk).update(user_type=User.Type.STUDENT)

    assert editor.patch(f"{URL}draft/", {"title": "Mine"}).status_code == 403
    assert editor.delete(f"{URL}draft/").status_code == 403


def test_staff_change_every_course(api: Login, staff: User, colleague: User, draft: Course) -> None:
    answer = api(staff).patch(f"{URL}draft/", {"instructor": str(colleague.pk), "is_featured": True})

    assert answer.status_code == 200
    assert answer.json()["instructor"]["id"] == str(colleague.pk)
    assert set(logged("courses.course.changed")["fields"]) == {"instructor_id", "is_featured"}
    assert api(staff).patch(f"{URL}draft/", {"instructor": None}, format="json").json()["instructor"] is None


def enrol(course: Course, number: int, status: str, **fields: Any) -> None:
    """Give somebody an enrolment."""
    Enrollment.objects.create(user=make_user(f"{number}@example.com"), course=course, status=status, **fields)


def test_the_capacity_never_falls_below_the_seats_taken(editor: APIClient, draft: Course) -> None:
    soon = timezone.now() + timedelta(minutes=5)
    enrol(draft, 1, "active")
    enrol(draft, 2, "completed")
    enrol(draft, 3, "pending", seat_held_until=soon)
    enrol(draft, 4, "pending", seat_held_until=soon - timedelta(hours=1))
    enrol(draft, 5, "cancelled")

    answer = editor.patch(f"{URL}draft/", {"capacity": 2})

    assert (answer.status_code, answer.json()["code"]) == (409, "seats_taken")
    assert Course.objects.get().capacity is None
    assert editor.patch(f"{URL}draft/", {"capacity": 3}).status_code == 200


def test_other_edits_are_possible_in_a_course_that_is_fuller_than_its_capacity(
    editor: APIClient, draft: Course
) -> None:
    Course.objects.update(capacity=1)
    enrol(draft, 1, "active")
    enrol(draft, 2, "active")

    assert editor.patch(f"{URL}draft/", {"title": "Better"}).status_code == 200


@pytest.mark.django_db(transaction=True)  # Redis is told of an edit by its commit
def test_a_course_is_published_and_taken_back_once(editor: APIClient, anonymous: APIClient, draft: Course) -> None:
    for step, is_published in [("publish", True), ("publish", True), ("unpublish", False), ("unpublish", False)]:
        answer = editor.post(f"{URL}draft/{step}/")
        assert (answer.status_code, answer.json()["is_published"]) == (200, is_published)
        assert anonymous.get(f"{URL}draft/").status_code == (200 if is_published else 404)

    assert logged("courses.course.published")["fields"] == {"is_published": {"from": "False", "to": "True"}}
    assert logged("courses.course.unpublished")["fields"] == {"is_published": {"from": "True", "to": "False"}}


@pytest.mark.parametrize(
    ("fields", "missing"),
    [
        ({"title": " "}, ["title"]),
        ({"slug": "0190a5b0000070008000000000000000"}, ["slug"]),
        ({"price": "1.005"}, ["price"]),
        ({"title": "", "slug": "", "currency": "jpy"}, ["title", "slug", "price"]),
    ],
)
def test_a_course_that_lacks_something_is_not_published(
    api: Login, staff: User, draft: Course, fields: dict[str, str], missing: list[str]
) -> None:
    Course.objects.update(**fields)

    answer = api(staff).post(f"{URL}{draft.pk}/publish/")

    assert (answer.status_code, answer.json()["code"]) == (409, "course_not_ready")
    assert answer.json()["missing"] == missing
    assert not Course.objects.get().is_published


def test_a_course_that_nobody_took_is_deleted_with_its_lessons(editor: APIClient, draft: Course) -> None:
    draft.lessons.create(position=1, title="First")

    assert editor.delete(f"{URL}draft/").status_code == 204

    assert not Course.objects.exists()
    log = AuditLog.objects.get(details__event="courses.course.deleted")
    assert (log.action, log.resource_id, log.all_details["was"]) == ("delete", str(draft.pk), "Draft")
    assert editor.delete(f"{URL}draft/").status_code == 404


@pytest.mark.parametrize("status", ["pending", "active", "completed", "cancelled", "refunded"])
def test_a_course_that_somebody_took_is_not_deleted(editor: APIClient, draft: Course, status: str) -> None:
    enrol(draft, 1, status)

    answer = editor.delete(f"{URL}draft/")

    assert (answer.status_code, answer.json()["code"]) == (409, "course_in_use")
    assert Course.objects.exists()
    assert not AuditLog.objects.filter(details__event="courses.course.deleted").exists()


def test_a_refused_edit_is_one_line_of_the_log(api: Login, colleague: User, draft: Course) -> None:
    Course.objects.update(is_published=True)

    api(colleague).patch(f"{URL}draft/", {"title": "Mine"})

    assert AuditLog.objects.filter(details__event="access.denied").count() == 1


def test_an_edit_costs_the_same_queries_however_large_the_course_is(
    editor: APIClient, draft: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for position in range(1, 9):
        draft.lessons.create(position=position, title=f"Lesson {position}")
        enrol(draft, position, "active")

    # Who asks, the course, a savepoint, the course locked, its seats, another savepoint, the change, its end, the log,
    # the end of the first; and without Redis the version: a savepoint, the number locked and raised, its end.
    with django_assert_num_queries(10 if settings.REDIS_HOST else 14):
        assert editor.patch(f"{URL}draft/", {"title": "Better", "capacity": 8}).status_code == 200
