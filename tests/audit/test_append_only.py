"""The database itself refuses to change or delete what the log says (contract 6.2, hardening X2)."""

from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction
from django.utils import timezone

from audit.actor import Actor
from audit.models import AuditLog, ChainHead, Tombstone
from audit.personal_data import NO_ORIGIN, NO_WORDS
from audit.sealing import seal_log
from audit.services import record
from titanobova.append_only import missing_guards
from users.models import User

pytestmark = pytest.mark.django_db

TABLES = ("audit_auditlog", "audit_chainhead", "audit_tombstone", "payments_ledgerentry")
ELSEWHERE: dict[str, Any] = {
    "user_id": "00000000-0000-0000-0000-000000000001",
    "action": "delete",
    "resource_type": "x",
    "resource_id": "x",
    "outcome": "failure",
    "request_id": "x",
    "timestamp": timezone.now(),
    "details": {"event": "x"},
    "ip_address": "192.0.2.99",
    "user_agent": "x",
    "personal": {"was": "x"},
    "origin_salt": "x",
    "origin_digest": "x",
    "personal_salt": "x",
    "personal_digest": "x",
    "stamp": "x",
}


@pytest.fixture
def row(student: User) -> AuditLog:
    """A row with everything that a row can have."""
    by = Actor(user=student, ip_address="192.0.2.10", user_agent="a browser", request_id="request-1")
    return record("update", "admin.changed", by=by, on=student, details={"fields": {"bio": {"from": "a", "to": "b"}}})


def refused(statement: str, *values: Any) -> bool:
    """Whether the database refuses a statement that would change a row."""
    try:
        with transaction.atomic(), connection.cursor() as cursor:
            cursor.execute(statement, values)
    except IntegrityError as error:
        return "append-only" in str(error)
    return False


@pytest.mark.parametrize("table", TABLES)
def test_the_guards_stand_after_migrate(table: str) -> None:
    assert missing_guards(connection, table) == []


def test_a_guard_that_is_gone_or_switched_off_is_missed() -> None:
    name = "audit_auditlog_refuses_rows" if connection.vendor == "postgresql" else "audit_auditlog_refuses_delete"
    off = {
        "postgresql": f"ALTER TABLE audit_auditlog DISABLE TRIGGER {name}",
        "sqlite": f"DROP TRIGGER {name}",
    }
    with connection.cursor() as cursor:
        cursor.execute(off[connection.vendor])

    assert missing_guards(connection, "audit_auditlog") == [name]


@pytest.mark.parametrize("is_sealed", [False, True])
@pytest.mark.parametrize("column", sorted(ELSEWHERE))
def test_no_column_can_be_changed(row: AuditLog, column: str, is_sealed: bool) -> None:
    if is_sealed:
        seal_log()

    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditLog.objects.filter(pk=row.pk).update(**{column: ELSEWHERE[column]})

    assert getattr(AuditLog.objects.get(pk=row.pk), column) != ELSEWHERE[column]


def test_every_column_was_tried() -> None:
    columns = {field.attname for field in AuditLog._meta.concrete_fields}

    assert columns == {*ELSEWHERE, "id", "sequence", "seal"}


def test_no_way_of_the_orm_deletes_or_changes_a_row(row: AuditLog) -> None:
    row.action = "delete"
    ways = (
        row.save,
        row.delete,
        AuditLog.objects.all().delete,
        lambda: AuditLog.objects.bulk_update([row], ["action"]),
        lambda: AuditLog.objects.update(id="00000000-0000-0000-0000-000000000001"),
        lambda: AuditLog.objects.filter(pk=row.pk)._raw_delete("default"),
    )
    for way in ways:
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            way()

    assert AuditLog.objects.get().action == "update"


def test_no_raw_sql_deletes_or_changes_a_row(row: AuditLog) -> None:
    assert refused("DELETE FROM audit_auditlog")
    assert refused("UPDATE audit_auditlog SET action = 'login'")
    if connection.vendor == "postgresql":
        assert refused("TRUNCATE audit_auditlog")
        assert refused("TRUNCATE audit_auditlog CASCADE")
        upsert = (
            "INSERT INTO audit_auditlog SELECT * FROM audit_auditlog ON CONFLICT (id) DO UPDATE SET action = 'login'"
        )
        assert refused(upsert)
    else:
        assert refused("REPLACE INTO audit_auditlog SELECT * FROM audit_auditlog")
        assert refused("UPDATE OR REPLACE audit_auditlog SET action = 'login'")

    assert AuditLog.objects.get().action == "update"


def test_a_row_is_sealed_once(row: AuditLog) -> None:
    assert refused("UPDATE audit_auditlog SET sequence = 5")
    assert refused("UPDATE audit_auditlog SET seal = 'x'")
    seal_log()

    for change in ({"sequence": 9}, {"seal": "x"}, {"sequence": None, "seal": None}, {"sequence": 2, "seal": "y"}):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            AuditLog.objects.update(**change)


def test_nobody_writes_a_row_that_is_sealed_already() -> None:
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditLog.objects.create(action="login", sequence=1, seal="x")


def test_a_sealing_does_not_push_another_row_out(row: AuditLog) -> None:
    seal_log()
    record("update", "x", by=Actor())
    taken = "UPDATE audit_auditlog SET sequence = 1, seal = 'x' WHERE sequence IS NULL"

    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(taken.replace("UPDATE", "UPDATE OR REPLACE") if connection.vendor == "sqlite" else taken)

    assert AuditLog.objects.count() == 2


@pytest.mark.parametrize("nothing", [NO_ORIGIN, NO_WORDS, {**NO_ORIGIN, **NO_WORDS}])
def test_what_is_personal_can_be_forgotten_and_does_not_come_back(row: AuditLog, nothing: dict[str, None]) -> None:
    before: dict[str, Any] = dict(AuditLog.objects.values().get())
    AuditLog.objects.update(**nothing)

    assert AuditLog.objects.values().get() == {**before, **nothing}
    with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
        AuditLog.objects.update(**{name: before[name] for name in nothing})


def test_it_is_forgotten_only_together_with_its_salt(row: AuditLog) -> None:
    for half in ({"ip_address": None}, {"origin_salt": None}, {"personal": None}, {"personal_salt": None}):
        with pytest.raises(IntegrityError, match="append-only"), transaction.atomic():
            AuditLog.objects.update(**half)


def test_the_head_moves_forward_only_and_a_tombstone_not_at_all(row: AuditLog) -> None:
    seal_log()
    stone = {"from_sequence": 1, "through_sequence": 0, "before": timezone.now()}
    Tombstone.objects.create(**stone)

    for statement in (
        "UPDATE audit_chainhead SET sequence = 0",
        "UPDATE audit_chainhead SET seal = 'x'",
        "DELETE FROM audit_chainhead",
        "UPDATE audit_tombstone SET through_sequence = 9",
        "DELETE FROM audit_tombstone",
    ):
        assert refused(statement)
    assert ChainHead.objects.get().sequence == 1
