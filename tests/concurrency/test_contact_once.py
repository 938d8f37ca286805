"""One message is stored once, however often an impatient visitor or a retrying program sends it at the same moment."""

import threading
from typing import Any
from uuid import UUID

import pytest
from django.conf import settings as django_settings
from django.db.models import Model
from rest_framework.test import APIClient

from audit.actor import Actor
from audit.models import AuditLog
from contacts.models import Contact
from contacts.services import submitting
from contacts.services.submitting import submit_contact
from tests.conftest import RunTogether
from tests.contacts.conftest import FORM, URL, submission
from titanobova.idempotency import Attempt, IdempotencyKeyReused
from titanobova.models import OutgoingMail
from titanobova.prepared import insert_together

pytestmark = pytest.mark.django_db(transaction=True)
THREADS = 16
VISITOR = Actor(ip_address="192.0.2.1")
WORDS = submission()


def stored() -> list[int]:
    """Return how many contacts there are, rows of the log about them, and mails to staff."""
    submitted = AuditLog.objects.filter(details__event="contacts.submitted")
    return [Contact.objects.count(), submitted.count(), OutgoingMail.objects.count()]


def test_the_same_words_sent_at_once_are_one_message(run_together: RunTogether) -> None:
    answers = run_together(THREADS, lambda _: APIClient().post(URL, FORM))

    assert [answer.status_code for answer in answers] == [201] * THREADS
    assert len({answer.content for answer in answers}) == 1
    assert stored() == [1, 1, 1]


@pytest.mark.parametrize("names", [1, THREADS])
def test_the_same_words_under_one_name_or_many_are_one_message(run_together: RunTogether, names: int) -> None:
    def send(number: int) -> Any:
        return APIClient().post(URL, FORM, headers={"Idempotency-Key": f"attempt-{number % names}"})

    answers = run_together(THREADS, send)

    assert {(answer.status_code, answer.content) for answer in answers} == {(201, answers[0].content)}
    assert stored() == [1, 1, 1]


def test_of_different_words_under_one_name_one_is_stored_and_the_others_are_refused(run_together: RunTogether) -> None:
    def send(number: int) -> Contact:
        words = submission(message=f"Message {number}")
        return submit_contact(words, by=VISITOR, attempt=Attempt("name", str(number)))

    outcomes = run_together(THREADS, send)

    assert [type(outcome) for outcome in outcomes].count(IdempotencyKeyReused) == THREADS - 1
    assert stored() == [1, 1, 1]


if django_settings.DB_HOST:
    # SQLite lets one writer in at a time, so a forced race would only wait for itself there.

    @pytest.mark.parametrize("attempt", [None, Attempt("name", "body")])
    def test_control_without_the_claim_every_one_is_stored(
        run_together: RunTogether, monkeypatch: pytest.MonkeyPatch, attempt: Attempt | None
    ) -> None:
        everyone_has_looked = threading.Barrier(THREADS, timeout=30)

        def look_then_wait(attempt: Attempt, object_id: UUID, **facts: object) -> UUID | None:
            earlier = Contact.objects.filter(message=WORDS.message).values_list("pk", flat=True).first()
            everyone_has_looked.wait()
            return earlier

        def insert_without_claim(_: Attempt, *rows: Model, **facts: object) -> UUID | None:
            earlier = look_then_wait(_, rows[0].pk) if attempt is None else None
            if earlier is None:
                insert_together(*rows)
            return earlier

        monkeypatch.setattr(submitting, "claim", look_then_wait)
        monkeypatch.setattr(submitting, "insert_once", insert_without_claim)
        run_together(THREADS, lambda _: submit_contact(WORDS, by=VISITOR, attempt=attempt))

        assert stored()[0] == THREADS
