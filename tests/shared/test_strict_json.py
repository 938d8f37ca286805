"""Hostile bodies: each gets a clear answer, the same on every database, at once, and poisons nothing that is stored."""

import time
from collections.abc import Callable

import pytest
from django.test import Client
from rest_framework.test import APIClient

from tests.conftest import client_of
from titanobova.http import JSON_BYTES, JSON_DEPTH
from users.models import LoginAttempt, User

pytestmark = pytest.mark.django_db

LOGIN, REGISTER = "/api/v1/auth/token/", "/api/v1/users/register/"
REST = b'"password": "any-password"}'


@pytest.mark.parametrize(
    ("body", "words"),
    [
        (b" ", "it is empty"),
        (b"{'a': 1}", "look at line 1, column 2"),
        (b'{"email": "a",\n "password"}', "look at line 2, column 12"),
        (b'{"email": "\xff"}', "it is not UTF-8"),
        (b'{"email": NaN}', "NaN is not a JSON number"),
    ],
)
def test_a_body_that_is_no_json_is_refused_in_words(anonymous: APIClient, body: bytes, words: str) -> None:
    answer = anonymous.post(LOGIN, body, content_type="application/json")

    assert (answer.status_code, answer.json()["detail"]) == (400, f"The body is not valid JSON: {words}.")


def email(text: bytes) -> bytes:
    """Return a body with `text` as the JSON of its e-mail."""
    return b'{"email": ' + text + b", " + REST


def padded(size: int) -> bytes:
    """Return a body of exactly `size` bytes."""
    return email(b'"a@example.com"').ljust(size)


# Well-formed, so that a login looks for the account and finds none.
PLAUSIBLE = {
    "any address": email(b'"a@example.com"'),
    "an escaped address": email(rb'"\u0061@example.com"'),
    "an emoji": email('"\U0001f600@example.com"'.encode()),
    "an escaped emoji": email(rb'"\ud83d\ude00@example.com"'),
    "a byte that is no character": email('"\uffff@example.com"'.encode()),
    "right to left": email('"\u202ea@example.com"'.encode()),
    "control characters": email(rb'"\u0001\u001b[31m\r\n@example.com"'),
    "a text of spaces in the middle": email(b'"a b"'),
    "SQL": email(b'"\' OR 1=1; DROP TABLE users_user; --"'),
    "a number": email(b"1"),
    "a long number": email(b"12345678901234567890"),
    "a float": email(b"1e308"),
    "brackets inside a text": email(b'"' + b"[{" * 100 + b'"'),
    "exactly 64 KiB": padded(JSON_BYTES),
}
# Not JSON at all, or JSON that does not mean one thing everywhere.
UNREADABLE = {
    "a space": b" ",
    "an open object": b'{"email": "a@example.com", ',
    "two documents": b"{} {}",
    "a trailing comma": b'{"email": "a@example.com",}',
    "single quotes": b"{'email': 'a@example.com'}",
    "a comment": b'{/* */"email": "a@example.com"}',
    "a form": b"email=a%40example.com&password=x",
    "NUL in a text": email(rb'"a\u0000@example.com"'),
    "NUL in a name": rb'{"em\u0000ail": 1}',
    "NUL in a nested text": email(rb'{"x": ["\u0000"]}'),
    "a raw NUL": b'{"email": "\x00"}',
    "a raw NUL outside": b"{}\x00",
    "a raw line break": b'{"email": "a\n"}',
    "half a pair, high": email(rb'"\ud800"'),
    "half a pair, low": email(rb'"\udfff"'),
    "half a pair in a name": rb'{"\ud800": 1}',
    "a pair the wrong way round": email(rb'"\ude00\ud83d"'),
    "a bad escape": email(rb'"\x41"'),
    "half an escape": email(rb'"\u00"'),
    "one level too many": b"[" * (JSON_DEPTH + 1) + b"]" * (JSON_DEPTH + 1),
    "objects one level too many": b'{"a":' * (JSON_DEPTH + 1) + b"1" + b"}" * (JSON_DEPTH + 1),
    "5,000 levels": b"[" * 5_000 + b"]" * 5_000,
    "5,000 levels without end": b'{"a":[' * 5_000,
    "60,000 levels in a value": email(b"[" * 60_000),
    "a name twice": b'{"email": "a@example.com", "email": "b@example.com", ' + REST,
    "a name twice, once escaped": rb'{"email": "a@example.com", "\u0065mail": "b@example.com", ' + REST,
    "a name twice inside": email(b'{"x": 1, "x": 1}'),
    "NaN": email(b"NaN"),
    "Infinity": email(b"Infinity"),
    "minus Infinity": email(b"-Infinity"),
    "a number beyond floats": email(b"1e400"),
    "21 digits": email(b"123456789012345678901"),
    "60,000 digits": email(b"9" * 60_000),
    "a hexadecimal number": email(b"0x10"),
    "a leading zero": email(b"01"),
    "bytes that are not UTF-8": email(b'"\xff\xfe"'),
    "Latin-1": email('"\xe9@example.com"'.encode("latin-1")),
    "an overlong NUL": email(b'"\xc0\x80"'),
    "a surrogate in UTF-8": email(b'"\xed\xa0\x80"'),
    "UTF-16": email(b'"a@example.com"').decode().encode("utf-16"),
    "a byte order mark": b"\xef\xbb\xbf" + email(b'"a@example.com"'),
    "32,000 quotes": b'"' + b'\\"' * 32_000,
    "32,000 backslashes": b'["' + b"\\" * 64_000,
}
# JSON, but nothing that a login or a registration could be.
UNSUITABLE = {
    "nothing": b"",
    "null": b"null",
    "a list": b"[]",
    "a list of lists": b"[[]]",
    "a text": b'"email"',
    "a number alone": b"0",
    "true": b"true",
    "an empty object": b"{}",
    "a list as address": email(b'["a@example.com"]'),
    "an object as address": email(b'{"a": 1}'),
    "true as address": email(b"true"),
    "null as address": email(b"null"),
    "an empty address": email(b'""'),
    "an address of 255 characters": email(b'"' + b"a" * 255 + b'"'),
    "a list as password": b'{"email": "a@example.com", "password": ["x"]}',
    "a password of 1,025 characters": b'{"email": "a@example.com", "password": "' + b"x" * 1025 + b'"}',
    "an unknown member": b'{"email": "a@example.com", "is_staff": true, ' + REST,
}
TOO_LARGE = {
    "64 KiB and a byte": padded(JSON_BYTES + 1),
    "100,000 levels": b"[" * 100_000,
    "3 MB": padded(3_000_000),
}
CORPUS = {
    f"{url} {name}": (url, body, status, code)
    for bodies, status, code in [
        (UNREADABLE, 400, "parse_error"),
        (UNSUITABLE, 400, "invalid"),
        (TOO_LARGE, 413, "payload_too_large"),
    ]
    for name, body in bodies.items()
    for url in (LOGIN, REGISTER)
} | {name: (LOGIN, body, 401, "invalid_credentials") for name, body in PLAUSIBLE.items()}


