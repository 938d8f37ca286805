"""Who takes part in what, on what grounds, and how far they are."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone

from courses import states
from courses.models.catalogue import Course, Lesson
from titanobova.ids import uuid7
from users.models import User


class EnrollmentQuerySet(models.QuerySet["Enrollment"]):
    """Which enrolments."""

    def visible_to(self, person: User) -> Self:
        """Every enrolment for staff, for anyone else their own."""
        return self if person.is_staff else self.filter(user=person)

    def live(self) -> Self:
        """Enrolments that stand in the way of a second one by the same person."""
        return self.filter(status__in=states.LIVE)

    def seated(self) -> Self:
        """Enrolments that open the course."""
        return self.filter(status__in=states.SEATED)

    def taking_a_seat(self) -> Self:
        """Enrolments that count against the capacity; whoever has not paid counts while the hold lasts."""
        holding = Q(status=states.Status.PENDING, seat_held_until__gt=timezone.now())
        return self.filter(Q(status__in=states.SEATED) | holding)

    def move(self, target: states.Status, **changes: object) -> int:
        """Move those to `target` from which the table of transitions leads there; return how many moved.

        One conditional UPDATE: of parallel calls exactly one counts a row. Nobody holds a seat for a payment any more
        once the enrolment has moved.
        """
        movable = self.filter(status__in=states.sources_of(target))
        return movable.update(**{"status": target, "seat_held_until": None, "updated_at": timezone.now(), **changes})


class Enrollment(models.Model):
    """A person in a course. While they pay, `seat_held_until` keeps the seat of a pending one.

    It rests on grants: it is open exactly as long as one of them stands (courses/services/grants.py).
    """

    Status = states.Status
    SEATED: ClassVar = states.SEATED
    LIVE: ClassVar = states.LIVE

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="enrollments", db_index=False
    )
    course = models.ForeignKey(Course, on_delete=models.PROTECT, related_name="enrollments", db_index=False)
    status = models.CharField(max_length=10, choices=states.Status.choices, default=states.Status.PENDING)
    seat_held_until = models.DateTimeField(null=True, blank=True)
    completed_at = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(auto_now=True)

    objects = EnrollmentQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "course"],
                condition=Q(status__in=["pending", "active", "completed"]),
                name="one_live_enrollment_per_course",
                violation_error_message="This person is enrolled in this course already.",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "-id"], name="enrollments_by_user"),
            models.Index(fields=["course", "status"], name="enrollments_by_course"),
            models.Index(fields=["status", "-id"], name="enrollments_by_status"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} in {self.course_id}: {self.status}"

    @property
    def held_while_paying(self) -> datetime | None:
        """Until when the seat is held for whoever pays."""
        return self.seat_held_until if self.status == self.Status.PENDING else None

    @property
    def holds_a_seat(self) -> bool:
        """Whether nobody else can take this seat now."""
        if self.status == self.Status.PENDING:
            return self.seat_held_until is not None and self.seat_held_until > timezone.now()
        return self.status in self.SEATED


class GrantQuerySet(models.QuerySet["EnrollmentGrant"]):
    """Which grants."""

    def standing(self) -> Self:
        """Grants that nobody has withdrawn."""
        return self.filter(withdrawn_at__isnull=True)


class EnrollmentGrant(models.Model):
    """A ground on which an enrolment is open: it was free, paid for, given by staff, or brought over by the import.

    `reference` names the ground where its kind has several: the payment's id, the id of the old row. A withdrawn grant
    stays, so that the story can be told, and so that it can be restored.
    """

    class Kind(models.TextChoices):
        """What the ground is."""

        FREE = "free"
        PAYMENT = "payment"
        MANUAL = "manual"
        IMPORT = "import"

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, related_name="grants", db_index=False)
    kind = models.CharField(max_length=10, choices=Kind.choices)
    reference = models.CharField(max_length=128, blank=True)
    granted_at = models.DateTimeField(default=timezone.now)
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    objects = GrantQuerySet.as_manager()

    class Meta:
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "kind", "reference"], name="one_grant_per_ground"),
            models.UniqueConstraint(
                fields=["reference"],
                condition=Q(kind="payment", withdrawn_at__isnull=True),
                name="one_payment_opens_one_enrollment",
            ),
        ]
        indexes = [
            models.Index(fields=["kind", "-id"], name="grants_by_kind"),
            models.Index(fields=["reference"], name="grants_by_reference", condition=~Q(reference="")),
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.reference}".strip()


class LessonProgress(models.Model):
    """How far a participant is in one lesson: where to go on, and when it was done."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.ForeignKey(Enrollment, on_delete=models.CASCADE, related_name="progress", db_index=False)
    lesson = models.ForeignKey(Lesson, on_delete=models.CASCADE, related_name="progress")
    position_seconds = models.PositiveIntegerField(default=0, help_text="Where the video was left.")
    completed_at = models.DateTimeField(null=True, blank=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        verbose_name_plural = "lesson progress"
        ordering = ["-id"]
        constraints = [
            models.UniqueConstraint(fields=["enrollment", "lesson"], name="one_progress_per_lesson"),
        ]

    def __str__(self) -> str:
        return f"{self.lesson_id}: {'done' if self.completed_at else self.position_seconds}"


class Certificate(models.Model):
    """That somebody completed a course, as it was on that day; anyone who holds the code can verify it.

    Name and title are those of the day of issue. It is revoked while its enrolment is not open (cancelled, refunded).
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    enrollment = models.OneToOneField(Enrollment, on_delete=models.CASCADE, related_name="certificate")
    code = models.CharField(max_length=20, unique=True, editable=False, help_text="Printed on it, with its address.")
    holder_name = models.CharField(max_length=310)
    course_title = models.CharField(max_length=255)
    duration_hours = models.PositiveSmallIntegerField(null=True, blank=True)
    issued_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["-id"]

    def __str__(self) -> str:
        return f"{self.code}: {self.course_title}"

    @property
    def is_valid(self) -> bool:
        """Whether it counts."""
        return self.revoked_at is None

    @property
    def holder(self) -> str:
        """Whose it is; who had no name on the day of issue has the one that they entered since."""
        return self.holder_name or self.enrollment.user.full_name
