"""The lessons of a course (contract 4.2): who reads them, who writes them."""

import base64
import time
from collections.abc import Callable
from typing import Any
from uuid import uuid4

import pytest
from django.conf import settings
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries
from rest_framework.test import APIClient

from audit.models import AuditLog
from courses.models import Course, Enrollment, Lesson
from courses.services.lessons import MAX_LESSONS
from tests.conftest import make_user
from tests.courses.conftest import make_course
from users.models import User

URL = "/api/v1/courses/courses/painting/lessons/"
LESSONS = "/api/v1/courses/lessons/"
pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]


@pytest.fixture
def course(instructor: User) -> Course:
    """A course with two lessons."""
    course = make_course(title="Painting", slug="painting", instructor=instructor)
    course.lessons.create(position=1, title="First", text="Brushes", video_url="https://video.example.com/1")
    course.lessons.create(position=2, title="Second")
    return course


@pytest.fixture
def editor(api: Login, instructor: User) -> APIClient:
    """The instructor's client."""
    return api(instructor)


def titles(course: Course) -> list[str]:
    """Return the titles at the positions from 1 on; fails where a position is left out."""
    lessons = list(course.lessons.order_by("position"))
    assert [lesson.position for lesson in lessons] == list(range(1, len(lessons) + 1))
    return [lesson.title for lesson in lessons]


def refusals(answer: Any) -> dict[str, str]:
    """Return the code of the first refusal of each field."""
    assert answer.status_code == 400, answer.content
    return {field: errors[0]["code"] for field, errors in answer.json()["errors"].items()}


def first(course: Course) -> str:
    """Return the address of the first lesson."""
    return f"{LESSONS}{course.lessons.get(position=1).pk}/"


@pytest.mark.parametrize("status", ["active", "completed"])
def test_who_has_a_seat_reads_texts_and_videos(api: Login, student: User, course: Course, status: str) -> None:
    Enrollment.objects.create(user=student, course=course, status=status)

    answer = api(student).get(URL)

    assert answer.status_code == 200
    assert set(answer.json()) == {"next", "previous", "results"}
    assert answer.json()["results"][0] == {
        "id": str(course.lessons.get(position=1).pk),
        "position": 1,
        "title": "First",
        "text": "Brushes",
        "video_url": "https://video.example.com/1",
    }
    assert api(student).get(first(course)).json() == answer.json()["results"][0]


def test_editors_read_them_too(editor: APIClient, api: Login, staff: User, course: Course) -> None:
    Course.objects.update(is_published=False)

    for client in (editor, api(staff)):
        assert [lesson["title"] for lesson in client.get(URL).json()["results"]] == ["First", "Second"]
        assert client.get(first(course)).json()["text"] == "Brushes"


@pytest.mark.parametrize("status", ["pending", "cancelled", "refunded", None])
def test_who_has_no_seat_reads_none(api: Login, student: User, course: Course, status: str | None) -> None:
    if status is not None:
        Enrollment.objects.create(user=student, course=course, status=status, seat_held_until=timezone.now())

    for address in (URL, first(course)):
        answer = api(student).get(address)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_enrolled")
        assert b"Brushes" not in answer.content


def test_a_seat_in_another_course_and_another_persons_seat_open_nothing(
    api: Login, student: User, other_student: User, course: Course
) -> None:
    Enrollment.objects.create(user=student, course=make_course(), status="active")
    Enrollment.objects.create(user=other_student, course=course, status="active")

    assert api(student).get(URL).status_code == 403
    assert api(student).get(first(course)).status_code == 403


def test_a_visitor_logs_in_first(anonymous: APIClient, course: Course) -> None:
    assert anonymous.get(URL).status_code == 401
    assert anonymous.get(first(course)).status_code == 401


def test_who_has_a_seat_keeps_it_when_the_course_leaves_the_catalogue(
    api: Login, student: User, course: Course
) -> None:
    Enrollment.objects.create(user=student, course=course, status="active")
    Course.objects.update(is_published=False)

    assert api(student).get(URL).status_code == 200
    assert api(student).get(first(course)).status_code == 200


@pytest.mark.parametrize("verb", ["get", "patch", "delete"])
def test_a_lesson_of_a_foreign_draft_answers_like_one_that_never_was(api: Login, course: Course, verb: str) -> None:
    Course.objects.update(is_published=False)
    colleague = api(make_user("colleague@example.com", user_type=User.Type.INSTRUCTOR))

    foreign, never = (getattr(colleague, verb)(address) for address in (first(course), f"{LESSONS}{uuid4()}/"))

    assert (foreign.status_code, foreign.json()) == (404, never.json())
    assert never.json()["code"] == "not_found"


@pytest.mark.parametrize("verb", ["patch", "delete"])
def test_a_lesson_of_a_foreign_course_is_not_changed(api: Login, student: User, course: Course, verb: str) -> None:
    Enrollment.objects.create(user=student, course=course, status="active")
    colleague = make_user("colleague@example.com", user_type=User.Type.INSTRUCTOR)

    for person in (student, colleague):
        answer = getattr(api(person), verb)(first(course), {"title": "Mine"})
        assert (answer.status_code, answer.json()["code"]) == (403, "permission_denied")
    assert titles(course) == ["First", "Second"]