@pytest.mark.parametrize("case", CORPUS)
def test_every_body_gets_a_clear_answer_at_once(anonymous: APIClient, case: str) -> None:
    url, body, status, code = CORPUS[case]
    started = time.monotonic()

    answer = anonymous.post(url, body, content_type="application/json")

    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert set(answer.json()) - {"detail", "code"} == ({"errors"} if status == 400 else set())
    assert time.monotonic() - started < 1


@pytest.mark.parametrize("url", [LOGIN, REGISTER])
@pytest.mark.parametrize("kind", ["application/json; charset=utf-16", "APPLICATION/JSON", "application/json;"])
def test_json_is_utf_8_whatever_its_label_says(anonymous: APIClient, url: str, kind: str) -> None:
    assert anonymous.post(url, UNSUITABLE["an unknown member"], content_type=kind).status_code == 400


@pytest.mark.parametrize("length", ["-1", "many", "0"])
def test_a_wrong_length_is_no_error_of_ours(length: str) -> None:
    answer = Client().post(LOGIN, b"{}", content_type="application/json", CONTENT_LENGTH=length)

    assert answer.status_code == 400


def test_nothing_that_was_sent_makes_a_later_page_fail(api: Callable[[User], APIClient], staff: User) -> None:
    for number, body in enumerate(PLAUSIBLE.values()):
        visitor = APIClient(REMOTE_ADDR=f"192.0.2.{number}", HTTP_USER_AGENT="\x1b[31m\u2028\xff")
        visitor.post(LOGIN, body, content_type="application/json")
    people = Client()
    people.force_login(staff, backend="users.backends.SessionOnlyBackend")

    pages = [people.get(f"/admin/{name}/").status_code for name in ("users/loginattempt", "audit/auditlog")]

    assert LoginAttempt.objects.count() == len(PLAUSIBLE)
    assert client_of(staff).get("/api/v1/audit/logs/").status_code == 200
    assert pages == [200, 200]


def test_twenty_levels_and_a_text_full_of_brackets_are_fine(anonymous: APIClient) -> None:
    deep = b"[" * (JSON_DEPTH - 1) + b'"\\"]]]]{{{{"' + b"]" * (JSON_DEPTH - 1)

    answer = anonymous.post(LOGIN, email(deep), content_type="application/json")

    assert answer.json()["errors"]["email"][0]["message"] == "Not a valid string."
