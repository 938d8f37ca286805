"""Who takes part in which course, and who asked for a place."""

from collections.abc import Sequence
from datetime import datetime
from functools import cached_property
from typing import Any
from uuid import UUID

from audit.actor import Actor
from courses.models import Course, Enrollment, EnrollmentRequest
from courses.services.redeeming import redeem_requests_of
from legacy_import.aliases import Kind
from legacy_import.loading.courses import CourseFinder
from legacy_import.loading.grounds import COLUMNS, ended_otherwise, held_open_otherwise, rename_ground, store_grounds
from legacy_import.loading.outcome import LoadNote
from legacy_import.loading.people import People
from legacy_import.loading.writer import AddressedWriter, Writer
from legacy_import.models import ImportedRecord
from legacy_import.rows import Mapped
from users.identity import canonical_email, clean_email
from users.models import User

FURTHER = (Enrollment.Status.PENDING, Enrollment.Status.ACTIVE, Enrollment.Status.COMPLETED)


class EnrollmentWriter(Writer[Enrollment]):
    """Enrolments.

    Somebody has at most one live enrolment in a course (one_live_enrollment_per_course). Further live rows of the old
    site are merged into the first, and the furthest state wins: pending, active, completed. One that was made or
    changed here stays as it is. Cancelled and refunded rows are history and stand beside it.

    Each active or completed row is a ground on which its enrolment is open (courses/services/grants.py). When the old
    site takes the row back, the ground goes, and with the last ground the access.
    """

    kind = Kind.ENROLLMENTS
    model = Enrollment
    columns = COLUMNS

    def look_up(self, rows: Sequence[Mapped]) -> None:
        self.people = People(rows)
        self.courses = CourseFinder(self.run, self.options, self.counts)
        self.courses.look_up([row for row in rows if self.people.known(row)])
        # Locked, or a payment that opens one of them at this moment would be undone by a merge.
        live = (
            Enrollment.objects.live().filter(user_id__in=self.people.here).select_for_update(no_key=True).order_by("pk")
        )
        self.live = {(one.user_id, one.course_id): one for one in live}
        self.legacy_ids = [row.legacy_id for row in rows]
        self.held_open = held_open_otherwise(self.legacy_ids)
        self.states: dict[str, str] = {}

    @cached_property
    def ended(self) -> set[UUID]:
        """Which enrolments of the rows ended with other rows; only a comparison wants to know."""
        return ended_otherwise(self.legacy_ids)

    def values(self, row: Mapped) -> dict[str, Any]:
        account = self.people.of(row)
        self._note_progress(row)
        self.states[row.legacy_id] = status = str(row.fields["status"])
        made_at = self.instant(row)
        return {
            "user_id": account,
            "course_id": self.courses.course_of(row),
            "status": status,
            "completed_at": self._completed_at(row, made_at) if status == Enrollment.Status.COMPLETED else None,
            "created_at": made_at,
        }

    def _completed_at(self, row: Mapped, made_at: datetime) -> object:
        """The day of completion, or else the one date that there is."""
        return row.fields["completed_at"] or made_at

    def _note_progress(self, row: Mapped) -> None:
        """Progress is kept by lesson here, and the old site has no lessons: a percentage has no place."""
        if row.fields["progress"]:
            self.counts.note(
                LoadNote.PROGRESS_LEFT_OUT, f"row {row.legacy_id}: {row.fields['progress']}", on="progress"
            )

    def twin(self, row: Mapped, values: dict[str, Any]) -> Enrollment | None:
        return self.live.get((values["user_id"], values["course_id"])) if values["status"] in Enrollment.LIVE else None

    def remember(self, instance: Enrollment) -> None:
        if instance.status in Enrollment.LIVE:
            self.live[instance.user_id, instance.course_id] = instance

    def merge(self, twin: Enrollment, values: dict[str, Any]) -> bool:
        if FURTHER.index(values["status"]) <= FURTHER.index(Enrollment.Status(twin.status)):
            return False
        twin.status, twin.completed_at = values["status"], values["completed_at"]
        return True

    def change(self, instance: Enrollment, values: dict[str, Any], *, is_shared: bool) -> None:
        if self.live.get((instance.user_id, instance.course_id)) == instance:
            del self.live[instance.user_id, instance.course_id]
        is_kept = is_shared or instance.pk in self.held_open  # another row brought it further, or it was paid for here
        if is_kept and not self._leads_on(instance.status, values["status"]):
            values |= {"status": instance.status, "completed_at": instance.completed_at}
        super().change(instance, values, is_shared=is_shared)
        self.remember(instance)

    def _leads_on(self, status: str, target: str) -> bool:
        return status not in FURTHER or (target in FURTHER and FURTHER.index(target) >= FURTHER.index(status))

    def is_other_than(self, row: Mapped, instance: Enrollment) -> bool:
        account = self.people.known(row)
        return account is not None and account != instance.user_id

    def rename(self, record: ImportedRecord, before: str) -> None:
        rename_ground(record.object_id, before, record.legacy_id)

    def decided_elsewhere(self, row: Mapped, instance: Enrollment) -> set[str]:
        """What a ground of another row opened, such as a payment, ends with that ground."""
        return {"status", "completed_at"} if instance.pk in self.ended else set()

    def follow_up(self, written: Sequence[tuple[ImportedRecord, Enrollment]]) -> None:
        grounds = {record.legacy_id: one for record, one in written if self._is_ground(record, one)}
        store_grounds(grounds, of_rows=[record.legacy_id for record, _ in written])

    def _is_ground(self, record: ImportedRecord, enrollment: Enrollment) -> bool:
        return self.states[record.legacy_id] in Enrollment.SEATED and enrollment.status in Enrollment.SEATED


class RegistrationWriter(AddressedWriter[EnrollmentRequest]):
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
        self.titles = dict(Course.objects.filter(pk__in=self.courses.by_id.values()).values_list("pk", "title"))
        self.look_up_erased(rows)

    def values(self, row: Mapped) -> dict[str, Any]:
        self.refuse_erased(row)
        course = self.courses.course_of(row)
        values = {name: row.fields[name] for name in self.columns if name in row.fields}
        return values | {
            "email": clean_email(str(row.fields["email"])),
            "email_canonical": canonical_email(str(row.fields["email"])),
            "course_id": course,
            "course_title": row.fields["course_title"] or self.titles.get(course, ""),
            "created_at": self.instant(row),
        }

    def follow_up(self, written: Sequence[tuple[ImportedRecord, EnrollmentRequest]]) -> None:
        """Redeem what is of people who have confirmed their addresses here already; nobody else would."""
        addresses = {request.email_canonical for _, request in written}
        people = User.objects.filter(email_canonical__in=addresses, email_verified=True)
        led_on = [request.enrollment_id for _, request in written if request.enrollment_id]
        owners = User.objects.filter(enrollments__in=led_on)
        everybody = {person.pk: person for person in (*people, *owners)}
        redeem_requests_of(list(everybody.values()), by=Actor.from_system("import"))
