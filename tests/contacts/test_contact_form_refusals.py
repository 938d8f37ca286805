"""What the contact form refuses, and how (contract 10)."""

from typing import Any

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from rest_framework.test import APIClient

from contacts.models import Contact
from contacts.serializers import MESSAGE_LENGTH
from tests.contacts.conftest import FORM, LEAST, URL

JSON = "application/json"
BROWSER = "application/x-www-form-urlencoded"
PARTS = "multipart/form-data; boundary=x"
pytestmark = pytest.mark.django_db


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"name": None}, "name"),
        ({"name": ""}, "name"),
        ({"name": " \n "}, "name"),
        ({"name": "x" * 256}, "name"),
        ({"name": ["a"]}, "name"),
        ({"name": True}, "name"),
        ({"email": None}, "email"),
        ({"email": "no address"}, "email"),
        ({"email": "a@example.com\r\nBcc: b@example.com"}, "email"),
        ({"email": "a@example.com,b@example.com"}, "email"),
        ({"email": "a" * 250 + "@example.com"}, "email"),
        ({"email": {"a": "b"}}, "email"),
        ({"phone": "0" * 51}, "phone"),
        ({"subject": "x" * 256}, "subject"),
        ({"subject": False}, "subject"),
        ({"message": None}, "message"),
        ({"message": "  "}, "message"),
        ({"message": "x" * (MESSAGE_LENGTH + 1)}, "message"),
        ({"message": [["x"]]}, "message"),
    ],
)
def test_a_bad_field_is_a_400_that_names_it(anonymous: APIClient, change: dict[str, Any], field: str) -> None:
    form = {name: new for name, new in (FORM | change).items() if new is not None}

    answer = anonymous.post(URL, form)

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")
    assert set(answer.json()["errors"]) == {field}
    assert all(set(error) == {"message", "code"} for error in answer.json()["errors"][field])
    assert not Contact.objects.exists()


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", JSON),
        (b"null", JSON),
        (b"[]", JSON),
        (b"[" * 9999, JSON),
        (b'{"name": "a\\u0000b"}', JSON),
        (b'{"name": "\\ud800"}', JSON),
        (b'{"name": "\xff"}', JSON),
        (b'{"name": NaN}', JSON),
        (b'{"name": 1e999}', JSON),
        (b"", BROWSER),
        (b"name=%00&email=a@example.com&message=x", BROWSER),
        (b"name=%ed%a0%80%00&email=a@example.com&message=x", BROWSER),
        (b"&".join([b"a=b"] * 2000), BROWSER),
        (b"", PARTS),
        (b"no boundary at all", PARTS),
        (b'--x\r\nContent-Disposition: form-data; name="name"\r\n\r\na\x00b\r\n--x--\r\n', PARTS),
        (b"name=a", "multipart/form-data"),
    ],
)
def test_a_body_that_is_no_form_is_a_400(anonymous: APIClient, body: bytes, content_type: str) -> None:
    answer = anonymous.post(URL, body, content_type=content_type)

    assert answer.status_code == 400
    assert set(answer.json()) >= {"detail", "code"}
    assert not Contact.objects.exists()


def test_a_file_is_no_message(anonymous: APIClient) -> None:
    answer = anonymous.post(URL, LEAST | {"message": SimpleUploadedFile("a.txt", b"hello")}, format="multipart")

    assert (answer.status_code, set(answer.json()["errors"])) == (400, {"message"})


@pytest.mark.parametrize("content_type", [JSON, BROWSER, PARTS])
def test_a_body_over_64_kib_is_refused_unread(anonymous: APIClient, content_type: str) -> None:
    answer = anonymous.post(URL, b"x" * (64 * 1024 + 1), content_type=content_type)

    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_another_kind_of_body_is_a_415(anonymous: APIClient) -> None:
    answer = anonymous.post(URL, b"<contact/>", content_type="application/xml")

    assert (answer.status_code, answer.json()["code"]) == (415, "unsupported_media_type")
