"""Contacts as a file (contract 3.2, hardening X4)."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest
from django.db import connection
from django.http import StreamingHttpResponse
from django.test.utils import CaptureQueriesContext
from hypothesis import given
from hypothesis import strategies as st
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from contacts.services import exporting
from contacts.services.exporting import COLUMNS
from tests.contacts.conftest import URL, make_contact
from titanobova import downloads
from titanobova.formats import FORMULA_STARTS, FileFormat, csv_lines, json_lines, plain_cell
from users.models import User

CSV, JSONL = f"{URL}export.csv", f"{URL}export.jsonl"
STARTS = ["=", "+", "-", "@", "\t", "\r", "\n", "\0", "\uff1d", "'=", "''+"]
ENDINGS = ["1+1", 'cmd|"/c calc"!A1', "a,b;c", 'say "hi"', "two\r\nlines", "", "😀", "HYPERLINK(x)"]
pytestmark = pytest.mark.django_db


def body_of(answer: Any) -> str:
    """Return the whole of a file."""
    assert (answer.status_code, type(answer)) == (200, StreamingHttpResponse)
    return b"".join(answer.streaming_content).decode()


def rows_of(text: str) -> list[dict[str, str]]:
    """Return what a program reads in a CSV file."""
    return list(csv.DictReader(io.StringIO(text, newline=""), strict=True))


def original(cell: str) -> str:
    """Return what stood there before the quote came."""
    return cell[1:] if cell.startswith("'") and cell.lstrip("'")[:1] in FORMULA_STARTS else cell


def test_fifty_hostile_contacts_calculate_nothing_and_come_out_as_they_went_in(office: APIClient) -> None:
    hostile = [f"{start}{end}".replace("\0", "") or "=" for start in STARTS for end in ENDINGS][:60]
    for text in hostile:
        make_contact(name=text, phone=text[:50], subject=text, message=text, internal_notes=text, user_agent=text)

    rows = rows_of(body_of(office.get(CSV)))

    assert len(rows) == len(hostile) >= 50
    assert [cell for row in rows for cell in row.values() if cell[:1] in FORMULA_STARTS] == []
    for text, row in zip(reversed(hostile), rows, strict=True):
        for name in ("name", "subject", "message", "internal_notes", "user_agent"):
            assert original(row[name]) == text
        assert original(row["phone"]) == text[:50]


@given(st.lists(st.lists(st.text(st.characters(exclude_categories=["Cs"])), min_size=1), min_size=1))
def test_any_table_comes_out_of_csv_as_it_went_in(table: list[list[str]]) -> None:
    read = list(csv.reader(io.StringIO(csv_lines(table), newline=""), strict=True))

    assert [[original(cell) for cell in row] for row in read] == table
    assert all(cell[:1] not in FORMULA_STARTS for row in read for cell in row)


@given(st.lists(st.text()))
def test_any_text_is_one_line_of_json_as_it_was(texts: list[str]) -> None:
    lines = json_lines({"text": text} for text in texts).encode(errors="surrogatepass").decode(errors="surrogatepass")

    assert [json.loads(line)["text"] for line in lines.splitlines()] == texts


@pytest.mark.parametrize(
    ("value", "cell"),
    [(None, ""), (True, "true"), (7, "7"), (["A.", "B."], "A. B."), ("\0=1", "'\0=1"),
     (datetime(2024, 3, 1, tzinfo=UTC), "2024-03-01T00:00:00+00:00"), ("'", "'"), ("'a", "'a"), ("-1", "'-1")],
)  # fmt: skip
def test_what_a_cell_says(value: object, cell: str) -> None:
    assert plain_cell(value) == cell


def test_json_lines_hold_every_column_with_its_value_as_it_is(office: APIClient, staff: User, student: User) -> None:
    contact = make_contact(
        message="=1+1\u2028new line", user=student, is_spam=True, spam_reasons=["A."], spam_decided_by=staff
    )

    [line] = body_of(office.get(f"{JSONL}?is_spam=all")).splitlines()

    row = json.loads(line)
    assert list(row) == list(COLUMNS)
    assert (row["message"], row["spam_reasons"], row["is_spam"]) == ("=1+1\u2028new line", ["A."], True)
    assert (row["id"], row["user"], row["spam_decided_by"]) == (str(contact.pk), str(student.pk), str(staff.pk))
    assert datetime.fromisoformat(row["created_at"]) == contact.created_at


@pytest.mark.parametrize(
    "query", ["", "status=read", "is_spam=true", "is_spam=all", "search=knit", "date_to=2024-03-01"]
)
def test_the_file_holds_what_the_list_finds(office: APIClient, query: str) -> None:
    make_contact(name="A", created_at=datetime(2024, 3, 1, tzinfo=UTC))
    make_contact(name="B", status="read", subject="Knitting")
    make_contact(name="C", is_spam=True)

    listed = [contact["name"] for contact in office.get(f"{URL}?{query}").json()["results"]]

    assert [row["name"] for row in rows_of(body_of(office.get(f"{CSV}?{query}")))] == listed
    assert [json.loads(line)["name"] for line in body_of(office.get(f"{JSONL}?{query}")).splitlines()] == listed
    assert listed


@pytest.mark.parametrize(("url", "kind"), [(CSV, "text/csv; charset=utf-8"), (JSONL, "application/x-ndjson")])
@pytest.mark.parametrize("accept", ["*/*", "text/csv", "application/x-ndjson", "text/html"])
def test_it_is_a_file_to_keep_that_no_cache_keeps(office: APIClient, url: str, kind: str, accept: str) -> None:
    answer = office.get(url, headers={"accept": accept})

    name = f"contacts-{datetime.now(UTC):%Y-%m-%d}.{url.rpartition('.')[2]}"
    assert (answer["Content-Type"], answer["Content-Disposition"]) == (kind, f'attachment; filename="{name}"')
    assert (answer["Cache-Control"], answer["X-Content-Type-Options"]) == ("no-store", "nosniff")


def test_who_took_what_along_is_recorded_before_the_first_byte_but_not_whom_they_searched_for(
    office: APIClient, staff: User
) -> None:
    office.get(f"{CSV}?status=new&search=ada&date_from=2024-03-01")

    row = AuditLog.objects.get(details__event="contacts.exported")
    assert (row.user, row.action) == (staff, "create")
    wanted = {"status": "new", "search": "[hidden]", "date_from": "2024-03-01", "is_spam": "false"}
    assert row.all_details == {"event": "contacts.exported", "format": "csv", "filters": wanted}


def test_an_export_that_cannot_be_recorded_hands_nothing_out(
    office: APIClient, contact: Contact, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **facts: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(exporting, "record", fail)
    office.raise_request_exception = False

    assert office.get(CSV).status_code == 500


@pytest.mark.parametrize("url", [CSV, JSONL])
def test_it_is_for_staff_alone(anonymous: APIClient, api: Callable[[User], APIClient], student: User, url: str) -> None:
    assert [client.get(url).status_code for client in (anonymous, api(student))] == [401, 403]
    assert not AuditLog.objects.filter(details__event="contacts.exported").exists()


@pytest.mark.parametrize("query", ["status=open", "date_from=soon", "is_spam=1", "search=a%00b"])
def test_a_query_that_makes_no_sense_is_a_400(office: APIClient, query: str) -> None:
    answer = office.get(f"{CSV}?{query}")

    assert (answer.status_code, answer.json()["code"]) == (400, "invalid")


def test_without_contacts_the_file_has_a_heading_and_nothing_else(office: APIClient) -> None:
    assert body_of(office.get(CSV)) == ",".join(COLUMNS) + "\r\n"
    assert body_of(office.get(JSONL)) == ""


@pytest.mark.parametrize("number", [5, 6, 7])
def test_rows_are_fetched_batch_by_batch_outside_any_transaction_of_their_own(
    monkeypatch: pytest.MonkeyPatch, number: int
) -> None:
    monkeypatch.setattr(downloads, "BATCH", 3)
    Contact.objects.bulk_create(Contact(name=str(one), email="a@example.com", message="x") for one in range(number))

    with CaptureQueriesContext(
        connection,
    ) as asked:
        pieces = downloads.pieces_of(Contact.objects.all(), COLUMNS, FileFormat.JSONL)
        assert len(asked) == 0
        first = next(pieces)
        assert (first.count("\n"), len(asked)) == (3, 1)
        rest = "".join(pieces)

    assert first.count("\n") + rest.count("\n") == number
    assert len(asked) == number // 3 + 1
    assert all(query["sql"].startswith("SELECT") and "LIMIT 3" in query["sql"] for query in asked)


def test_a_contact_that_arrives_meanwhile_moves_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(downloads, "BATCH", 2)
    for name in "ABCD":
        make_contact(name=name)

    def read() -> Iterator[str]:
        for piece in downloads.pieces_of(Contact.objects.all(), COLUMNS, FileFormat.JSONL):
            make_contact(name="late")
            yield from (json.loads(line)["name"] for line in piece.splitlines())

    assert list(read()) == list("DCBA")


def test_an_address_beside_the_files_is_no_contact(office: APIClient) -> None:
    assert [office.get(f"{URL}{name}").status_code for name in ("export.xml", "export.csv/x", f"{uuid4()}.csv")] == [
        404
    ] * 3
