"""Money of the old site: kept where nothing can charge, refund or reconcile it (docs/decisions/0014).

It is never refused for want of a person or a course, for money is a fact: who and what is not here stays empty, and the
address and the title say what is known.
"""

from collections.abc import Sequence
from hashlib import sha256
from typing import Any
from uuid import UUID

from courses.models import Enrollment
from legacy_import.aliases import Kind
from legacy_import.loading.courses import CourseFinder
from legacy_import.loading.grounds import open_pending, rename_ground, store_grounds
from legacy_import.loading.outcome import LoadNote, RowRefusedError
from legacy_import.loading.people import People
from legacy_import.loading.writer import Writer
from legacy_import.models import ImportedRecord, OldPayment
from legacy_import.rows import Mapped

AS_MAPPED = (
    "amount", "refunded_amount", "currency", "status", "intent_id", "reference", "description", "email",
    "course_title", "paid_at",
)  # fmt: skip
KEEPS_OPEN = frozenset({OldPayment.Status.SUCCEEDED, OldPayment.Status.PARTIALLY_REFUNDED})
LONGEST_REFERENCE = 100  # characters of an old id; a longer one is kept as its digest


class PaymentWriter(Writer[OldPayment]):
    """Payments. One whose money is still with us is a ground on which its enrolment stays open."""

    kind = Kind.PAYMENTS
    model = OldPayment
    columns = (*AS_MAPPED, "user_id", "enrollment_id", "created_at")
    links = ("user_id", "enrollment_id")

    def look_up(self, rows: Sequence[Mapped]) -> None:
        self.people = People(rows)
        self.courses = CourseFinder(self.run, self.options, self.counts, makes_courses=False)
        self.courses.look_up(rows)
        old_ids = {str(old) for row in rows if (old := row.fields["legacy_enrollment_id"])}
        records = ImportedRecord.objects.filter(kind=Kind.ENROLLMENTS, legacy_id__in=old_ids)
        self.by_old_id = dict(records.values_list("legacy_id", "object_id"))
        here = Enrollment.objects.filter(pk__in=set(self.by_old_id.values()))
        self.here = set(here.values_list("pk", flat=True))
        live = Enrollment.objects.live().filter(user_id__in=self.people.here)
        self.live = {(user, course): pk for user, course, pk in live.values_list("user_id", "course_id", "pk")}

    def values(self, row: Mapped) -> dict[str, Any]:
        user, enrollment = self.people.known(row), self._enrollment(row)
        if enrollment is None and row.fields["status"] in KEEPS_OPEN and row.fields["course_title"]:
            self.counts.note(LoadNote.PAID_WITHOUT_ENROLLMENT, f"row {row.legacy_id}")
        values = {name: row.fields[name] for name in AS_MAPPED}
        return values | {"user_id": user, "enrollment_id": enrollment, "created_at": self.instant(row)}

    def waits(self, row: Mapped, instance: OldPayment) -> bool:
        names_somebody = bool(row.fields["legacy_user_id"] or row.fields["email"])
        if instance.user_id is None and names_somebody:
            return True
        names_something = any(row.fields[name] for name in ("legacy_enrollment_id", "legacy_course_id", "course_title"))
        return instance.enrollment_id is None and instance.status in KEEPS_OPEN and names_something

    def is_other_than(self, row: Mapped, instance: OldPayment) -> bool:
        account = self.people.known(row)
        return None not in (account, instance.user_id) and account != instance.user_id

    def rename(self, record: ImportedRecord, before: str) -> None:
        enrollment = OldPayment.objects.filter(pk=record.object_id).values_list("enrollment", flat=True).first()
        if enrollment is not None:
            rename_ground(enrollment, reference_of(before), reference_of(record.legacy_id))

    def decided_elsewhere(self, row: Mapped, instance: OldPayment) -> set[str]:
        """Which enrolment was meant is the one that was live then; an address may have found its owner since."""
        decided = {"enrollment_id"} if row.fields["legacy_user_id"] else {"enrollment_id", "user_id"}
        return {name for name in decided if getattr(instance, name) is not None}

    def follow_up(self, written: Sequence[tuple[ImportedRecord, OldPayment]]) -> None:
        ids = {one.enrollment_id for _, one in written if one.enrollment_id and one.status in KEEPS_OPEN}
        open_pending(ids)
        seated = Enrollment.objects.filter(status__in=Enrollment.SEATED).in_bulk(ids)
        grounds = {
            reference_of(record.legacy_id): seated[one.enrollment_id]
            for record, one in written
            if one.status in KEEPS_OPEN and one.enrollment_id in seated
        }
        store_grounds(grounds, of_rows=[reference_of(record.legacy_id) for record, _ in written])

    def _enrollment(self, row: Mapped) -> UUID | None:
        named = self.by_old_id.get(str(row.fields["legacy_enrollment_id"]))
        if named in self.here:
            return named
        try:
            course = self.courses.course_of(row)
        except (RowRefusedError, KeyError):
            return None
        user = self.people.known(row)
        return self.live.get((user, course)) if user else None


def reference_of(legacy_id: str) -> str:
    """Return what the ground that a payment is is called."""
    short = legacy_id if len(legacy_id) <= LONGEST_REFERENCE else sha256(legacy_id.encode()).hexdigest()
    return f"payment:{short}"
