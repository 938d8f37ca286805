"""Profile pictures (contract 2.11): drawn anew, without a word about where they came from."""

import io
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from django.conf import LazySettings
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageChops
from pytest_django import DjangoCaptureOnCommitCallbacks
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from tests.conftest import RunTogether, client_of
from tests.users import images
from titanobova.errors import DomainError
from users import pictures
from users.models import User
from users.services.profile import update_profile
from users.tokens import InvalidToken

PROFILE = "/api/v1/users/profile/"
GREEN_GLASS = (30, 180, 60, 100)


@pytest.fixture(autouse=True)
def media(settings: LazySettings, tmp_path: Path) -> Path:
    """An empty folder for uploads."""
    settings.MEDIA_ROOT = str(tmp_path)
    return tmp_path


def files_in(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def upload(user: User, body: bytes, name: str = "me.jpg", kind: str = "image/jpeg", **fields: str) -> Any:
    form = {"profile_picture": SimpleUploadedFile(name, body, kind), **fields}
    return client_of(user).patch(PROFILE, form, format="multipart")


def stored(user: User) -> Image.Image:
    user.refresh_from_db()
    with user.profile_picture.open() as file:
        return Image.open(io.BytesIO(file.read()))


def refused(answer: Any, code: str) -> None:
    assert answer.status_code == 400
    assert {name: errors[0]["code"] for name, errors in answer.json()["errors"].items()} == {"profile_picture": code}


def near(colour: Any, wanted: tuple[int, ...]) -> bool:
    return all(abs(one - other) < 12 for one, other in zip(colour, wanted, strict=True))


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "WEBP"])
def test_a_photograph_is_turned_upright_and_tells_nothing_any_more(student: User, media: Path, kind: str) -> None:
    body = images.photo(kind)
    assert any(word in body for word in images.SECRETS)

    answer = upload(student, body)

    assert answer.status_code == 200
    picture = stored(student)
    assert (picture.format, picture.size, dict(picture.getexif())) == ("JPEG", (200, 300), {})
    assert set(picture.info) <= {"jfif", "jfif_version", "jfif_unit", "jfif_density"}
    assert near(picture.getpixel((100, 40)), images.RED)
    assert near(picture.getpixel((100, 260)), images.BLUE)
    assert not [word for word in images.SECRETS if word in files_in(media)[0].read_bytes()]


def test_the_stored_name_is_random_and_the_address_is_answered(student: User) -> None:
    address = upload(student, images.photo(), name="../../Ada at home.php.jpg").json()["profile_picture"]

    folder, _, name = address.rpartition("/")
    assert folder.endswith("/media/profile_pictures")
    assert len(name.removesuffix(".jpg")) == 32
    assert client_of(student).get(PROFILE).json()["profile_picture"] == address


@pytest.mark.parametrize(("kind", "suffix"), [("PNG", "png"), ("WEBP", "webp")])
def test_glass_stays_glass(student: User, kind: str, suffix: str) -> None:
    body = images.encoded(Image.new("RGBA", (2000, 500), GREEN_GLASS), kind, lossless=True)

    assert upload(student, body).json()["profile_picture"].endswith(f".{suffix}")
    picture = stored(student)
    assert (picture.format, picture.mode, picture.size) == (kind, "RGBA", (1024, 256))
    assert near(picture.getpixel((512, 128)), GREEN_GLASS)


@pytest.mark.parametrize("mode", ["L", "P", "1", "I;16", "CMYK", "LA", "RGBA"])
def test_every_kind_of_pixels_is_taken(student: User, mode: str) -> None:
    kind = "JPEG" if mode == "CMYK" else "PNG"
    body = images.encoded(Image.new(mode, (50, 40)) if mode == "I;16" else images.two_colours(mode=mode), kind)

    assert upload(student, body).status_code == 200
    assert stored(student).mode in {"RGB", "RGBA"}


def test_the_longer_side_is_bounded_and_small_pictures_do_not_grow(student: User) -> None:
    for size, wanted in (((3000, 1500), (1024, 512)), ((700, 2048), (350, 1024)), ((40, 30), (40, 30))):
        upload(student, images.encoded(images.two_colours(*size), "JPEG"))
        assert stored(student).size == wanted


def test_a_large_picture_is_shrunk_as_if_in_one_piece(student: User) -> None:
    gradient = Image.linear_gradient("L").resize((4700, 2300)).convert("RGBA")
    upload(student, images.encoded(gradient, "PNG"))

    difference = ImageChops.difference(stored(student), gradient.resize((1024, 501)))
    assert max(difference.tobytes()) <= 3


