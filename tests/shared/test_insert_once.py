"""Rows that are stored together, once for an attempt."""

from datetime import timedelta

import pytest
from django.conf import settings
from django.db import DataError, IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from audit.models import AuditLog
from audit.services import fact
from tests.conftest import RunTogether
from titanobova.idempotency import Attempt, IdempotencyKeyReused, digest, insert_once
from titanobova.models import IdempotencyKey, OutgoingMail

pytestmark = pytest.mark.django_db(transaction=True)

TRIES = 16


def rows() -> tuple[OutgoingMail, AuditLog]:
    """Return what one request would store."""
    mail = OutgoingMail(recipient="ada@example.com", subject="it's 100 %", text="%s; ok")
    return mail, fact("create", "tests.written", by=Actor(ip_address="192.0.2.1"), details={"of": "it"})


def attempt(name: str = "one", body: str = "body") -> Attempt:
    return Attempt(digest(name), digest(body))


def test_the_first_stores_all_and_the_second_nothing() -> None:
    first, second = rows(), rows()

    assert insert_once(attempt(), *first, status=201) is None
    assert insert_once(attempt(), *second, status=201) == first[0].pk

    assert OutgoingMail.objects.get() == first[0]
    assert AuditLog.objects.get() == first[1]
    stored = OutgoingMail.objects.get()
    assert (stored.subject, stored.text, stored.sent_at, stored.tries) == ("it's 100 %", "%s; ok", None, 0)
    assert not first[0]._state.adding


def test_another_body_under_the_same_name_is_refused() -> None:
    insert_once(attempt(), *rows(), status=201)

    with pytest.raises(IdempotencyKeyReused):
        insert_once(attempt(body="other"), *rows(), status=201)

    assert OutgoingMail.objects.count() == 1


def test_after_its_lifetime_a_name_is_free_again() -> None:
    insert_once(attempt(), *rows(), status=201, lifetime=timedelta(minutes=10))
    IdempotencyKey.objects.update(expires_at=timezone.now() - timedelta(seconds=1))

    assert insert_once(attempt(body="other"), *rows(), status=201) is None
    assert OutgoingMail.objects.count() == 2


def test_a_row_that_cannot_be_stored_leaves_nothing_of_the_others() -> None:
    mail, log = rows()
    again = OutgoingMail(id=mail.pk, recipient="ada@example.com", subject="x", text="x")

    with pytest.raises((IntegrityError, DataError)):
        insert_once(attempt(), mail, log, again, status=201)

    assert [model.objects.count() for model in (OutgoingMail, AuditLog, IdempotencyKey)] == [0, 0, 0]
    assert insert_once(attempt(), *rows(), status=201) is None


def test_it_goes_with_the_transaction_around_it() -> None:
    with transaction.atomic():
        insert_once(attempt(), *rows(), status=201)
        transaction.set_rollback(True)

    assert [model.objects.count() for model in (OutgoingMail, AuditLog, IdempotencyKey)] == [0, 0, 0]


def test_of_many_at_once_one_stores_its_rows(run_together: RunTogether) -> None:
    outcomes = run_together(TRIES, lambda _: insert_once(attempt(), *rows(), status=201))

    stored = OutgoingMail.objects.get()
    assert outcomes.count(None) == 1
    assert outcomes.count(stored.pk) == TRIES - 1
    assert AuditLog.objects.count() == 1


if settings.DB_HOST:

    def test_on_postgresql_it_is_one_statement(django_assert_num_queries: DjangoAssertNumQueries) -> None:
        with django_assert_num_queries(1):
            insert_once(attempt(), *rows(), status=201)
