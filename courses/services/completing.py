"""The end of a course that somebody went through."""

from django.db import transaction
from django.db.models import Count, Q
from django.utils import timezone

from audit.actor import Actor
from audit.services import record
from courses.models import Certificate, Course, Enrollment, Lesson, LessonProgress
from courses.services.certificates import address_of, issue_certificate
from courses.states import Status
from titanobova.email import send_later
from titanobova.errors import DomainError


class NotOpen(DomainError):
    """Only who takes part can complete a course."""

    code, status, message = "not_open", 409, "This enrolment is not open, so it cannot be completed."


def complete_if_all_lessons_are_done(enrollment: Enrollment, *, by: Actor) -> None:
    """Complete the enrolment, whose row the caller holds locked, if it has lessons and the person is through them."""
    done = LessonProgress.objects.filter(enrollment=enrollment, completed_at__isnull=False)
    if not Lesson.objects.filter(course=enrollment.course_id).exclude(pk__in=done.values("lesson")).exists():
        _complete(enrollment, by=by)


def complete_all_who_are_through(course: Course, *, by: Actor) -> None:
    """Complete the open enrolments of people who are through all lessons that the course has now."""
    lessons = Lesson.objects.filter(course=course).count()
    of_the_course = Q(progress__lesson__course=course)  # a lesson that was moved takes its progress along
    done = Count("progress", filter=of_the_course & Q(progress__completed_at__isnull=False))
    through = Enrollment.objects.filter(course=course, status=Status.ACTIVE).annotate(done=done).filter(done=lessons)
    for pk in list(through.values_list("pk", flat=True)) if lessons else []:
        with transaction.atomic():
            held = Enrollment.objects.select_for_update(no_key=True).get(pk=pk)
            complete_if_all_lessons_are_done(held, by=by)


@transaction.atomic
def complete_by_hand(enrollment: Enrollment, *, by: Actor) -> Enrollment:
    """Complete an enrolment on the word of the staff, such as one in a course without lessons.

    One that is completed already stays as it is, and gets the certificate that it lacks (the old site issued none).

    :raises NotOpen: when it is not open.
    """
    held = Enrollment.objects.select_for_update(no_key=True).get(pk=enrollment.pk)
    if held.status not in Enrollment.SEATED:
        raise NotOpen
    if not _complete(held, by=by) and not Certificate.objects.filter(enrollment=held).exists():
        issue_certificate(held, by=by)
    enrollment.refresh_from_db()
    return enrollment


def _complete(enrollment: Enrollment, *, by: Actor) -> bool:
    """Complete an active enrolment, issue its certificate and mail it; one conditional UPDATE, so it happens once."""
    active = Enrollment.objects.filter(pk=enrollment.pk, status=Status.ACTIVE)
    if not active.move(Status.COMPLETED, completed_at=timezone.now()):
        return False
    record("update", "courses.enrollment.completed", by=by, on=enrollment)
    certificate = issue_certificate(enrollment, by=by)
    send_later(
        "courses_completed",
        to=enrollment.user.email,
        subject=f"You completed {certificate.course_title}",
        context={"user": enrollment.user, "certificate": certificate},
        button=("See your certificate", address_of(certificate)),
    )
    return True
