"""Who takes part in which course, and who asked for a place."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from courses.models import Enrollment, EnrollmentRequest
from legacy_import.aliases import Kind
from legacy_import.loading.courses import CourseFinder
from legacy_import.loading.outcome import RowRefusedError
from legacy_import.loading.writer import Writer
from legacy_import.models import ImportedRecord
from legacy_import.rows import Mapped
from users.erased import DOMAIN as ERASED_DOMAIN
from users.identity import canonical_email, clean_email
from users.models import User

FURTHER = (Enrollment.Status.PENDING, Enrollment.Status.ACTIVE, Enrollment.Status.COMPLETED)


class EnrollmentWriter(Writer[Enrollment]):
    """Enrolments.

    Somebody has at most one live enrolment in a course (one_live_enrollment_per_course). Further live rows of the old
    site are merged into the first, and the furthest state wins: pending, active, completed. One that was made or
    changed here stays as it is. Cancelled and refunded rows are history and stand beside it.
    """

    kind = Kind.ENROLLMENTS
    model = Enrollment
    columns = ("user_id", "course_id", "status", "created_at")

    def look_up(self, rows: Sequence[Mapped]) -> None:
        old_ids = {str(row.fields["legacy_user_id"]) for row in rows}
        records = ImportedRecord.objects.filter(kind=Kind.USERS, legacy_id__in=old_ids)
        self.accounts = dict(records.values_list("legacy_id", "object_id"))
        here = User.objects.filter(pk__in=set(self.accounts.values())).exclude(email__endswith=f"@{ERASED_DOMAIN}")
        self.here = set(here.values_list("pk", flat=True))
        self.courses = CourseFinder(self.run, self.options, self.counts)
        self.courses.look_up([row for row in rows if self._account(row) in self.here])
        # Locked, or a payment that opens one of them at this moment would be undone by a merge.
        live = Enrollment.objects.live().filter(user_id__in=self.here).select_for_update(no_key=True).order_by("pk")
        self.live = {(one.user_id, one.course_id): one for one in live}

    def values(self, row: Mapped) -> dict[str, Any]:
        account = self._account(row)
        if account not in self.here:
            gone = "has been deleted here" if account else "was not imported"
            raise RowRefusedError(f"its user {row.fields['legacy_user_id']} {gone}")
        return {
            "user_id": account,
            "course_id": self.courses.course_of(row),
            "status": row.fields["status"],
            "created_at": self.instant(row),
        }

    def twin(self, row: Mapped, values: dict[str, Any]) -> Enrollment | None:
        return self.live.get((values["user_id"], values["course_id"])) if values["status"] in Enrollment.LIVE else None

    def remember(self, instance: Enrollment) -> None:
        if instance.status in Enrollment.LIVE:
            self.live[instance.user_id, instance.course_id] = instance

    def merge(self, twin: Enrollment, values: dict[str, Any]) -> bool:
        if FURTHER.index(values["status"]) <= FURTHER.index(Enrollment.Status(twin.status)):
            return False
        twin.status = values["status"]
        return True

    def change(self, instance: Enrollment, values: dict[str, Any], *, is_shared: bool) -> None:
        if self.live.get((instance.user_id, instance.course_id)) == instance:
            del self.live[instance.user_id, instance.course_id]
        if is_shared and not self._leads_on(instance.status, values["status"]):
            values["status"] = instance.status  # another row brought it further
        super().change(instance, values, is_shared=is_shared)
        self.remember(instance)

    def _leads_on(self, status: str, target: str) -> bool:
        return status not in FURTHER or (target in FURTHER and FURTHER.index(target) >= FURTHER.index(status))

    def _account(self, row: Mapped) -> UUID | None:
        return self.accounts.get(str(row.fields["legacy_user_id"]))


class RegistrationWriter(Writer[EnrollmentRequest]):
    """Requests for a place, by people without account. They become enrolments when that e-mail is confirmed here."""

    kind = Kind.REGISTRATIONS
    model = EnrollmentRequest
    columns = (
        "first_name",
        "last_name",
        "email",
        "email_canonical",
        "phone",
        "experience",
        "course_id",
        "course_title",
        "level",
        "price",
        "currency",
        "notes",
        "is_paid",
        "paid_at",
        "created_at",
    )

    def look_up(self, rows: Sequence[Mapped]) -> None:
        self.courses = CourseFinder(self.run, self.options, self.counts)
        self.courses.look_up(rows)
        self.look_up_erased(rows)

    def values(self, row: Mapped) -> dict[str, Any]:
        self.refuse_erased(row)
        values = {name: row.fields[name] for name in self.columns if name in row.fields}
        return values | {
            "email": clean_email(str(row.fields["email"])),
            "email_canonical": canonical_email(str(row.fields["email"])),
            "course_id": self.courses.course_of(row),
            "created_at": self.instant(row),
        }
