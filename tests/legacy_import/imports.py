"""Running an import, and what is stored afterwards in a form that two imports can be compared by."""

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.contrib.auth.hashers import is_password_usable
from django.db import connection
from django.db.models import F, Model

from contacts.models import Contact
from courses.models import Course, Enrollment, EnrollmentGrant, EnrollmentRequest
from legacy_import.mapping import ImportOptions
from legacy_import.models import ImportedRecord, ImportRun
from legacy_import.pipeline import Order, run_import
from legacy_import.report import Report, TableReport
from tests.environment import FOLDER
from users.models import User

STORED: tuple[type[Model], ...] = (
    User,
    Contact,
    Course,
    Enrollment,
    EnrollmentGrant,
    EnrollmentRequest,
    ImportedRecord,
)
NOT_OF_THE_SOURCE = frozenset({"id", "updated_at", "run_id", "written", "user_id", "course_id", "object_id"})


def import_from(source: Path | str, *, batch_size: int = 500, is_dry_run: bool = False, **options: Any) -> Report:
    """Import and return the report; rejected rows go to a file of the tests' folder."""
    rejects = FOLDER / f"rejects-{uuid4()}.jsonl"
    return run_import(Order(str(source), ImportOptions(**options), batch_size, is_dry_run, rejects))


def counted(report: Report, table: str) -> dict[str, int]:
    """Return the five counts of a table, those that are not zero."""
    found = next(one for one in report.tables if one.table == table)
    return {name: number for name, number in _counts(found).items() if number}


def noted(report: Report, table: str) -> dict[str, int]:
    """Return how often each thing was done to values of a table."""
    found = next(one for one in report.tables if one.table == table)
    return {one.note: one.count for one in found.coerced.values()}


def everything_stored() -> dict[str, list[dict[str, Any]]]:
    """Return every column of every row that an import could have touched."""
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in STORED}


def dump() -> dict[str, list[str]]:
    """Return what is stored without ids and times of ours: two imports of one source give the same."""
    rows = {
        "accounts": User.objects.values(),
        "contacts": Contact.objects.values(owner=F("user__email"), **_own(Contact)),
        "courses": Course.objects.values(),
        "enrollments": Enrollment.objects.values(
            who=F("user__email"), course_title=F("course__title"), **_own(Enrollment)
        ),
        "grants": EnrollmentGrant.objects.values(
            "kind", "reference", "granted_at", "withdrawn_at", who=F("enrollment__user__email")
        ),
        "requests": EnrollmentRequest.objects.values(found=F("course__title"), **_own(EnrollmentRequest)),
        "records": ImportedRecord.objects.values(),
    }
    return {name: sorted(repr(_comparable(name, row)) for row in found) for name, found in rows.items()}


def without_checksums(found: dict[str, list[str]]) -> dict[str, list[str]]:
    """Return a dump without the checksums of rows as they were read: two databases write the same row differently."""
    return {name: sorted(re.sub(r"\('checksum', -?\d+\), ", "", row) for row in rows) for name, rows in found.items()}


def forget_everything() -> None:
    """Delete what imports stored, so that another can begin from nothing."""
    for model in (ImportedRecord, ImportRun, EnrollmentRequest, Enrollment, Contact, Course, User):
        model._default_manager.all().delete()


class Written:
    """The tables that are written to while the block runs: `with Written() as tables: ...`."""

    def __enter__(self) -> set[str]:
        self.tables: set[str] = set()
        self._watching = connection.execute_wrapper(self._note)
        self._watching.__enter__()
        return self.tables

    def __exit__(self, *error: Any) -> None:
        self._watching.__exit__(*error)

    def _note(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        words = sql.replace('"', " ").split()
        if words[0] in {"INSERT", "UPDATE", "DELETE"}:
            self.tables.add(words[1] if words[0] == "UPDATE" else words[2])
        return execute(sql, params, many, context)


def _counts(table: TableReport) -> dict[str, int]:
    return {name: getattr(table, name) for name in ("created", "updated", "unchanged", "merged", "rejected")}


def _own(model: type[Model]) -> dict[str, F]:
    skipped = {"id", "user", "course"}
    return {f"own_{field.name}": F(field.name) for field in model._meta.concrete_fields if field.name not in skipped}


def _comparable(name: str, row: Mapping[str, Any]) -> list[tuple[str, Any]]:
    return sorted(_facts(name, row), key=lambda fact: fact[0])


def _facts(name: str, row: Mapping[str, Any]) -> Iterator[tuple[str, Any]]:
    for key, value in row.items():
        column = key.removeprefix("own_")
        if column in NOT_OF_THE_SOURCE or (column == "created_at" and name == "courses"):
            continue
        if column == "password" and not is_password_usable(value):
            yield column, "unusable"
        else:
            yield column, value
