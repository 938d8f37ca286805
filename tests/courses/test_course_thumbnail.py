"""The pictures of courses: drawn anew, as those of people are (tests/users/test_profile_picture.py has the rest)."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from courses.models import Course
from courses.services.finding import UnknownCourse
from courses.services.thumbnails import set_thumbnail
from tests.courses.conftest import make_course
from tests.users import images
from users.models import User

URL = "/api/v1/courses/courses/painting/thumbnail/"
pytestmark = pytest.mark.django_db
Login = Callable[[User], APIClient]


@pytest.fixture(autouse=True)
def media(settings: LazySettings, tmp_path: Path) -> Path:
    """An empty folder for uploads."""
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


@pytest.fixture
def course(instructor: User) -> Course:
    """A course of the instructor's."""
    return make_course(slug="painting", instructor=instructor)


@pytest.fixture
def editor(api: Login, instructor: User) -> APIClient:
    """The instructor's client."""
    return api(instructor)


def files_in(folder: Path) -> list[Path]:
    """Return the files below a folder."""
    return [path for path in folder.rglob("*") if path.is_file()]


def picture(body: bytes | None = None) -> SimpleUploadedFile:
    """Return a photograph, or these bytes under a photograph's name."""
    return SimpleUploadedFile("me.jpg", images.photo() if body is None else body, "image/jpeg")


def put(client: APIClient, **form: Any) -> Any:
    """Send a form."""
    return client.put(URL, form, format="multipart")


def refusals(answer: Any) -> dict[str, str]:
    """Return the code of the first refusal of each field."""
    assert answer.status_code == 400
    return {field: errors[0]["code"] for field, errors in answer.json()["errors"].items()}


def test_a_picture_is_drawn_anew_and_shown_in_the_catalogue(
    editor: APIClient, anonymous: APIClient, course: Course, media: Path
) -> None:
    answer = put(editor, thumbnail=picture())

    assert answer.status_code == 200
    (file,) = files_in(media)
    assert not [word for word in images.SECRETS if word in file.read_bytes()]
    address = f"http://testserver/media/course_thumbnails/{file.name}"
    assert answer.json()["thumbnail"] == address
    assert anonymous.get("/api/v1/courses/courses/").json()["results"][0]["thumbnail"] == address
    assert set(AuditLog.objects.get(details__event="courses.course.changed").details["fields"]) == {"thumbnail"}


def test_a_new_picture_replaces_the_file_of_the_old_one(
    editor: APIClient,
    course: Course,
    media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            put(editor, thumbnail=picture())

    course.refresh_from_db()
    assert files_in(media) == [Path(course.thumbnail.path)]


def test_a_picture_is_taken_away_with_its_file(
    editor: APIClient,
    course: Course,
    media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    put(editor, thumbnail=picture())

    with django_capture_on_commit_callbacks(execute=True):
        answer = editor.delete(URL)

    assert (answer.status_code, answer.json()["thumbnail"]) == (200, None)
    assert files_in(media) == []
    assert editor.delete(URL).status_code == 200


def test_the_file_goes_with_the_course(
    editor: APIClient,
    course: Course,
    media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
) -> None:
    put(editor, thumbnail=picture())

    with django_capture_on_commit_callbacks(execute=True):
        assert editor.delete("/api/v1/courses/courses/painting/").status_code == 204

    assert files_in(media) == []


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "empty"),
        (b"<svg onload=alert(1)>", "picture_not_supported"),
        (images.png_of_header(60_000, 60_000), "picture_too_many_pixels"),
        (images.animated_webp(16, 16), "picture_animated"),
    ],
)
def test_what_is_no_picture_is_refused_and_leaves_no_file(
    editor: APIClient, course: Course, media: Path, body: bytes, code: str
) -> None:
    assert refusals(put(editor, thumbnail=picture(body))) == {"thumbnail": code}
    assert files_in(media) == []


def test_a_form_without_a_picture_or_with_more_is_refused(editor: APIClient, course: Course, media: Path) -> None:
    assert refusals(put(editor)) == {"thumbnail": "required"}
    assert refusals(put(editor, thumbnail="text")) == {"thumbnail": "invalid"}
    assert refusals(put(editor, thumbnail=picture(), title="A")) == {"title": "unknown"}
    assert files_in(media) == []


def test_a_picture_comes_as_a_form_of_at_most_6_mib(editor: APIClient, course: Course, media: Path) -> None:
    assert editor.put(URL, {"thumbnail": "x"}, format="json").status_code == 415
    assert put(editor, thumbnail=picture(bytes(7 * 1024 * 1024))).status_code == 413
    assert files_in(media) == []


def test_a_course_deleted_meanwhile_leaves_no_file(course: Course, media: Path) -> None:
    Course.objects.all().delete()

    with pytest.raises(UnknownCourse):
        set_thumbnail(course, picture(), by=Actor())
    assert files_in(media) == []


def test_a_picture_is_set_by_editors_alone(anonymous: APIClient, api: Login, student: User, course: Course) -> None:
    assert put(anonymous, thumbnail=picture()).status_code == 401
    assert put(api(student), thumbnail=picture()).status_code == 403
    assert anonymous.delete(URL).status_code == 401
