"""120 bodies that nobody should send (hardening X6, X8): each a clear 4xx, and nothing stored that poisons a read."""

import json
from typing import Any
from urllib.parse import quote

import pytest
from rest_framework.test import APIClient

from contacts.models import Contact
from tests.contacts.conftest import FORM, URL

FIELDS = ["name", "email", "phone", "subject", "message"]
# As JSON would have them; the lists are of what no text field may take.
UNSTORABLE = [r'"a\u0000b"', r'"\ud800"', r'"\udfff x"', r'"\ud83d"']
WRONG_KINDS = [
    "[]",
    "{}",
    "[[]]",
    '{"a": {"b": 1}}',
    "true",
    "null",
    "1e999",
    "NaN",
    "-Infinity",
    "1" * 40,
    '["a", "b"]',
]
LEFT_OUT = {("phone", "null"), ("subject", "null")}  # as a browser's script sends what nobody filled in
BROKEN = [
    "", "{", "}", "[]", "null", "7", '"text"', "{}", "[1, 2", '{"name": }', "{'name': 'a'}", '{"name": "a",}',
    '{"name": "a", "name": "b"}', "[" * 21 + "]" * 21, '{"a":' * 25 + "1" + "}" * 25, "[" * 30_000, '"' * 30_000,
    '{"name": "\\x"}', '{"name": "\t"}', "\ufeff{}", "{}{}", "// comment", "name=a&email=b", "<form/>",
]  # fmt: skip
RAW = [b"\xff\xfe", b'{"name": "\xff"}', b"\x00", b'{"name": "\xc3\x28"}', b'{"name": "\xed\xa0\x80"}', b"\x80" * 1000]
FORMS = [
    "name=%00&email=a@example.com&message=x", "name=a&email=a@example.com&message=%00", "name", "&&&&", "=", "%",
    "name=%ff%fe&email=x", "name=a&email=a@example.com", "name=a&message=x", "email=a@example.com&message=x",
    "name=a" * 500, "&".join(f"a{number}=b" for number in range(1500)), "name[]=a&name[0]=b",
    "name=a;email=b;message=c", "\0", "name=a&email=a@example.com&message=+", "name=%0a&email=a@example.com&message=x",
]  # fmt: skip
pytestmark = pytest.mark.django_db


def json_bodies() -> list[bytes]:
    """Return the bodies that claim to be JSON."""
    pairs = [(field, value) for field in FIELDS for value in (*UNSTORABLE, *WRONG_KINDS)]
    filled = [with_value(field, value) for field, value in pairs if (field, value) not in LEFT_OUT]
    return [body.encode(errors="surrogatepass") for body in (*filled, *BROKEN)] + RAW


def with_value(field: str, value: str) -> str:
    """Return the form as JSON with one member written by hand."""
    members = [f"{json.dumps(name)}: {value if name == field else json.dumps(text)}" for name, text in FORM.items()]
    return f"{{{', '.join(members)}}}"


def is_clear(answer: Any) -> bool:
    """Say whether the answer is a refusal in the one shape."""
    return 400 <= answer.status_code < 500 and {"detail", "code"} <= set(answer.json())


@pytest.fixture(autouse=True)
def _wide_limits(settings: Any) -> None:
    settings.RATE_LIMITS = dict.fromkeys(settings.RATE_LIMITS, (1_000_000, 3600))


def test_every_body_is_refused_in_the_one_shape_and_nothing_is_stored(anonymous: APIClient, office: APIClient) -> None:
    bodies = json_bodies()
    unclear = [body for body in bodies if not is_clear(anonymous.post(URL, body, content_type="application/json"))]
    kind = "application/x-www-form-urlencoded"
    unclear += [body.encode() for body in FORMS if not is_clear(anonymous.post(URL, body, content_type=kind))]

    assert len(bodies) + len(FORMS) >= 120
    assert unclear == []
    assert not Contact.objects.exists()
    assert office.get(URL).status_code == 200


@pytest.mark.parametrize("name", ["name", "phone", "subject", "message"])
@pytest.mark.parametrize("text", ["\u202e\u2066", "\u2028", "\x1b[31m", "\x7f", "e\u0301" * 9, "\U0010ffff", "\ufffe"])
def test_odd_text_that_can_be_stored_is_read_back_everywhere(office: APIClient, name: str, text: str) -> None:
    assert office.post(URL, {**FORM, name: f"x{text}x"}).status_code == 201

    contact = Contact.objects.get()
    for path in ("?is_spam=all", f"{contact.pk}/"):
        assert office.get(f"{URL}{path}").status_code == 200
    for file in ("export.csv", "export.jsonl"):
        answer: Any = office.get(f"{URL}{file}?is_spam=all")
        assert b"x" in b"".join(answer.streaming_content)


@pytest.mark.parametrize("key", ["0", "-1", "1e9", "null", "%00", "..%2f", "'--", "0" * 36, "{}", "a" * 5000, "\u0661"])
@pytest.mark.parametrize("path", ["", "respond/", "close/", "mark_spam/", "unmark_spam/"])
def test_only_a_uuid_is_the_id_of_a_contact(office: APIClient, key: str, path: str) -> None:
    url = f"{URL}{quote(key, safe='%')}/{path}"

    assert {office.get(url).status_code, office.post(url, {"message": "x"}).status_code} == {404}


@pytest.mark.parametrize("query", ["page_size=1000000", "page_size=0", "page_size=-1", "page_size=x", "page_size=1e3"])
def test_no_page_is_longer_than_100(office: APIClient, query: str) -> None:
    Contact.objects.bulk_create(Contact(name="x", email="a@example.com", message="x") for _ in range(101))

    assert len(office.get(f"{URL}?{query}").json()["results"]) <= 100


@pytest.mark.parametrize("cursor", ["x", "%00", "cD0x", "cD0nOy0t", "=" * 500, "cj0xJnA9MDAwMDAwMDA", "\u0661", "{}"])
def test_a_cursor_that_is_none_leads_nowhere_or_to_the_first_page(office: APIClient, cursor: str) -> None:
    answer = office.get(f"{URL}?cursor={cursor}")

    assert (answer.status_code, answer.json().get("code")) in {(404, "not_found"), (200, None)}
