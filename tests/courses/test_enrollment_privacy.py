"""What is known of a person's learning: handed out to them, and erased."""

import pytest
from django.db.models import Model

from audit.actor import Actor
from courses.models import Certificate, Course, Enrollment, EnrollmentGrant, EnrollmentRequest, LessonProgress
from courses.personal_data import erase_courses, export_courses
from courses.services.enrolling import enroll
from courses.services.progress import note_progress
from courses.services.redeeming import redeem_requests
from tests.courses.conftest import make_course
from users.erased import erased_email
from users.models import User

pytestmark = pytest.mark.django_db


@pytest.fixture
def learned(student: User, other_student: User, actor: Actor) -> Enrollment:
    """The course that both of them completed."""
    course = make_course(title="Ponds")
    lesson = course.lessons.create(position=1, title="Water")
    for person in (student, other_student):
        enroll(person, course, by=actor)
        note_progress(person, lesson.pk, position_seconds=90, completed=True, by=actor)
    return Enrollment.objects.get(user=student)


def test_everything_of_ones_own_is_handed_out(student: User, learned: Enrollment) -> None:
    known = export_courses(student)["courses"]

    (enrollment,), (grant,), (progress,), (certificate,) = (
        known[name] for name in ("enrollments", "grants", "progress", "certificates")
    )
    assert (enrollment["id"], enrollment["status"], enrollment["title"]) == (learned.pk, "completed", "Ponds")
    assert (grant["enrollment_id"], grant["kind"]) == (learned.pk, "free")
    assert (progress["title"], progress["position_seconds"]) == ("Water", 90)
    assert (certificate["holder_name"], certificate["course_title"]) == ("Ada Student", "Ponds")


@pytest.mark.parametrize(
    ("name", "model", "inner"),
    [
        ("enrollments", Enrollment, {"user_id"}),
        ("grants", EnrollmentGrant, {"id"}),
        ("progress", LessonProgress, {"id"}),
        ("certificates", Certificate, {"id"}),
    ],
)
def test_every_column_is_handed_out(
    student: User, learned: Enrollment, name: str, model: type[Model], inner: set[str]
) -> None:
    (row,) = export_courses(student)["courses"][name]

    assert {field.attname for field in model._meta.concrete_fields} - inner <= set(row)


def test_of_the_erased_the_fact_stays_and_what_they_did_goes(
    student: User, other_student: User, learned: Enrollment, actor: Actor
) -> None:
    EnrollmentRequest.objects.create(first_name="Ada", email=student.email, course=learned.course)
    User.objects.update(email_verified=True)
    student.refresh_from_db()
    redeem_requests(student, actor)
    before = Enrollment.objects.values().get(pk=learned.pk)

    erase_courses(student, actor)

    assert Enrollment.objects.values().get(pk=learned.pk) == before
    assert list(learned.grants.values_list("kind", flat=True)) == ["free"]
    assert not learned.progress.exists()
    certificate = Certificate.objects.get(enrollment=learned)
    assert (certificate.holder_name, certificate.course_title, certificate.is_valid) == ("", "Ponds", True)
    request = EnrollmentRequest.objects.get()
    assert (request.first_name, request.enrollment) == ("", learned)
    assert Certificate.objects.get(enrollment__user=other_student).holder_name == "Otto Other"
    assert LessonProgress.objects.count() == 1


def test_what_was_asked_for_from_an_earlier_address_is_theirs_too(student: User, actor: Actor, priced: Course) -> None:
    User.objects.update(email_verified=True)
    EnrollmentRequest.objects.create(first_name="Ada", notes="My words.", email=student.email, course=priced)
    redeem_requests(student, actor)
    student.email = "moved@example.com"
    student.save()

    assert [one["notes"] for one in export_courses(student)["courses"]["enrollment_requests"]] == ["My words."]
    erase_courses(student, actor)

    assert EnrollmentRequest.objects.filter(first_name="", notes="", email=erased_email(student.pk)).exists()
