"""Statements that are put together once give what the ORM gives, on both databases."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone
from pytest_django import DjangoAssertNumQueries

from audit.actor import Actor
from audit.models import AuditLog
from audit.services import fact
from titanobova.models import OutgoingMail
from titanobova.prepared import PreparedLookup, insert_together
from users.models import Session, User
from users.services.sessions import open_session

pytestmark = pytest.mark.django_db


def lookup() -> PreparedLookup[Session]:
    """Return a lookup that nobody has used yet."""
    return PreparedLookup(
        lambda now, pk: Session.objects.live(now).select_related("user").filter(pk=pk), ["expires_at", "id"]
    )


def values_of(row: Any) -> dict[str, Any]:
    return {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}


def test_a_row_and_its_related_one_are_those_of_the_orm(
    student: User, actor: Actor, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    session = open_session(student, by=actor)
    find = lookup()

    for _ in range(2):  # the first makes the statement, the second uses it
        with django_assert_num_queries(1):
            found = find.first(timezone.now(), session.pk)
            assert found is not None
            person = found.user

    assert values_of(found) == values_of(Session.objects.get(pk=session.pk))
    assert values_of(person) == values_of(User.objects.get(pk=student.pk))


def test_each_call_has_its_own_values(student: User, other_student: User, actor: Actor) -> None:
    mine, theirs = open_session(student, by=actor), open_session(other_student, by=actor)
    find = lookup()

    found = [find.first(timezone.now(), session.pk) for session in (mine, theirs)]

    assert [session and session.user for session in found] == [student, other_student]
    assert find.first(timezone.now() + timedelta(days=365), mine.pk) is None


def test_fields_in_another_order_than_the_sql_are_a_defect(student: User, actor: Actor) -> None:
    session = open_session(student, by=actor)
    wrong: PreparedLookup[Session] = PreparedLookup(
        lambda pk, now: Session.objects.live(now).filter(pk=pk), ["id", "expires_at"]
    )

    with pytest.raises(TypeError):
        wrong.first(session.pk, timezone.now())


def test_rows_of_several_tables_are_inserted_as_saving_would(student: User, actor: Actor) -> None:
    mail = OutgoingMail(recipient="ada@example.com", subject="100 % sure; yes", text="it's\n%s")
    log = fact("create", "tests.written", by=actor.as_user(student), on=student, details={"a": ["%s", "'"]})

    insert_together(mail, log)

    assert values_of(OutgoingMail.objects.get()) == values_of(mail)
    assert values_of(AuditLog.objects.get(pk=log.pk)) == values_of(log)
    assert not mail._state.adding
    mail.subject = "changed"
    mail.save()
    assert OutgoingMail.objects.get().subject == "changed"


def test_all_rows_stand_or_fall_together(actor: Actor) -> None:
    mail = OutgoingMail(recipient="ada@example.com", subject="x", text="x")
    log = fact("create", "tests.written", by=actor)

    with pytest.raises(IntegrityError), transaction.atomic():
        insert_together(log, mail, mail)

    assert not AuditLog.objects.exists()
    assert not OutgoingMail.objects.exists()
