"""What enrolments look like over HTTP."""

from typing import Any

from drf_spectacular.utils import extend_schema_field
from rest_framework import serializers

from courses.models import Certificate, Course, Enrollment, EnrollmentGrant
from courses.serializers.progress import LessonStateOutput, ResumeOutput
from courses.services.certificates import address_of
from courses.services.progress import CourseState
from titanobova.api import ClosedSerializer
from titanobova.serializers import ModelSerializer, Serializer


class CourseName(ModelSerializer[Course]):
    """A course, as far as an enrolment has to name it."""

    class Meta:
        model = Course
        fields = ["id", "slug", "title"]


class PaymentRequired(Serializer):
    """What is to be paid before the course opens."""

    amount = serializers.CharField(help_text="With the digits of its currency: 49.90.")
    currency = serializers.CharField()


class EnrollmentOutput(ModelSerializer[Enrollment]):
    """A person's own enrolment."""

    course = serializers.SerializerMethodField()
    seat_held_until = serializers.DateTimeField(source="held_while_paying", allow_null=True)
    payment_required = serializers.SerializerMethodField()

    class Meta:
        model = Enrollment
        fields = [
            "id",
            "course",
            "status",
            "seat_held_until",
            "payment_required",
            "completed_at",
            "created_at",
            "updated_at",
        ]

    @extend_schema_field(CourseName)
    def get_course(self, enrollment: Enrollment) -> dict[str, Any]:
        """Return the course; of one that was withdrawn, whoever never got in learns no new name."""
        shown = dict(CourseName(enrollment.course).data)
        return shown if self.shows_the_course(enrollment) else {**shown, "slug": "", "title": ""}

    def shows_the_course(self, enrollment: Enrollment) -> bool:
        """Say whether this person may know what the course is like now: a draft is there for nobody else."""
        is_in = enrollment.status in Enrollment.SEATED or enrollment.course.is_published
        return is_in or self.context.get("is_for_staff", False)

    @extend_schema_field(PaymentRequired(allow_null=True))
    def get_payment_required(self, enrollment: Enrollment) -> dict[str, str] | None:
        """Return the course's price while it is to be paid, else null."""
        if enrollment.status != Enrollment.Status.PENDING or enrollment.course.is_free:
            return None
        return {"amount": enrollment.course.price_text, "currency": enrollment.course.currency}


class GrantOutput(ModelSerializer[EnrollmentGrant]):
    """A ground on which an enrolment is open, or was."""

    class Meta:
        model = EnrollmentGrant
        fields = ["kind", "granted_at", "withdrawn_at"]


class CertificateName(ModelSerializer[Certificate]):
    """A certificate, as far as an enrolment has to name it."""

    verification_url = serializers.SerializerMethodField()
    valid = serializers.BooleanField(source="is_valid")

    class Meta:
        model = Certificate
        fields = ["code", "verification_url", "valid"]

    def get_verification_url(self, certificate: Certificate) -> str:
        """Return where anyone can verify it."""
        return address_of(certificate)


class EnrollmentDetail(EnrollmentOutput):
    """An enrolment with what it rests on and how far its participant is; the context holds that as `state`."""

    grants = GrantOutput(many=True)
    certificate = CertificateName(allow_null=True, default=None)
    percent = serializers.SerializerMethodField(help_text="Lessons done; 100 means all.")
    resume_at = serializers.SerializerMethodField()
    lessons = serializers.SerializerMethodField()

    class Meta(EnrollmentOutput.Meta):
        fields = [*EnrollmentOutput.Meta.fields, "user", "grants", "certificate", "percent", "resume_at", "lessons"]

    def get_percent(self, enrollment: Enrollment) -> int:
        """Return how many of a hundred lessons are done."""
        return self._state.percent

    @extend_schema_field(ResumeOutput(allow_null=True))
    def get_resume_at(self, enrollment: Enrollment) -> dict[str, Any] | None:
        """Return where to go on; null when all lessons are done."""
        resume_at = self._state.resume_at
        return dict(ResumeOutput(resume_at).data) if resume_at else None

    @extend_schema_field(LessonStateOutput(many=True))
    def get_lessons(self, enrollment: Enrollment) -> list[dict[str, Any]]:
        """Return the lessons in the order of the course."""
        return list(LessonStateOutput(self._state.lessons, many=True).data)

    @property
    def _state(self) -> CourseState:
        state: CourseState = self.context["state"]
        enrollment = self.instance
        return state if enrollment is not None and self.shows_the_course(enrollment) else CourseState([])


class ManualGrantInput(ClosedSerializer):
    """Whom staff give a place, and where."""

    user = serializers.CharField(max_length=254, help_text="Id or e-mail.")
    course = serializers.CharField(max_length=120, help_text="Slug or id; a draft, too.")