LARGEST = {"JPEG": (8000, 5000), "PNG": (8000, 5000), "WEBP": (5000, 2500)}
# VmHWM and not ru_maxrss, which a new process takes over from the one that started it.
MEASURE = """
import re, sys
from django.core.files.uploadedfile import SimpleUploadedFile
from users.pictures import redraw
upload = SimpleUploadedFile("me", open(sys.argv[1], "rb").read())
peak = lambda: int(re.search(r"VmHWM:\\s+(\\d+) kB", open("/proc/self/status").read())[1])
before = peak()
redraw(upload)
print((peak() - before) // 1024)
"""


@pytest.mark.parametrize("kind", LARGEST)
def test_the_largest_pictures_take_less_than_300_mebibytes(tmp_path: Path, kind: str) -> None:
    file = tmp_path / "largest"
    mode = "RGB" if kind == "JPEG" else "RGBA"
    file.write_bytes(images.encoded(Image.new(mode, LARGEST[kind]), kind, progressive=True, lossless=True))

    measured = subprocess.run([sys.executable, "-c", MEASURE, str(file)], capture_output=True, text=True, check=True)

    assert 50 < int(measured.stdout) < 300


def test_a_cameras_second_picture_behind_the_first_is_no_animation(student: User) -> None:
    preview = Image.new("RGB", (30, 20))
    body = images.encoded(images.two_colours(), "MPO", save_all=True, append_images=[preview])

    assert upload(student, body).status_code == 200
    assert stored(student).size == (300, 200)


def test_the_content_decides_and_not_the_name(student: User) -> None:
    webp = images.encoded(images.two_colours(), "WEBP")

    assert upload(student, webp, name="page.html", kind="text/html").json()["profile_picture"].endswith(".jpg")