def test_an_editor_writes_a_lesson_behind_the_others(editor: APIClient, instructor: User, course: Course) -> None:
    form = {"title": "Third", "text": "Colours", "video_url": "https://video.example.com/3"}

    answer = editor.post(URL, form)

    assert answer.status_code == 201
    assert answer.json() == {"id": str(course.lessons.get(title="Third").pk), "position": 3, **form}
    assert titles(course) == ["First", "Second", "Third"]
    log = AuditLog.objects.get(details__event="courses.lesson.created")
    assert (log.user_id, log.resource_id) == (instructor.pk, answer.json()["id"])
    assert log.details["fields"] == ["text", "title", "video_url"]


def test_a_lesson_closes_the_gaps_that_the_admin_left(editor: APIClient, course: Course) -> None:
    course.lessons.filter(position=2).update(position=32_767)

    assert editor.post(URL, {"title": "Third"}).json()["position"] == 3

    assert titles(course) == ["First", "Second", "Third"]


@pytest.mark.parametrize(
    ("form", "refused"),
    [
        ({}, {"title": "required"}),
        ({"title": "A", "position": 1}, {"position": "unknown"}),
        ({"title": "A", "text": "x" * 20_001}, {"text": "max_length"}),
        ({"title": "A", "video_url": "http://video.example.com/1"}, {"video_url": "invalid"}),
        ({"title": "A", "video_url": "//video.example.com/1"}, {"video_url": "invalid"}),
        ({"title": "A", "video_url": "javascript:alert(1)"}, {"video_url": "invalid"}),
        ({"title": "A", "video_url": "https://"}, {"video_url": "invalid"}),
        ({"title": "A", "video_url": "https://a b.example.com/"}, {"video_url": "invalid"}),
        ({"title": "A", "video_url": "file:///etc/passwd"}, {"video_url": "invalid"}),
        ({"title": "A", "video_url": 5}, {"video_url": "invalid"}),
    ],
)
def test_a_lesson_that_cannot_be_is_refused_in_words(
    editor: APIClient, course: Course, form: dict[str, Any], refused: dict[str, str]
) -> None:
    assert refusals(editor.post(URL, form, format="json")) == refused
    assert course.lessons.count() == 2


@pytest.mark.parametrize("start", ["https://", "https://a.", "https://[", "https://%"])
@pytest.mark.parametrize("filler", ["a", ".", "-", "@", ":", "a.", "1."])
def test_no_address_takes_long_to_be_refused(editor: APIClient, course: Course, start: str, filler: str) -> None:
    began = time.perf_counter()

    editor.post(URL, {"title": "A", "video_url": start + filler * 8000}, format="json")

    assert time.perf_counter() - began < 0.5


def test_a_course_has_500_lessons_at_most(editor: APIClient, course: Course) -> None:
    missing = range(3, MAX_LESSONS + 1)
    Lesson.objects.bulk_create(Lesson(course=course, position=number, title=str(number)) for number in missing)

    answer = editor.post(URL, {"title": "One more"})

    assert (answer.status_code, answer.json()["code"]) == (409, "too_many_lessons")
    assert course.lessons.count() == MAX_LESSONS == 500


def test_an_edit_is_stored_and_the_log_says_what_changed(editor: APIClient, course: Course) -> None:
    answer = editor.patch(first(course), {"title": "Start", "video_url": ""})

    assert answer.status_code == 200
    assert (answer.json()["title"], answer.json()["text"], answer.json()["video_url"]) == ("Start", "Brushes", "")
    assert AuditLog.objects.get(details__event="courses.lesson.changed").all_details["fields"] == {
        "title": {"from": "First", "to": "Start"},
        "video_url": {"from": "https://video.example.com/1", "to": ""},
    }


def test_an_edit_that_changes_nothing_writes_no_row_of_the_log(editor: APIClient, course: Course) -> None:
    assert editor.patch(first(course), {"title": "First"}).status_code == 200
    assert not AuditLog.objects.filter(details__event="courses.lesson.changed").exists()


def test_those_behind_a_deleted_lesson_move_up(editor: APIClient, student: User, course: Course) -> None:
    enrollment = Enrollment.objects.create(user=student, course=course, status="active")
    enrollment.progress.create(lesson=course.lessons.get(position=1), position_seconds=5)
    address = first(course)

    assert editor.delete(address).status_code == 204

    assert titles(course) == ["Second"]
    assert not enrollment.progress.exists()
    assert AuditLog.objects.get(details__event="courses.lesson.deleted").all_details["was"] == "First"
    assert editor.delete(address).status_code == 404
    assert editor.patch(address, {"title": "A"}).status_code == 404


def ids(course: Course) -> list[str]:
    """Return the ids of the lessons in their order."""
    return [str(pk) for pk in course.lessons.order_by("position").values_list("pk", flat=True)]


