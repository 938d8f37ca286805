"""Forms of a browser that are too large or no forms at all."""

from urllib.parse import urlencode

import pytest
from rest_framework.test import APIClient

pytestmark = pytest.mark.django_db

CONTACTS = "/api/v1/contacts/contacts/"
FORM, PAIRS = "multipart/form-data; boundary=x", "application/x-www-form-urlencoded"
FIELD = b'--x\r\nContent-Disposition: form-data; name="message"\r\n\r\nHello\r\n'


def multipart(name: str) -> bytes:
    return b'--x\r\nContent-Disposition: form-data; name="' + name.encode() + b'"\r\n\r\nv\r\n'


@pytest.mark.parametrize("charset", ["rot13", "zlib", "idna", "punycode", "no-such-charset", "utf-16"])
@pytest.mark.parametrize("kind", [FORM, PAIRS])
def test_a_strange_charset_is_a_clear_refusal(anonymous: APIClient, kind: str, charset: str) -> None:
    body = FIELD + b"--x--\r\n" if kind.startswith("multipart") else b"message=Hello"

    answer = anonymous.post(CONTACTS, body, content_type=f"{kind}; charset={charset}")

    assert answer.status_code == 400
    assert answer.json()["code"] in {"parse_error", "invalid"}


def test_thousands_of_fields_are_refused(anonymous: APIClient) -> None:
    form = b"".join(multipart(f"f{number}") for number in range(1100)) + b"--x--\r\n"
    pairs = "&".join(f"f{number}=1" for number in range(1100)).encode()

    for body, kind in ((form[:65_000], FORM), (pairs, PAIRS)):
        answer = anonymous.post(CONTACTS, body, content_type=kind)
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_form_over_its_bound_is_refused_unread(anonymous: APIClient) -> None:
    answer = anonymous.post(CONTACTS, b"x" * 70_000, content_type=FORM)

    assert (answer.status_code, answer.json()["code"]) == (413, "payload_too_large")


def test_half_a_form_is_refused_or_lacks_its_fields(anonymous: APIClient) -> None:
    for body in (b"", b"--x", FIELD[:40], b"\x00" * 100, FIELD + b"--x--\r\n"):
        answer = anonymous.post(CONTACTS, body, content_type=FORM)
        assert answer.status_code == 400


def test_a_form_without_a_boundary_is_refused(anonymous: APIClient) -> None:
    answer = anonymous.post(CONTACTS, FIELD, content_type="multipart/form-data")

    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


@pytest.mark.parametrize("text", [b"\xff", b"\xed\xa0\x80", b"caf\xe9"])
def test_text_that_is_not_utf_8_is_refused_rather_than_mended(anonymous: APIClient, text: bytes) -> None:
    pairs = b"message=" + b"".join(b"%%%02X" % byte for byte in text)
    form = FIELD.replace(b"Hello", text) + b"--x--\r\n"

    for body, kind in ((form, FORM), (pairs, PAIRS), (b"message=" + text, PAIRS)):
        answer = anonymous.post(CONTACTS, body, content_type=kind)
        assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")
        assert answer.json()["detail"] == "The form holds text that is not UTF-8."


def test_a_replacement_character_that_somebody_sent_is_theirs(anonymous: APIClient) -> None:
    fields = {"name": "A", "email": "a@example.com", "message": "a lost \ufffd letter"}

    multipart = anonymous.post(CONTACTS, fields, format="multipart")
    pairs = anonymous.post(CONTACTS, urlencode(fields), content_type=PAIRS)

    for answer in (multipart, pairs):
        assert (answer.status_code, answer.json()["message"]) == (201, "a lost \ufffd letter")


def test_a_strange_charset_on_a_read_is_no_error(anonymous: APIClient, db: None) -> None:
    answer = anonymous.get("/api/v1/courses/courses/?search=%C3%BC%FF", CONTENT_TYPE="text/plain; charset=idna")

    assert answer.status_code == 200
