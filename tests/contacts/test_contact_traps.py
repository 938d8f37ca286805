"""The form's traps for programs: a field that people do not see, and a clock (contract 3.4)."""

import json
from typing import Any

import pytest
from django.utils.http import urlencode
from rest_framework.test import APIClient

from audit.models import AuditLog
from contacts.models import Contact
from tests.contacts.conftest import FORM, LEAST, URL
from titanobova.models import OutgoingMail
from users.models import User

TRAPPED = {"website": "https://example.com"}
pytestmark = pytest.mark.django_db


def test_without_traps_and_with_empty_ones_the_score_is_the_same(anonymous: APIClient) -> None:
    empty: list[dict[str, Any]] = [{}, {"website": "", "elapsed_ms": 60_000}, {"website": "  ", "elapsed_ms": None}]
    for number, traps in enumerate(empty):
        assert anonymous.post(URL, {**FORM, **traps, "name": f"Person {number}"}).status_code == 201

    assert set(Contact.objects.values_list("is_spam", "spam_score")) == {(False, 0)}


@pytest.mark.parametrize("filled", ["x", "https://example.com", ["x"], {"a": "b"}, 7, True])
def test_a_filled_trap_makes_spam_of_it(anonymous: APIClient, filled: Any) -> None:
    assert anonymous.post(URL, FORM | {"website": filled}).status_code == 201

    contact = Contact.objects.get()
    assert (contact.is_spam, contact.spam_decided_by) == (True, None)
    assert "A field is filled in that people do not see." in contact.spam_reasons


@pytest.mark.parametrize(("elapsed", "points"), [(0, 30), (2999, 30), ("12.5", 30), (3000, 0), (1e300, 0)])
def test_who_sends_faster_than_people_type_scores_but_is_not_spam_for_that_alone(
    anonymous: APIClient, elapsed: Any, points: int
) -> None:
    message = "How much is it?"  # of no weight by itself

    anonymous.post(URL, LEAST | {"message": message, "elapsed_ms": elapsed})
    anonymous.post(URL, LEAST | {"message": message, "name": "Otto"})

    scores = list(Contact.objects.order_by("pk").values_list("spam_score", flat=True))
    reasons = Contact.objects.order_by("pk").values_list("spam_reasons", flat=True)[0]
    assert not Contact.objects.filter(is_spam=True).exists()
    assert ("The form was sent faster than anybody types." in reasons) == bool(points)
    assert scores[0] >= scores[1]


@pytest.mark.parametrize("odd", [-1, "soon", "", "nan", "inf", [], {}, True, None, "9" * 400, 10**18, [1, 2], "\u0663"])
@pytest.mark.parametrize("name", ["elapsed_ms", "website"])
def test_odd_values_in_the_traps_refuse_nothing(anonymous: APIClient, name: str, odd: Any) -> None:
    assert anonymous.post(URL, FORM | {name: odd}).status_code == 201
    assert Contact.objects.count() == 1


def test_the_traps_work_in_a_browser_s_form_too(anonymous: APIClient) -> None:
    for number, kind in enumerate(("multipart", "form")):
        form = FORM | TRAPPED | {"elapsed_ms": "abc", "name": f"Person {number}"}
        if kind == "multipart":
            answer = anonymous.post(URL, form, format="multipart")
        else:
            answer = anonymous.post(URL, urlencode(form), content_type="application/x-www-form-urlencoded")
        assert answer.status_code == 201

    assert Contact.objects.filter(is_spam=True).count() == 2


def test_spam_is_answered_exactly_like_a_message(anonymous: APIClient) -> None:
    honest = anonymous.post(URL, FORM)
    spam = anonymous.post(URL, FORM | TRAPPED | {"name": "Somebody"})

    assert (spam.status_code, spam["Content-Type"]) == (honest.status_code, honest["Content-Type"])
    assert list(spam.json()) == list(honest.json())
    assert spam.json()["status"] == "new"
    assert set(spam.headers) == set(honest.headers)


def test_to_the_person_who_is_logged_in_spam_looks_like_a_message_too(student: User, api: Any) -> None:
    client = api(student)
    answers = [client.post(URL, FORM | trap | {"name": name}).json() for trap, name in (({}, "A"), (TRAPPED, "B"))]

    assert list(answers[0]) == list(answers[1])
    listed = client.get(URL).json()["results"]
    assert [contact["name"] for contact in listed] == ["B", "A"]
    assert "spam" not in json.dumps(listed)


def test_of_spam_nobody_is_told_and_it_is_kept_with_its_row_in_the_log(anonymous: APIClient) -> None:
    anonymous.post(URL, FORM | TRAPPED)

    contact = Contact.objects.get()
    assert not OutgoingMail.objects.exists()
    assert AuditLog.objects.get(details__event="contacts.submitted").resource_id == str(contact.pk)
    assert contact.message == FORM["message"]