@pytest.mark.parametrize("order", ["ABCDE", "EDCBA", "BCDEA", "EABCD", "BADCE"])
def test_lessons_are_put_in_order(editor: APIClient, instructor: User, order: str) -> None:
    course = make_course(slug="painting", instructor=instructor)
    named = {name: course.lessons.create(position=place, title=name) for place, name in enumerate("ABCDE", start=1)}

    answer = editor.post(f"{URL}order/", {"lessons": [str(named[name].pk) for name in order]}, format="json")

    assert answer.status_code == 200
    assert [(lesson["position"], lesson["title"]) for lesson in answer.json()["lessons"]] == list(enumerate(order, 1))
    assert "".join(titles(course)) == order
    assert AuditLog.objects.filter(details__event="courses.lessons.ordered", resource_id=str(course.pk)).count() == 1


def test_an_order_mends_positions_at_the_end_of_all_numbers(editor: APIClient, course: Course) -> None:
    course.lessons.filter(position=2).update(position=32_767)
    course.lessons.filter(position=1).update(position=32_766)

    assert editor.post(f"{URL}order/", {"lessons": ids(course)[::-1]}, format="json").status_code == 200

    assert titles(course) == ["Second", "First"]


def test_500_lessons_are_put_in_order_at_once(
    editor: APIClient, course: Course, django_assert_max_num_queries: DjangoAssertNumQueries
) -> None:
    missing = range(3, MAX_LESSONS + 1)
    Lesson.objects.bulk_create(Lesson(course=course, position=number, title=str(number)) for number in missing)
    reverse = ids(course)[::-1]

    with django_assert_max_num_queries(60):  # SQLite takes 999 values a statement, so it needs several
        assert editor.post(f"{URL}order/", {"lessons": reverse}, format="json").status_code == 200

    assert ids(course) == reverse
    titles(course)


def test_an_order_names_each_lesson_of_the_course_once(editor: APIClient, course: Course) -> None:
    one, two = ids(course)
    foreign = str(make_course().lessons.create(position=1, title="Foreign").pk)
    before = AuditLog.objects.count()

    for wrong in (
        [],
        [one],
        [one, one],
        [one, two, two],
        [one, foreign],
        [one, two, foreign],
        [one, two, str(uuid4())],
    ):
        answer = editor.post(f"{URL}order/", {"lessons": wrong}, format="json")
        assert refusals(answer) == {"lessons": "not_the_lessons"}
    assert titles(course) == ["First", "Second"]
    assert AuditLog.objects.count() == before


@pytest.mark.parametrize(
    ("body", "refused"),
    [
        ({}, {"lessons": "required"}),
        ({"lessons": "x"}, {"lessons": "not_a_list"}),
        ({"lessons": ["x"]}, {"lessons.0": "invalid"}),
        ({"lessons": [5]}, {"lessons.0": "invalid"}),
        ({"lessons": [None]}, {"lessons.0": "null"}),
        ({"lessons": [str(uuid4())] * 501}, {"lessons": "max_length"}),
        ({"lessons": [], "order": 1}, {"order": "unknown"}),
    ],
)
def test_an_order_that_is_none_is_refused_in_words(
    editor: APIClient, course: Course, body: dict[str, Any], refused: dict[str, str]
) -> None:
    assert refusals(editor.post(f"{URL}order/", body, format="json")) == refused


def test_lessons_are_walked_by_pages_in_their_order(editor: APIClient, course: Course) -> None:
    for position in range(3, 12):
        course.lessons.create(position=position, title=str(position))
    address, seen = f"{URL}?page_size=4", []

    while address:
        page = editor.get(address).json()
        seen += [lesson["position"] for lesson in page["results"]]
        address = page["next"]

    assert seen == list(range(1, 12))


@pytest.mark.parametrize("position", ["p=x", "p=%00", "p=-1", "p=999999", "p=%D9%A1", "p=1.5"])
def test_a_cursor_that_no_position_can_be_is_a_404(editor: APIClient, course: Course, position: str) -> None:
    answer = editor.get(f"{URL}?cursor={base64.b64encode(position.encode()).decode()}")

    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


def test_reading_costs_the_same_queries_however_many_lessons_there_are(
    api: Login, student: User, course: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for position in range(3, 12):
        course.lessons.create(position=position, title=str(position))
    Enrollment.objects.create(user=student, course=course, status="active")
    client, address = api(student), first(course)

    with django_assert_num_queries(4):  # who asks, the course, the seat, the page
        assert len(client.get(URL).json()["results"]) == 11
    with django_assert_num_queries(3):  # who asks, the lesson with its course, the seat
        assert client.get(address).status_code == 200


def test_writing_costs_the_same_queries_however_many_lessons_there_are(
    editor: APIClient, course: Course, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    for position in range(3, 12):
        course.lessons.create(position=position, title=str(position))
    address = first(course)
    version = 0 if settings.REDIS_HOST else 4  # a savepoint, the number locked and raised, its end

    # Who asks, the course, a savepoint, the course locked, its lessons, the new one, the log, the savepoint's end.
    with django_assert_num_queries(8 + version):
        assert editor.post(URL, {"title": "New"}).status_code == 201
    with django_assert_num_queries(7 + version):  # the same with the lesson locked, and no others
        assert editor.patch(address, {"title": "Better"}).status_code == 200
