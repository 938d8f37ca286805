"""Takes a run back: what it created and nobody has touched since, children before parents.

Touched is what no longer is as the import stored it, in any column; an account that logged in; what was written again
since, as by a later run (requests and old payments do not say when they were written; they go); and whatever something
else refers to by now: a session, an answer, a payment, an enrolment made here, a row of another run. That stays, and is
named with the reason. So does what the run only changed, for nobody knows what it was before. What was deleted here
stays remembered, or the next run would bring it back.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Model
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import EnrollmentGrant
from legacy_import.aliases import Kind
from legacy_import.exclusive import only_import, patient_database
from legacy_import.loading import WRITERS
from legacy_import.loading.checksums import as_stored, checksum_of_object
from legacy_import.loading.grounds import forget_grounds
from legacy_import.loading.payments import reference_of
from legacy_import.models import OF_A_TITLE, ImportedRecord, ImportRun
from legacy_import.pipeline import ImportRefusedError

AT_ONCE = 500  # objects of one transaction
NAMED = 50
# What the import sets once, or what changes by itself; all else that it does not own is as a new object has it.
SET_ONCE = frozenset({"id", "updated_at", "user_id", "slug", "is_imported"})
SET_ONCE_OF_A_TITLE = SET_ONCE | {"created_at", "currency"}


@dataclass
class Undone:
    """What became of what a run had created."""

    run: str
    removed: dict[str, int] = field(default_factory=dict)
    reasons: dict[str, int] = field(default_factory=dict)
    named: list[str] = field(default_factory=list)
    deleted_here: int = 0
    begun_at: datetime = field(default_factory=timezone.now)

    @property
    def left(self) -> int:
        """How many objects stay."""
        return sum(self.reasons.values())

    def keep(self, one: ImportedRecord, reason: str) -> None:
        """Count one that stays, and name it as long as there is room."""
        self.reasons[reason] = self.reasons.get(reason, 0) + 1
        if len(self.named) < NAMED:
            self.named.append(f"{one.kind} {one.legacy_id} ({one.object_id}): {reason}")

    def as_text(self) -> str:
        """Return it as people read it."""
        return "".join(f"{line}\n" for line in self._lines())

    def _lines(self) -> Iterator[str]:
        yield f"Run {self.run} is undone."
        yield from (f"Removed: {count:,} {kind}" for kind, count in self.removed.items())
        yield from (f"Left: {count:,}, for {reason}" for reason, count in self.reasons.items())
        yield from (f"Left: {line}" for line in self.named)
        if self.deleted_here:
            yield f"Deleted here before: {self.deleted_here:,}, which no later run brings back"


def undo(run_id: str) -> Undone:
    """Take a run back.

    :raises ImportRefusedError: if there is no such run
    :raises AnotherImportRunsError: if somebody imports at this moment
    """
    try:
        run = ImportRun.objects.get(pk=run_id)
    except (ImportRun.DoesNotExist, ValidationError, ValueError):
        raise ImportRefusedError(f"There is no run {run_id[:60]}.") from None
    undone = Undone(str(run.pk))
    with only_import(), patient_database():
        for kind in reversed(Kind):
            _Kind(run, kind, undone).undo()
        counts: dict[str, object] = {"removed": undone.removed, "left": undone.reasons}
        with transaction.atomic():
            record("delete", "import.undone", by=Actor.from_system("import"), on=run, details=counts)
    return undone


class _Kind:
    """What a run made of one kind of rows."""

    def __init__(self, run: ImportRun, kind: Kind, undone: Undone) -> None:
        self.run, self.kind, self.undone = run, kind, undone
        self.model: Any = WRITERS[kind].model
        self.records = ImportedRecord.objects.filter(run=run, kind=kind)

    def undo(self) -> None:
        last = 0
        while part := list(self.records.order_by("pk").filter(pk__gt=last)[:AT_ONCE]):
            last = part[-1].pk
            with transaction.atomic():
                self._undo_part(part)

    def _undo_part(self, part: Sequence[ImportedRecord]) -> None:
        # Locked against those, too, who are about to refer to one of them: they wait, and find that it is gone.
        stored = self.model._default_manager.select_for_update().order_by("pk").in_bulk([one.object_id for one in part])
        here = [one for one in part if one.object_id in stored]
        self.undone.deleted_here += len(part) - len(here)
        self._forget_merged([one for one in here if one.is_merged])
        removed = self._untouched([one for one in here if not one.is_merged], stored)
        if self.kind is Kind.PAYMENTS:
            forget_grounds([reference_of(one.legacy_id) for one in removed])
        ids = [one.object_id for one in removed]
        self.model._default_manager.filter(pk__in=ids).delete()
        self.records.filter(object_id__in=ids).delete()  # the rows that were merged into them, too
        self.undone.removed[self.kind] = self.undone.removed.get(self.kind, 0) + len(removed)

    def _forget_merged(self, merged: Sequence[ImportedRecord]) -> None:
        """Forget rows that were merged into something from elsewhere; all others go, or stay, with what they became."""
        ids = [one.object_id for one in merged]
        own = set(self.records.filter(object_id__in=ids, is_merged=False).values_list("object_id", flat=True))
        gone = [one for one in merged if one.object_id not in own]
        if self.kind is Kind.ENROLLMENTS:
            forget_grounds([one.legacy_id for one in gone])
        self.records.filter(pk__in=[one.pk for one in gone]).delete()

    def _untouched(self, made: Sequence[ImportedRecord], stored: dict[UUID, Model]) -> list[ImportedRecord]:
        """Return what may go; all else is named with the reason."""
        used, found = self._used([one.object_id for one in made]), []
        for one in made:
            if reason := self._reason_to_leave(one, stored[one.object_id], used):
                self.undone.keep(one, reason)
            else:
                found.append(one)
        return found

    def _reason_to_leave(self, one: ImportedRecord, found: Model, used: set[UUID]) -> str:
        if getattr(found, "last_login", None) is not None:
            return "its owner has logged in"
        if self._is_changed(one, found):
            return "it was changed since"
        if self._was_written_again(found):
            return "it was written again since"
        return "something refers to it" if found.pk in used else ""

    def _is_changed(self, one: ImportedRecord, found: Model) -> bool:
        is_of_a_title = one.legacy_id.startswith(OF_A_TITLE)
        columns = ("title",) if is_of_a_title else WRITERS[self.kind].columns
        if checksum_of_object(found, columns) != one.written:
            return True
        if is_of_a_title and getattr(found, "currency", "") != self.run.options.get("currency"):
            return True
        set_once = SET_ONCE_OF_A_TITLE if is_of_a_title else SET_ONCE
        others = [other for other in found._meta.concrete_fields if other.attname not in set_once.union(columns)]
        return any(as_stored(getattr(found, other.attname)) != as_stored(other.get_default()) for other in others)

    def _was_written_again(self, found: Model) -> bool:
        """Say so of what was written after the run and before this undoing, which may end an enrolment on its way."""
        written_at, end = getattr(found, "updated_at", None), self.run.finished_at
        return written_at is not None and end is not None and end < written_at < self.undone.begun_at

    def _used(self, ids: Sequence[UUID]) -> set[UUID]:
        """Return to which of these something refers, apart from the grounds that old rows are."""
        merged = ImportedRecord.objects.filter(kind=self.kind, object_id__in=ids, is_merged=True).exclude(run=self.run)
        found = set(merged.values_list("object_id", flat=True))
        for relation in self.model._meta.related_objects:
            name = relation.field.name
            rows = relation.related_model._default_manager.filter(**{f"{name}__in": ids})
            if relation.related_model is EnrollmentGrant:
                rows = rows.exclude(kind=EnrollmentGrant.Kind.IMPORT)
            found.update(rows.values_list(name, flat=True))
        for relation in self.model._meta.many_to_many:
            name = relation.m2m_field_name()
            rows = relation.remote_field.through._default_manager.filter(**{f"{name}__in": ids})
            found.update(rows.values_list(name, flat=True))
        return found