PHOTO = images.photo()
HOSTILE = {
    "svg": (b'<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>', "picture_not_supported"),
    "html": (b"<!doctype html><script>alert(1)</script>", "picture_not_supported"),
    "gif": (images.encoded(images.two_colours(), "GIF"), "picture_not_supported"),
    "bmp": (images.encoded(images.two_colours(), "BMP"), "picture_not_supported"),
    "tiff": (images.encoded(images.two_colours(), "TIFF"), "picture_not_supported"),
    "postscript": (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "picture_not_supported"),
    "text": (b"\x00\x01 not a picture", "picture_not_supported"),
    "nothing": (b"", "empty"),
    "animated png": (images.frames("PNG"), "picture_animated"),
    "animated webp": (images.frames("WEBP"), "picture_animated"),
    "half a jpeg": (PHOTO[: len(PHOTO) // 2], "picture_broken"),
    "half a png": (images.photo("PNG")[:-400], "picture_broken"),
    "png bomb": (images.png_of_header(60_000, 60_000), "picture_too_many_pixels"),
    "smaller png bomb": (images.png_of_header(8_000, 5_001), "picture_too_many_pixels"),
    "png bomb between Pillow's own bounds": (images.png_of_header(10_000, 10_000), "picture_too_many_pixels"),
    "one line": (images.png_of_header(40_000_000, 1), "picture_too_many_pixels"),
    "webp bomb": (images.animated_webp(16_000_000, 255), "picture_too_many_pixels"),
    "webp over its own bound": (images.animated_webp(5_000, 2_501), "picture_too_many_pixels"),
    "jpeg of a thousand passes": (images.jpeg_of_many_scans(1000), "picture_broken"),
    "over 5 MB": (PHOTO + bytes(pictures.MAX_BYTES), "picture_too_large"),
}


@pytest.mark.filterwarnings("ignore::PIL.Image.DecompressionBombWarning")  # as in production, where none is an error
@pytest.mark.parametrize(("body", "code"), HOSTILE.values(), ids=HOSTILE)
def test_what_is_no_such_picture_is_refused_and_leaves_nothing(
    student: User, media: Path, body: bytes, code: str
) -> None:
    refused(upload(student, body, bio="changed"), code)

    student.refresh_from_db()
    assert (student.profile_picture.name, student.bio, files_in(media)) == ("", "", [])
    assert not AuditLog.objects.filter(details__event="users.profile.updated").exists()


def test_broken_bytes_are_never_a_defect(student: User) -> None:
    for kind in ("JPEG", "PNG", "WEBP"):
        body = images.photo(kind)
        for place in range(0, min(len(body), 1200), 23):
            broken = body[:place] + bytes([body[place] ^ 0xFF]) + body[place + 1 :]
            assert upload(student, broken).status_code in {200, 400}


def test_a_jpeg_with_as_many_passes_as_cameras_write_is_taken(student: User) -> None:
    assert upload(student, images.jpeg_of_many_scans(20)).status_code == 200


def test_a_body_over_the_bound_is_refused_unread(student: User) -> None:
    answer = upload(student, bytes(7 * 1024 * 1024))

    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_a_new_picture_replaces_the_old_one_once_it_is_stored(
    student: User, media: Path, django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks
) -> None:
    upload(student, images.photo())
    [first] = files_in(media)

    with django_capture_on_commit_callbacks(execute=True):
        upload(student, images.photo())
        assert first in files_in(media)

    [second] = files_in(media)
    assert second != first
    student.refresh_from_db()
    assert student.profile_picture.path == str(second)


@pytest.mark.parametrize(("empty", "shape"), [(None, "json"), ("", "json"), ("", "multipart")])
def test_a_picture_is_taken_away(
    student: User,
    media: Path,
    django_capture_on_commit_callbacks: DjangoCaptureOnCommitCallbacks,
    empty: str | None,
    shape: str,
) -> None:
    upload(student, images.photo())

    with django_capture_on_commit_callbacks(execute=True):
        answer = client_of(student).patch(PROFILE, {"profile_picture": empty}, format=shape)

    assert (answer.status_code, answer.json()["profile_picture"], files_in(media)) == (200, None, [])


def test_other_changes_leave_the_picture_alone(student: User, media: Path) -> None:
    upload(student, images.photo())
    before = files_in(media)

    client_of(student).patch(PROFILE, {"bio": "Hello"})

    student.refresh_from_db()
    assert student.bio == "Hello"
    assert [student.profile_picture.path] == [str(path) for path in before]


def test_a_form_changes_text_and_picture_at_once(student: User) -> None:
    upload(student, images.photo(), bio="Hello", date_of_birth="1990-02-28")

    student.refresh_from_db()
    assert (student.bio, str(student.date_of_birth), bool(student.profile_picture)) == ("Hello", "1990-02-28", True)
    fields = AuditLog.objects.get(details__event="users.profile.updated").details["fields"]
    assert fields == ["bio", "date_of_birth", "profile_picture"]


@pytest.mark.parametrize("value", ["/media/profile_pictures/other.jpg", "https://example.com/me.jpg", 7, ["x"], {}])
def test_an_address_is_no_picture(student: User, value: object) -> None:
    refused(client_of(student).patch(PROFILE, {"profile_picture": value}, format="json"), "invalid")


def test_a_failed_transaction_leaves_no_file_behind(student: User, media: Path, actor: Actor) -> None:
    file = SimpleUploadedFile("me.jpg", images.photo())
    User.objects.filter(pk=student.pk).update(is_active=False)

    with pytest.raises(InvalidToken):
        update_profile(student, {"profile_picture": file}, by=actor)

    assert files_in(media) == []


@pytest.mark.django_db(transaction=True)
def test_of_parallel_uploads_one_file_remains(student: User, media: Path, run_together: RunTogether) -> None:
    body = images.encoded(images.two_colours(40, 40), "JPEG")

    outcomes = run_together(6, lambda number: upload(student, body).status_code)

    assert outcomes == [200] * 6
    student.refresh_from_db()
    assert [str(path) for path in files_in(media)] == [student.profile_picture.path]


def test_who_waits_too_long_for_the_pictures_of_others_is_told_so(
    student: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pictures, "PATIENCE", 0.05)
    monkeypatch.setattr(pictures, "_decoding", threading.BoundedSemaphore(1))
    with pictures._place_to_decode(), pytest.raises(DomainError) as refusal:
        pictures.redraw(SimpleUploadedFile("me.jpg", images.photo()))

    assert (refusal.value.code, refusal.value.status) == ("temporarily_unavailable", 503)


def test_a_visitor_uploads_nothing(anonymous: APIClient, db: None, media: Path) -> None:
    form = {"profile_picture": SimpleUploadedFile("me.jpg", images.photo(), "image/jpeg")}

    assert anonymous.patch(PROFILE, form, format="multipart").status_code == 401
    assert files_in(media) == []
