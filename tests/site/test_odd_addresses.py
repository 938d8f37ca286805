"""Addresses of the admin that no link of ours leads to: every page answers them, and none breaks."""

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote, urlencode

import pytest
from django.contrib import admin
from django.contrib.contenttypes.models import ContentType
from django.test import Client

from audit.lists import LongListAdmin
from tests.conftest import desk_of
from users.models import LoginAttempt, User

# PostgreSQL ends the transaction of a test that has one around it, as soon as it refuses a query.
pytestmark = pytest.mark.django_db(transaction=True)

PAGES: list[Any] = list(admin.site._registry.values())
NUL, HUGE, LONG = "\x00", "9" * 20, "9" * 5000
LATE, EARLY = "9999-12-31 23:59:59-14:00", "0001-01-01 00:00:00+14:00"
QUERIES: list[dict[Any, Any]] = [
    *({"p": number} for number in ("-1", "0", "2", HUGE, LONG, "x", NUL)),
    *({"o": order} for order in ("99", "-99", "-", "x", HUGE, LONG, NUL)),
    *({"q": words} for words in (NUL, LONG, "(", b"\xed\xa0\x80")),
    *({name: "1"} for name in ("e", "all", "_popup", "_facets", "_to_field", "nothing", "pk__nothing", "a__b__c", "")),
    *({f"pk{lookup}": key} for lookup in ("", "__exact", "__in") for key in (NUL, HUGE, LONG, "x", ",", "")),
    {"e": "1", "nothing": "1"},
    {NUL: NUL},
]
OFFERED = [  # of a column that has a filter
    *(
        (lookup, text)
        for lookup in ("", "__exact", "__gte", "__lt")
        for text in (NUL, HUGE, LONG, LATE, EARLY, "x", "")
    ),
    *((lookup, text) for lookup in ("__isnull", "__isempty") for text in (NUL, "x", "2")),
]
ODD = [  # of any column
    *(("__exact", NUL), ("__regex", "("), ("__iregex", "(?P<"), ("__year", "999999999999"), ("__gt", LATE)),
    *(("__in", HUGE), ("__range", "x"), ("__contains", NUL), ("__nothing", "x"), ("__pk__regex", "(")),
]
KEYS = [NUL, HUGE, "9" * 3000, "x", "_5F", "%", "\U0001f600", "a/b", ".."]


@pytest.fixture
def desk(staff: User) -> Client:
    """A member of the staff in the admin; a page that breaks answers 500."""
    LoginAttempt.objects.bulk_create(LoginAttempt(email="a@example.com", outcome="wrong") for _ in range(26))
    return desk_of(staff, raise_request_exception=False)


def address_of(page: LongListAdmin) -> str:
    return f"/admin/{page.opts.app_label}/{page.opts.model_name}/"


def odd_queries(page: LongListAdmin) -> Iterator[str]:
    filtered = {name if isinstance(name, str) else name[0] for name in page.list_filter if not callable(name)}
    columns = [(field.name, OFFERED + ODD if field.name in filtered else ODD) for field in page.opts.get_fields()]
    named = ({f"{name}{lookup}": text} for name, lookups in columns for lookup, text in lookups)
    yield from map(urlencode, (*QUERIES, *named))


def is_clear(answer: Any, address: str) -> bool:
    """Whether this is the list, the list with Django's word that the query was none, or a refusal."""
    is_sent_back = answer.status_code == 302 and answer["Location"] == f"{address}?e=1"
    return is_sent_back or answer.status_code in {200, 400}


each_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.opts.label)


@each_page
def test_whatever_a_list_is_asked_for_it_is_shown_or_says_that_it_cannot(desk: Client, page: LongListAdmin) -> None:
    address = address_of(page)

    answers = {query: desk.get(f"{address}?{query}") for query in odd_queries(page)}

    assert {query[:80]: answer.status_code for query, answer in answers.items() if not is_clear(answer, address)} == {}


@each_page
def test_a_list_is_filtered_by_its_filters_and_its_keys_alone(desk: Client, page: LongListAdmin) -> None:
    address = address_of(page)

    for field in page.opts.concrete_fields:
        refused = desk.get(f"{address}?{field.name}__startswith=a")
        assert refused.status_code == 400 or refused["Location"] == f"{address}?e=1", field


def test_rows_are_still_chosen_by_filters_and_by_keys(desk: Client, staff: User, student: User) -> None:
    for query in (f"pk={student.pk}", f"id__exact={student.pk}", f"id__in={student.pk}", "is_staff__exact=0"):
        assert list(desk.get(f"/admin/users/user/?{query}").context["cl"].result_list) == [student]


@each_page
def test_a_key_that_no_row_has_leads_away(desk: Client, page: LongListAdmin) -> None:
    for key in KEYS:
        for view in ("", "change/", "delete/", "history/", *(f"{name}/" for name in page.actions_detail)):
            for ask in (desk.get, desk.post):
                status = ask(f"{address_of(page)}{quote(key, safe='')}/{view}").status_code
                assert status in {301, 302, 403, 404}, (key[:20], view)


@each_page
def test_a_file_of_rows_that_there_cannot_be_is_refused(desk: Client, page: LongListAdmin) -> None:
    address, action = address_of(page), {"action": "export_csv", "select_across": "0"}

    for key in KEYS:
        assert desk.post(address, {**action, "_selected_action": key}).status_code in {200, 302}, key[:20]


@each_page
def test_a_file_of_what_an_odd_query_finds_is_made_or_refused(desk: Client, page: LongListAdmin) -> None:
    address, action = address_of(page), {"action": "export_csv", "select_across": "1", "_selected_action": "x"}

    for query in odd_queries(page):
        answer = desk.post(f"{address}?{query}", action)
        assert answer.status_code in {200, 302, 400}, query[:80]
        assert isinstance(b"".join(answer), bytes)


@pytest.mark.parametrize("text", [NUL, HUGE, LONG, "x", "-1", "("])
def test_what_a_field_offers_is_looked_for_by_any_words(desk: Client, text: str) -> None:
    field = {"app_label": "courses", "model_name": "course", "field_name": "instructor"}

    assert desk.get("/admin/autocomplete/", {**field, "term": text}).json()["results"] == []
    assert desk.get("/admin/autocomplete/", {**field, "page": text}).status_code == 404
    for name in field:
        assert desk.get("/admin/autocomplete/", {**field, name: text}).status_code == 403
    assert desk.get("/admin/search/", {"s": text}).status_code == 200
    kind = ContentType.objects.get_for_model(User).pk
    assert desk.get(f"/admin/r/{kind}/{quote(text)}/").status_code == 404
